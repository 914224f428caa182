'use server';

import { createAction } from 'ironside/actions';
import { redirect } from 'next/navigation';
import { expected } from '@/lib/expected';
import { membershipsOf } from '@/lib/organisations';
import { authenticate, closeSession, openSession } from '@/lib/session';
import { Credentials } from '@/lib/validation';

/** Passwords can be guessed: each address has a number of tries, and one more every few seconds after that. */
export const signIn = createAction({ input: Credentials, rateLimit: { limit: 40, per: '2m' } }, async ({ email, password }) => {
  const user = await expected(authenticate(email, password));
  await openSession(user);
  const [first] = await membershipsOf(user.id);
  redirect(first ? `/o/${first.slug}` : '/');
});

export async function signOut(): Promise<void> {
  await closeSession();
  redirect('/');
}
