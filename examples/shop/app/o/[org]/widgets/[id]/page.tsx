import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { price } from '@/components/price';
import { AppError } from '@/lib/errors';
import { Id } from '@/lib/validation';
import { findWidget, readStock } from '@/lib/widgets';
import { memberOrLeave } from '../../list-of';
import { DeleteForm, ReserveForm } from './forms';

type Props = { params: Promise<{ org: string; id: string }> };

async function load({ params }: Props) {
  const { org, id } = await params;
  const { user, member } = await memberOrLeave(org);
  if (!Id.safeParse(id).success) notFound();
  try {
    return { org, user, member, widget: await findWidget(member.organisationId, id) };
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound();
    throw error;
  }
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const { widget } = await load(props);
  return { title: widget.name };
}

export default async function WidgetPage(props: Props) {
  const { org, user, member, widget } = await load(props);
  const stock = await readStock(widget.id);
  return (
    <article className="card flex flex-col gap-5">
      <div>
        <h1 className="text-2xl font-semibold">{widget.name}</h1>
        <p className="text-stone-500">{widget.sku} · {price(widget.priceCents)}</p>
      </div>
      <p className="text-lg"><strong className="text-3xl tabular-nums" data-testid="stock">{stock}</strong> in stock</p>
      <ReserveForm org={org} id={widget.id} />
      {(member.role === 'owner' || widget.createdBy === user.id) && <DeleteForm org={org} id={widget.id} />}
    </article>
  );
}
