import type { Metadata } from 'next';
import { listOf } from './list-of';
import { Widgets } from './widgets';

export const metadata: Metadata = { title: 'Widgets' };

export default async function WidgetsPage({ params }: { params: Promise<{ org: string }> }) {
  const { org } = await params;
  const { widgets, user, role } = await listOf(org);
  return <Widgets org={org} userId={user.id} isOwner={role === 'owner'} widgets={widgets} />;
}
