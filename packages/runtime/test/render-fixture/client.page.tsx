'use client';
import { use } from 'react';

export default function ClientPage({ params, searchParams }: { params: Promise<{ id: string }>; searchParams: Promise<Record<string, string>> }) {
  return <main>{`client ${use(params).id} ${use(searchParams)['q']}`}</main>;
}
