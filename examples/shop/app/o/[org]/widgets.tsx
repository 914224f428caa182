'use client';

import Link from 'next/link';
import { useActionState, useOptimistic } from 'react';
import { useHydrated } from '@/components/hydrated';
import { SubmitButton } from '@/components/submit-button';
import { price } from '@/components/price';
import type { Result } from '@/lib/errors';
import { createWidget, deleteFromList, type CreateState } from './actions';
import { CreateForm } from './create-form';
import type { Listed } from './list-of';

type Row = Listed & { pending?: boolean };
type Change = { add: Row } | { remove: string };

const apply = (rows: Row[], change: Change): Row[] =>
  'add' in change ? [change.add, ...rows] : rows.map((row) => (row.id === change.remove ? { ...row, pending: true } : row));

/**
 * The list and the form that adds to it. With JavaScript a change shows at once and is replaced by the truth when the server
 * has answered; without it the same actions are posted by plain forms.
 */
export function Widgets({ org, userId, isOwner, widgets }: { org: string; userId: string; isOwner: boolean; widgets: Listed[] }) {
  const [rows, change] = useOptimistic<Row[], Change>(widgets, apply);
  const [created, create] = useActionState<CreateState, FormData>(createWidget, null);
  const hydrated = useHydrated();

  const createAtOnce = (form: FormData) => {
    const value = (name: string) => String(form.get(name) ?? '');
    change({ add: { id: `new-${value('sku')}`, sku: value('sku'), name: value('name'), priceCents: Number(value('priceCents')) || 0, stock: Number(value('stock')) || 0, createdBy: userId, pending: true } });
    create(form);
  };

  return (
    <div className="grid gap-6 lg:grid-cols-[1fr_20rem]">
      <section aria-label="Widgets">
        {rows.length === 0 && <p className="card text-stone-600">No widgets yet. Add the first one.</p>}
        <ul className="flex flex-col gap-3">
          {rows.map((row) => (
            <WidgetRow key={row.id} org={org} row={row} mayDelete={isOwner || row.createdBy === userId} onRemove={() => change({ remove: row.id })} />
          ))}
        </ul>
      </section>
      <CreateForm org={org} state={created} action={hydrated ? createAtOnce : create} />
    </div>
  );
}

function WidgetRow({ org, row, mayDelete, onRemove }: { org: string; row: Row; mayDelete: boolean; onRemove: () => void }) {
  const [result, remove] = useActionState<Result<null> | null, FormData>(deleteFromList, null);
  const hydrated = useHydrated();
  const removeAtOnce = (form: FormData) => {
    onRemove();
    remove(form);
  };
  return (
    <li className={`card flex flex-wrap items-center gap-x-4 gap-y-1 ${row.pending ? 'opacity-50' : ''}`} data-sku={row.sku} data-pending={row.pending ?? false}>
      <div className="min-w-0 flex-1">
        <Link href={`/o/${org}/widgets/${row.id}`} className="font-medium hover:text-brand">{row.name}</Link>
        <p className="text-sm text-stone-500">{row.sku} · {price(row.priceCents)}</p>
        {result && !result.ok && <p role="alert" className="error">{result.error}</p>}
      </div>
      <p className="tabular-nums"><strong>{row.stock}</strong> <span className="text-sm text-stone-500">in stock</span></p>
      {mayDelete && (
        <form action={hydrated ? removeAtOnce : remove}>
          <input type="hidden" name="org" value={org} />
          <input type="hidden" name="id" value={row.id} />
          <SubmitButton pending="Deleting …" className="button-quiet">Delete</SubmitButton>
        </form>
      )}
    </li>
  );
}
