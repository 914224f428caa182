import Link from 'next/link';
import { redirect } from 'next/navigation';
import { membershipsOf } from '@/lib/organisations';
import { currentUser } from '@/lib/session';

export default async function Home() {
  const user = await currentUser();
  if (user) {
    const [first] = await membershipsOf(user.id);
    if (first) redirect(`/o/${first.slug}`);
  }
  return (
    <main className="mx-auto flex min-h-dvh max-w-2xl flex-col justify-center gap-6 px-6 py-16">
      <p className="text-sm font-semibold uppercase tracking-widest text-brand">Widget Works</p>
      <h1 className="text-4xl font-semibold tracking-tight sm:text-5xl">Know what is on the shelf.</h1>
      <p className="text-lg text-stone-600">
        Widgets, stock and reservations for small makers. Signing in, adding, reserving and deleting all work with JavaScript switched off.
      </p>
      <div>
        <Link href="/sign-in" className="button text-lg">Sign in</Link>
      </div>
    </main>
  );
}
