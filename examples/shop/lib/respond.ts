import 'server-only';
import { statusOf, toFailure } from './errors';

/** The adapter of Route Handlers: business code in, JSON with the right status out. */
export async function respond<T>(run: () => Promise<T>, status = 200): Promise<Response> {
  try {
    const data = await run();
    return status === 204 ? new Response(null, { status }) : Response.json({ ok: true, data }, { status });
  } catch (error) {
    const failure = toFailure(error);
    return Response.json(failure, { status: statusOf[failure.code] });
  }
}
