import type { NextRequest } from 'next/server';
import { publish } from '@/lib/events';
import { requireMember } from '@/lib/organisations';
import { respond } from '@/lib/respond';
import { requireUser } from '@/lib/session';
import { Id, parse } from '@/lib/validation';
import { deleteWidget, findWidget, readStock } from '@/lib/widgets';

type Context = { params: Promise<{ id: string }> };

async function caller(request: NextRequest, { params }: Context) {
  const user = await requireUser();
  const member = await requireMember(user.id, request.nextUrl.searchParams.get('org') ?? '');
  return { user, member, id: parse(Id, (await params).id) };
}

export async function GET(request: NextRequest, context: Context): Promise<Response> {
  return respond(async () => {
    const { member, id } = await caller(request, context);
    return { ...(await findWidget(member.organisationId, id)), stock: await readStock(id) };
  });
}

export async function DELETE(request: NextRequest, context: Context): Promise<Response> {
  return respond(async () => {
    const { user, member, id } = await caller(request, context);
    await deleteWidget(member, user, id);
    publish({ type: 'widget.deleted', widgetId: id });
  }, 204);
}
