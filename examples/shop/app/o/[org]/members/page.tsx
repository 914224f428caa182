import type { Metadata } from 'next';
import { membersOf } from '@/lib/organisations';
import { memberOrLeave } from '../list-of';

export const metadata: Metadata = { title: 'Members' };

export default async function MembersPage({ params }: { params: Promise<{ org: string }> }) {
  const { member } = await memberOrLeave((await params).org);
  const members = await membersOf(member.organisationId);
  return (
    <ul className="flex flex-col gap-3">
      {members.map((one) => (
        <li key={one.email} className="card flex flex-wrap items-center justify-between gap-2">
          <span><strong className="font-medium">{one.name}</strong> <span className="text-stone-500">{one.email}</span></span>
          <span className="rounded-full bg-stone-100 px-3 py-0.5 text-sm">{one.role}</span>
        </li>
      ))}
    </ul>
  );
}
