import 'server-only';
import { and, asc, eq } from 'drizzle-orm';
import { database } from './db/client';
import { memberships, organisations, users } from './db/schema';
import { AppError } from './errors';

export type Role = 'owner' | 'member';
export type Membership = { organisationId: string; slug: string; name: string; role: Role };

export async function membershipsOf(userId: string): Promise<Membership[]> {
  const db = await database();
  return db
    .select({ organisationId: organisations.id, slug: organisations.slug, name: organisations.name, role: memberships.role })
    .from(memberships)
    .innerJoin(organisations, eq(organisations.id, memberships.organisationId))
    .where(eq(memberships.userId, userId))
    .orderBy(asc(organisations.name));
}

/** The membership, or `not_found`: whoever isn't a member doesn't learn which organisations exist. */
export async function requireMember(userId: string, slug: string): Promise<Membership> {
  const db = await database();
  const [found] = await db
    .select({ organisationId: organisations.id, slug: organisations.slug, name: organisations.name, role: memberships.role })
    .from(memberships)
    .innerJoin(organisations, eq(organisations.id, memberships.organisationId))
    .where(and(eq(memberships.userId, userId), eq(organisations.slug, slug)));
  if (!found) throw new AppError('not_found', 'There is no such organisation.');
  return found;
}

export async function membersOf(organisationId: string): Promise<{ name: string; email: string; role: Role }[]> {
  const db = await database();
  return db
    .select({ name: users.name, email: users.email, role: memberships.role })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(memberships.organisationId, organisationId))
    .orderBy(asc(users.name));
}

export async function organisationBySlug(slug: string): Promise<string> {
  const db = await database();
  const [found] = await db.select({ id: organisations.id }).from(organisations).where(eq(organisations.slug, slug));
  if (!found) throw new AppError('not_found', 'There is no such organisation.');
  return found.id;
}
