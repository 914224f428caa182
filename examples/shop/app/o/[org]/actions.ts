'use server';

import { revalidatePath, updateTag } from 'next/cache';
import { redirect } from 'next/navigation';
import { attempt } from '@/lib/attempt';
import type { Result } from '@/lib/errors';
import { publish } from '@/lib/events';
import { requireMember } from '@/lib/organisations';
import { requireUser } from '@/lib/session';
import { Id, NewWidget, parse, Reservation } from '@/lib/validation';
import * as business from '@/lib/widgets';

export type Entered = { sku: string; name: string; priceCents: string; stock: string };
export type CreateState = { result: Result<business.Widget>; entered: Entered } | null;

const text = (form: FormData, name: string): string => String(form.get(name) ?? '');

/** Which organisation a form is about is the client's word, like everything in it: each action asks who may do this there. */
export async function createWidget(_previous: CreateState, form: FormData): Promise<CreateState> {
  const org = text(form, 'org');
  const entered = { sku: text(form, 'sku'), name: text(form, 'name'), priceCents: text(form, 'priceCents'), stock: text(form, 'stock') };
  const result = await attempt(async () => {
    const user = await requireUser();
    const member = await requireMember(user.id, org);
    const widget = await business.createWidget(member, user, parse(NewWidget, entered));
    publish({ type: 'widget.created', widgetId: widget.id });
    revalidatePath(`/o/${org}`);
    return widget;
  });
  return { result, entered };
}

async function remove(form: FormData): Promise<Result<null>> {
  return attempt(async () => {
    const org = text(form, 'org');
    const id = parse(Id, text(form, 'id'));
    const user = await requireUser();
    const member = await requireMember(user.id, org);
    await business.deleteWidget(member, user, id);
    publish({ type: 'widget.deleted', widgetId: id });
    revalidatePath(`/o/${org}`);
    return null;
  });
}

/** The form of the list: the page shows the fresh list, or why nothing was deleted. */
export async function deleteFromList(_previous: Result<null> | null, form: FormData): Promise<Result<null>> {
  return remove(form);
}

/** The form of a widget's own page: there is nothing left to show there. */
export async function deleteAndLeave(_previous: Result<null> | null, form: FormData): Promise<Result<null>> {
  const result = await remove(form);
  if (result.ok) redirect(`/o/${text(form, 'org')}`);
  return result;
}

export async function reserve(_previous: Result<number> | null, form: FormData): Promise<Result<number>> {
  return attempt(async () => {
    const user = await requireUser();
    const member = await requireMember(user.id, text(form, 'org'));
    const id = parse(Id, text(form, 'id'));
    const { quantity } = parse(Reservation, { quantity: form.get('quantity') });
    const left = await business.reserve(member, user, id, quantity);
    publish({ type: 'stock.changed', widgetId: id });
    updateTag(business.stockTag(id));
    return left;
  });
}
