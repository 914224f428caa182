import { forbidden, notFound, permanentRedirect, redirect } from 'next/navigation';

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props) {
  const { id } = await params;
  if (id === 'meta-missing') notFound();
  await new Promise((resolve) => setTimeout(resolve, id === 'slow-meta' ? 30 : 0));
  return { title: `Item ${id}` };
}

export default async function Item({ params }: Props) {
  const { id } = await params;
  if (id === 'missing') notFound();
  if (id === 'closed') forbidden();
  if (id === 'moved') redirect('/elsewhere?x=1');
  if (id === 'gone') permanentRedirect('/for-ever');
  if (id === 'broken') throw new Error('secret text');
  return <main>{`item ${id}`}</main>;
}
