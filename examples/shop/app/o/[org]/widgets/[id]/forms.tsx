'use client';

import { useActionState } from 'react';
import { Field } from '@/components/field';
import { SubmitButton } from '@/components/submit-button';
import { deleteAndLeave, reserve } from '../../actions';

export function ReserveForm({ org, id }: { org: string; id: string }) {
  const [result, action] = useActionState(reserve, null);
  const failure = result && !result.ok ? result : null;
  return (
    <form action={action} className="flex max-w-sm flex-col gap-3" aria-label="Reserve">
      <input type="hidden" name="org" value={org} />
      <input type="hidden" name="id" value={id} />
      <Field label="Quantity" name="quantity" inputMode="numeric" defaultValue="1" required errors={failure?.fieldErrors?.quantity} />
      {failure && <p role="alert" className="error">{failure.error}</p>}
      {result?.ok && <p role="status" className="text-sm text-green-800">Reserved. {result.data} left.</p>}
      <div><SubmitButton pending="Reserving …">Reserve</SubmitButton></div>
    </form>
  );
}

export function DeleteForm({ org, id }: { org: string; id: string }) {
  const [result, action] = useActionState(deleteAndLeave, null);
  return (
    <form action={action} className="border-t border-stone-200 pt-4">
      <input type="hidden" name="org" value={org} />
      <input type="hidden" name="id" value={id} />
      {result && !result.ok && <p role="alert" className="error">{result.error}</p>}
      <SubmitButton pending="Deleting …" className="button-quiet">Delete this widget</SubmitButton>
    </form>
  );
}
