import type { Metadata } from 'next';
import { SignInForm } from './form';

export const metadata: Metadata = { title: 'Sign in' };

export default function SignInPage() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-6 px-6 py-12">
      <h1 className="text-3xl font-semibold tracking-tight">Sign in</h1>
      <SignInForm />
      <p className="text-sm text-stone-600">
        To try it: <code>ada@example.com</code> (owner of Acme), <code>grace@example.com</code> (member of Acme) or{' '}
        <code>linus@example.com</code> (Globex), each with the password <code>widgets</code>.
      </p>
    </main>
  );
}
