import type { NextRequest } from 'next/server';
import { subscribe } from '@/lib/events';
import { requireUser } from '@/lib/session';
import { statusOf, toFailure } from '@/lib/errors';

export const dynamic = 'force-dynamic';

/** Changes as server-sent events, for as long as the client listens. */
export async function GET(request: NextRequest): Promise<Response> {
  try {
    await requireUser();
  } catch (error) {
    const failure = toFailure(error);
    return Response.json(failure, { status: statusOf[failure.code] });
  }
  const encoder = new TextEncoder();
  let stop = () => {};
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(': connected\n\n'));
      const unsubscribe = subscribe((event) => controller.enqueue(encoder.encode(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)));
      const beat = setInterval(() => controller.enqueue(encoder.encode(': still here\n\n')), 15_000);
      stop = () => {
        clearInterval(beat);
        unsubscribe();
      };
      request.signal.addEventListener('abort', stop);
    },
    cancel: () => stop(),
  });
  return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
}
