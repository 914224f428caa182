import Link from 'next/link';

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-[60dvh] max-w-xl flex-col justify-center gap-4 px-6">
      <h1 className="text-3xl font-semibold">Nothing here</h1>
      <p className="text-stone-600">The page does not exist, or it belongs to an organisation that you are not a member of.</p>
      <Link href="/" className="font-medium text-brand underline">Back to the start</Link>
    </main>
  );
}
