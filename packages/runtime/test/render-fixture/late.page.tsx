import { notFound, redirect } from 'next/navigation';
import { Suspense } from 'react';

async function Late({ id }: { id: string }) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (id === 'moved') redirect('/x?a=1&b=2');
  if (id === 'missing') notFound();
  return <em>late</em>;
}

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <main>early <Suspense fallback={<i>wait</i>}><Late id={(await params).id} /></Suspense></main>;
}
