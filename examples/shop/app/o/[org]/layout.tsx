import Link from 'next/link';
import { notFound, redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { signOut } from '@/app/sign-in/actions';
import { SubmitButton } from '@/components/submit-button';
import { membershipsOf } from '@/lib/organisations';
import { currentUser } from '@/lib/session';

export default async function OrganisationLayout({ children, params }: { children: ReactNode; params: Promise<{ org: string }> }) {
  const [{ org }, user] = await Promise.all([params, currentUser()]);
  if (!user) redirect('/sign-in');
  const memberships = await membershipsOf(user.id);
  const current = memberships.find((membership) => membership.slug === org);
  if (!current) notFound();
  return (
    <div className="mx-auto max-w-5xl px-4 pb-16 sm:px-6">
      <header className="flex flex-wrap items-center justify-between gap-3 py-5">
        <Link href={`/o/${org}`} className="text-xl font-semibold tracking-tight">{current.name}</Link>
        <nav className="flex items-center gap-1">
          <Link href={`/o/${org}`} className="button-quiet">Widgets</Link>
          <Link href={`/o/${org}/members`} className="button-quiet">Members</Link>
          <form action={signOut}>
            <SubmitButton pending="…" className="button-quiet">Sign out {user.name}</SubmitButton>
          </form>
        </nav>
      </header>
      {children}
    </div>
  );
}
