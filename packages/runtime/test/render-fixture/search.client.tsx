'use client';
import { useSearchParams } from 'next/navigation';

export function Search() {
  return <b>{`search ${useSearchParams().get('q')}`}</b>;
}
