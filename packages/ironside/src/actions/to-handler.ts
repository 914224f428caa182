/** The same action for callers that are no pages of ours: a Route Handler that speaks JSON (and forms), with the same checks and results. */
import { host, type Answer } from './host.ts';
import { definitionOf } from './create-action.ts';
import { run } from './run.ts';
import { ActionError, fail, statusOf, type ActionFailure, type ActionResult } from './result.ts';
import { bytes } from './units.ts';

export type HandlerOptions = {
  /** Values for the action's `args`, from the request: `(request, { params }) => [(await params).id]`. */
  args?: (request: Request, context: { params: Promise<Record<string, string | string[] | undefined>> }) => unknown[] | Promise<unknown[]>;
  /** Most bytes of a body; the action's `bodyLimit` or 1 MB if not said. */
  bodyLimit?: number | string;
  /** Whether forms are taken from other sites too. A browser sends cookies with them, so only what needs no session should. */
  crossSite?: boolean;
};

type RouteHandler = (request: Request, context: { params: Promise<Record<string, string | string[] | undefined>> }) => Promise<Response>;

const USUAL_LIMIT = 1024 * 1024;

/** `export const POST = toHandler(createTodo)` in a `route.ts`. */
export function toHandler(action: object, options: HandlerOptions = {}): RouteHandler {
  const definition = definitionOf(action);
  const most = options.bodyLimit === undefined ? definition.settings.bodyLimit ?? USUAL_LIMIT : bytes(options.bodyLimit, '`bodyLimit`');
  return async (request, context) => {
    const { value: result, answer } = await host().collect(async () => {
      try {
        if (!options.crossSite) refuseOtherSites(request);
        const input = await inputOf(request, most);
        const bound = options.args ? await options.args(request, context) : [];
        if (bound.length !== definition.settings.args.length) throw new TypeError(`The action has ${definition.settings.args.length} bound arguments (\`args\`), and \`toHandler\` was given ${bound.length}.`);
        const result = await run(definition, [...bound, withHeaderKey(input, request)]);
        // What was typed is for pages that show it again.
        return result.ok ? result : withoutValues(result);
      } catch (error) {
        if (error instanceof ActionError) return fail(error.code, error.message, error.details);
        throw error;
      }
    });
    return respond(result, answer);
  };
}

/** A result as a `Response`: JSON, with the status of its code. */
export function respond(result: ActionResult, { status, headers }: Partial<Answer> = {}): Response {
  const all = new Headers({ 'cache-control': 'no-store' });
  for (const [name, value] of headers ?? []) all.set(name, value);
  if (!result.ok && result.retryAfter !== undefined) all.set('retry-after', String(result.retryAfter));
  const body = result.ok && result.data === undefined ? { ok: true, data: null } : result;
  return Response.json(body, { status: result.ok ? status ?? 200 : statusOf(result), headers: all });
}

function withoutValues({ values: _, ...failure }: ActionFailure): ActionFailure {
  return failure;
}

/** `Idempotency-Key` of the request, where the input does not bring one. */
function withHeaderKey(input: unknown, request: Request): unknown {
  const key = request.headers.get('idempotency-key')?.replace(/^"(.*)"$/, '$1');
  if (key === undefined || key === null) return input;
  if (input instanceof FormData) {
    if (!input.has('$idempotencyKey')) input.set('$idempotencyKey', key);
    return input;
  }
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? { $idempotencyKey: key, ...input } : input;
}

/** What a page of any site can make a browser send without being asked first. */
const SIMPLE = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)(?:;|$)/i;

function refuseOtherSites(request: Request): void {
  const type = request.headers.get('content-type');
  if (type !== null && !SIMPLE.test(type.trim())) return;
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  const foreign = site === null ? origin !== null && !isOwnOrigin(origin, request) : site !== 'same-origin' && site !== 'none';
  if (foreign) throw new ActionError('forbidden', 'This cannot be sent from another site.');
}

function isOwnOrigin(origin: string, request: Request): boolean {
  const own = request.headers.get('x-forwarded-host')?.split(',')[0]?.trim() ?? request.headers.get('host') ?? new URL(request.url).host;
  try {
    return new URL(origin).host === own.toLowerCase();
  } catch {
    return false;
  }
}

async function inputOf(request: Request, most: number): Promise<unknown> {
  const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const body = await read(request, most);
  if (type === 'multipart/form-data' || type === 'application/x-www-form-urlencoded') {
    try {
      return await new Response(body, { headers: { 'content-type': request.headers.get('content-type') ?? '' } }).formData();
    } catch (cause) {
      throw new ActionError('bad_request', 'The body is no well-formed form.', { cause });
    }
  }
  if (body.byteLength === 0) return undefined;
  if (type !== 'application/json' && !type.endsWith('+json')) throw new ActionError('bad_request', 'The body has to be JSON or a form.');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch (cause) {
    throw new ActionError('bad_request', 'The body is no well-formed JSON.', { cause });
  }
}

async function read(request: Request, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new ActionError('too_large', `This is too large: at most ${most} bytes can be sent.`);
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > most) throw tooLarge();
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}
