'use server';
import { redirect } from 'next/navigation';
import { counts } from './counts';

export async function act() {
  counts.acted += 1;
}

export async function leave() {
  redirect('/ok');
}
