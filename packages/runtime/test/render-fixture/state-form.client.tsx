'use client';
import { serverReference } from 'ironside:references';
import { useActionState } from 'react';

type Action = (before: string, form: FormData) => Promise<string>;

export function StateForm({ action }: { action: Action }) {
  const [state, submit] = useActionState(action, 'start');
  return <form action={submit}><b>{`state ${state}`}</b></form>;
}

type Longer = (first: string, before: string, form: FormData) => Promise<string>;

/** Binds in each render: an action that is new in each try to make HTML of it. */
export function BoundForm({ action, value }: { action: Longer; value: string }) {
  const [state, submit] = useActionState(action.bind(null, value), 'start');
  return <form action={submit}><b>{`${value} ${state}`}</b></form>;
}

const imported = serverReference(`7f${'3'.repeat(40)}`, 'count') as Longer;

/** As the compiler leaves an import of an action. */
export function ImportedForm() {
  const [state, submit] = useActionState(imported.bind(null, 'imported'), 'start');
  return <form action={submit}><b>{`imported ${state}`}</b></form>;
}
