import 'server-only';
import { notFound, redirect } from 'next/navigation';
import { AppError } from '@/lib/errors';
import { requireMember, type Role } from '@/lib/organisations';
import { currentUser, type User } from '@/lib/session';
import { listWidgets, readStock, type Widget } from '@/lib/widgets';

export type Listed = Widget & { stock: number };

/**
 * What the list shows. A layout is no guard: it isn't run again when one of its pages is asked for, so each page asks itself
 * who may see it.
 */
export async function listOf(org: string): Promise<{ widgets: Listed[]; user: User; role: Role }> {
  const { user, member } = await memberOrLeave(org);
  const widgets = await listWidgets(member.organisationId);
  const withStock = await Promise.all(widgets.map(async (widget) => ({ ...widget, stock: await readStock(widget.id) })));
  return { widgets: withStock, user, role: member.role };
}

/** The member that asks; others are sent to sign in, or told that there is nothing. */
export async function memberOrLeave(org: string) {
  const user = await currentUser();
  if (!user) redirect('/sign-in');
  try {
    return { user, member: await requireMember(user.id, org) };
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound();
    throw error;
  }
}
