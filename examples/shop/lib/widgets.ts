import 'server-only';
import { and, desc, eq, gte, sql } from 'drizzle-orm';
import { unstable_cache } from 'next/cache';
import { database } from './db/client';
import { reservations, widgets } from './db/schema';
import { AppError } from './errors';
import type { Membership } from './organisations';
import type { User } from './session';
import type { NewWidget } from './validation';

export type Widget = { id: string; sku: string; name: string; priceCents: number; createdBy: string };

const columns = { id: widgets.id, sku: widgets.sku, name: widgets.name, priceCents: widgets.priceCents, createdBy: widgets.createdBy };

/** The tag of everything that shows how many are left. */
export const stockTag = (widgetId: string): string => `stock:${widgetId}`;

export async function listWidgets(organisationId: string): Promise<Widget[]> {
  const db = await database();
  return db.select(columns).from(widgets).where(eq(widgets.organisationId, organisationId)).orderBy(desc(widgets.createdAt), widgets.sku);
}

export async function findWidget(organisationId: string, id: string): Promise<Widget> {
  const db = await database();
  const [found] = await db.select(columns).from(widgets).where(and(eq(widgets.organisationId, organisationId), eq(widgets.id, id)));
  if (!found) throw new AppError('not_found', 'There is no such widget.');
  return found;
}

/** How many are left. Read often and changed seldom: kept under a tag that each change expires. */
export function readStock(widgetId: string): Promise<number> {
  const read = unstable_cache(
    async () => {
      const db = await database();
      const [row] = await db.select({ stock: widgets.stock }).from(widgets).where(eq(widgets.id, widgetId));
      return row?.stock ?? 0;
    },
    ['stock', widgetId],
    { tags: [stockTag(widgetId)], revalidate: 300 },
  );
  return read();
}

export async function createWidget(member: Membership, user: User, input: NewWidget): Promise<Widget> {
  const db = await database();
  const [created] = await db
    .insert(widgets)
    .values({ ...input, organisationId: member.organisationId, createdBy: user.id })
    .onConflictDoNothing()
    .returning(columns);
  if (!created) throw new AppError('conflict', 'That SKU is taken.', { sku: ['is taken'] });
  return created;
}

/** Only who made a widget, or an owner of the organisation, may delete it. */
export async function deleteWidget(member: Membership, user: User, id: string): Promise<void> {
  const widget = await findWidget(member.organisationId, id);
  if (widget.createdBy !== user.id && member.role !== 'owner') {
    throw new AppError('forbidden', 'Only its creator or an owner may delete this widget.');
  }
  const db = await database();
  await db.delete(widgets).where(eq(widgets.id, widget.id));
}

/** Takes from the stock and notes for whom, or neither. */
export async function reserve(member: Membership, user: User, id: string, quantity: number): Promise<number> {
  const widget = await findWidget(member.organisationId, id);
  const db = await database();
  return db.transaction(async (tx) => {
    const [left] = await tx
      .update(widgets)
      .set({ stock: sql`${widgets.stock} - ${quantity}` })
      .where(and(eq(widgets.id, widget.id), gte(widgets.stock, quantity)))
      .returning({ stock: widgets.stock });
    if (!left) throw new AppError('conflict', 'There are not that many left.', { quantity: ['more than there are'] });
    await tx.insert(reservations).values({ widgetId: widget.id, userId: user.id, quantity });
    return left.stock;
  });
}

/** A delivery has arrived: more of a SKU. Returns the widget, or null if the organisation has none of that SKU. */
export async function restock(organisationId: string, sku: string, quantity: number): Promise<string | null> {
  const db = await database();
  const [changed] = await db
    .update(widgets)
    .set({ stock: sql`${widgets.stock} + ${quantity}` })
    .where(and(eq(widgets.organisationId, organisationId), eq(widgets.sku, sku)))
    .returning({ id: widgets.id });
  return changed?.id ?? null;
}
