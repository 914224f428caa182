'use client';
import { useActionState } from 'react';

export function StateForm({ action }: { action: (before: string, form: FormData) => Promise<string> }) {
  const [state, submit] = useActionState(action, 'start');
  const [other, submitBound] = useActionState(action.bind(null, 'bound') as never, 'other');
  return (
    <>
      <form action={submit}><b>{`state ${state}`}</b></form>
      <form action={submitBound}><b>{`bound ${String(other)}`}</b></form>
    </>
  );
}
