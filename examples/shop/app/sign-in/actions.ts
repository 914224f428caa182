'use server';

import { redirect } from 'next/navigation';
import { attempt } from '@/lib/attempt';
import type { Result } from '@/lib/errors';
import { membershipsOf } from '@/lib/organisations';
import { authenticate, closeSession, openSession } from '@/lib/session';
import { Credentials, parse } from '@/lib/validation';

export async function signIn(_previous: Result<never> | null, form: FormData): Promise<Result<never>> {
  return attempt(async () => {
    const { email, password } = parse(Credentials, { email: form.get('email'), password: form.get('password') });
    const user = await authenticate(email, password);
    await openSession(user);
    const [first] = await membershipsOf(user.id);
    redirect(first ? `/o/${first.slug}` : '/');
  });
}

export async function signOut(): Promise<void> {
  await closeSession();
  redirect('/');
}
