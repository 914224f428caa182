'use client';

import { Field } from '@/components/field';
import { SubmitButton } from '@/components/submit-button';
import type { CreateState } from './actions';

/** After a refusal the form shows what was entered and what is wrong with it; after a success it is empty again. */
export function CreateForm({ org, state, action }: { org: string; state: CreateState; action: (form: FormData) => void }) {
  const failure = state && !state.result.ok ? state.result : null;
  const entered = failure ? state?.entered : undefined;
  const errors = failure?.fieldErrors;
  return (
    <form action={action} className="card flex h-fit flex-col gap-4" aria-label="New widget">
      <h2 className="text-lg font-semibold">New widget</h2>
      <input type="hidden" name="org" value={org} />
      <Field label="SKU" name="sku" required defaultValue={entered?.sku} errors={errors?.sku} />
      <Field label="Name" name="name" required defaultValue={entered?.name} errors={errors?.name} />
      <div className="grid grid-cols-2 gap-4">
        <Field label="Price in cents" name="priceCents" inputMode="numeric" required defaultValue={entered?.priceCents ?? '100'} errors={errors?.priceCents} />
        <Field label="Stock" name="stock" inputMode="numeric" required defaultValue={entered?.stock ?? '0'} errors={errors?.stock} />
      </div>
      {failure && <p role="alert" className="error">{failure.error}</p>}
      {state?.result.ok && <p role="status" className="text-sm text-green-800">{state.result.data.name} is on the list.</p>}
      <SubmitButton pending="Adding …">Add widget</SubmitButton>
    </form>
  );
}
