import type { NextRequest } from 'next/server';
import { AppError } from '@/lib/errors';
import { publish } from '@/lib/events';
import { requireMember } from '@/lib/organisations';
import { respond } from '@/lib/respond';
import { requireUser } from '@/lib/session';
import { NewWidget, parse } from '@/lib/validation';
import { createWidget, listWidgets } from '@/lib/widgets';

/** `?org=acme` */
async function caller(request: NextRequest) {
  const user = await requireUser();
  const member = await requireMember(user.id, request.nextUrl.searchParams.get('org') ?? '');
  return { user, member };
}

async function json(request: NextRequest): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new AppError('validation', 'The body is not JSON.');
  }
}

export async function GET(request: NextRequest): Promise<Response> {
  return respond(async () => listWidgets((await caller(request)).member.organisationId));
}

export async function POST(request: NextRequest): Promise<Response> {
  return respond(async () => {
    const { user, member } = await caller(request);
    const widget = await createWidget(member, user, parse(NewWidget, await json(request)));
    publish({ type: 'widget.created', widgetId: widget.id });
    return widget;
  }, 201);
}
