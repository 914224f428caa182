/** Route handlers: calls the exported function of the method and sends what it returns (spec §4). */
import { app } from '../app.ts';
import { flushRevalidations } from '../cache/revalidate.ts';
import { describeError } from '../errors.ts';
import type { JobContext, JobOutcome, JobRunner } from '../job.ts';
import { routeModule, routeOf } from '../manifest.ts';
import { BadParamError, decodedParams, promiseWithProperties } from '../params.ts';
import { requestStorage } from '../request-store.ts';
import { incomingRequest } from '../web/incoming-request.ts';
import { NativeResponse } from '../web/native.ts';
import { hasHeader } from '../web/response.ts';
import { sendResponse } from '../web/send-response.ts';
import { isListed } from './listed-params.ts';
import { navigationResponse } from './navigation-response.ts';
import { responseHeaders } from './response-headers.ts';

type Handler = (request: Request, context: { params: Promise<unknown> | undefined }) => unknown;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;

export const runHandler: JobRunner = async (context) => {
  const { job, store } = context;
  const { manifest } = app();
  const route = routeOf(manifest, job);
  store.routePath = route.path;
  const { config } = route;
  store.config = { dynamic: config.dynamic ?? undefined, revalidate: config.revalidate ?? undefined, fetchCache: config.fetchCache ?? undefined };
  if (config.dynamic === 'force-dynamic' || config.revalidate === 0) store.dynamic = 'config';
  try {
    const { module } = await routeModule(manifest, route);
    const handler = handlerOf(module, job.method);
    if (!handler) return answerWithoutHandler(context, module);
    const values = decodedParams(job.params);
    if (config.dynamicParams === false && job.params.length > 0 && !(await isListed(module, route.path, values))) {
      return answer(context, new Response(null, { status: 404 }), 'not_found');
    }
    const params = job.params.length > 0 || route.pattern.some((part) => part.kind !== 'static') ? promiseWithProperties(values) : undefined;
    const request = incomingRequest(context, { basePath: manifest.config.basePath, trailingSlash: manifest.config.trailingSlash });
    const response = checkedResponse(await handler(request, { params }), route.path, job.method);
    return await answer(context, response, 'ok');
  } catch (error) {
    return failed(context, error);
  }
};

function handlerOf(module: Record<string, unknown>, method: string): Handler | undefined {
  const own = (METHODS as readonly string[]).includes(method) ? module[method] ?? (method === 'HEAD' ? module['GET'] : undefined) : undefined;
  return typeof own === 'function' ? own as Handler : undefined;
}

/** The front answers these from the manifest; this holds where it leaves them to us (Next behaviour 4.2, 4.3, 4.5). */
function answerWithoutHandler({ job, out }: JobContext, module: Record<string, unknown>): JobOutcome {
  const known = METHODS.filter((method) => typeof module[method] === 'function' || (method === 'HEAD' && typeof module['GET'] === 'function') || method === 'OPTIONS');
  const allow: [string, string] = ['allow', [...known].sort().join(', ')];
  const listed = (METHODS as readonly string[]).includes(job.method);
  out.head(job.method === 'OPTIONS' ? 204 : listed ? 405 : 400, listed ? [allow] : []);
  return { result: 'ok' };
}

function checkedResponse(value: unknown, path: string, method: string): Response {
  if (!(value instanceof NativeResponse)) {
    const what = value === undefined ? 'nothing' : value === null ? 'null' : `a ${typeof value === 'object' ? value.constructor?.name ?? 'object' : typeof value}`;
    throw new TypeError(`The route handler ${method} ${path} returned ${what}. It has to return a Response, for example \`Response.json(data)\`.`);
  }
  if (value.status === 0) throw new TypeError(`The route handler ${method} ${path} returned \`Response.error()\`, which cannot be sent.`);
  for (const [name, call] of [['x-middleware-next', 'next'], ['x-middleware-rewrite', 'rewrite']] as const) {
    if (hasHeader(value, name)) throw new TypeError(`The route handler ${method} ${path} returned \`NextResponse.${call}()\`, which only the proxy may do. Return the response itself.`);
  }
  return value;
}

async function answer(context: JobContext, response: Response, result: JobOutcome['result']): Promise<JobOutcome> {
  // Whoever gets the answer must find the caches as the handler left them.
  if (context.store.revalidations.length > 0) await flushRevalidations(context.store);
  const sent = await sendResponse(context, response, responseHeaders(context.store, response));
  return { result: sent === 'cancelled' ? 'aborted' : result };
}

async function failed(context: JobContext, error: unknown): Promise<JobOutcome> {
  if (!context.out.headSent) {
    const navigation = navigationResponse(context.store, error);
    if (navigation) return answer(context, navigation.response, navigation.result);
  }
  if (error instanceof BadParamError) {
    context.out.head(400, []);
    return { result: 'ok' };
  }
  if (context.out.cancelled) return { result: 'aborted' };
  requestStorage.run(context.store, () => app().report(error, 'handler'));
  return { result: 'thrown', error: describeError(error) };
}
