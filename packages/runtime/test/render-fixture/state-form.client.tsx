'use client';
import { useActionState } from 'react';

type Action = (before: string, form: FormData) => Promise<string>;

export function StateForm({ action }: { action: Action }) {
  const [state, submit] = useActionState(action, 'start');
  return <form action={submit}><b>{`state ${state}`}</b></form>;
}

/** Binds in each render: React waits for a new promise in each try to find out whose state it has. */
export function BoundForm({ action }: { action: (first: string, before: string, form: FormData) => Promise<string> }) {
  const [state, submit] = useActionState(action.bind(null, 'bound'), 'start');
  return <form action={submit}><b>{`bound ${state}`}</b></form>;
}
