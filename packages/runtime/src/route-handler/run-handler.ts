/** Route handlers: calls the exported function of the method and sends what it returns (spec §4). */
import type { Manifest, Route } from '@ironside/protocol/manifest.ts';
import { app } from '../app.ts';
import { endDynamic, triedOut } from '../cache-components/try-out.ts';
import { during } from '../cache-components/warmth.ts';
import { flushRevalidations } from '../cache/revalidate.ts';
import { describeError } from '../errors.ts';
import { FormError } from '../form/form-error.ts';
import type { JobContext, JobOutcome, JobRunner } from '../job.ts';
import { loadedRouteModule, routeModule, routeOf } from '../manifest.ts';
import type { ModuleExports } from '../modules.ts';
import { BadParamError, decodedParams, promiseWithProperties, type Params } from '../params.ts';
import { requestStorage, type RequestStore } from '../request-store.ts';
import { untilDynamic } from '../shared-run.ts';
import { isAnswered } from '../static-params/is-answered.ts';
import { incomingRequest, type IncomingOptions } from '../web/incoming-request.ts';
import { NativeResponse } from '../web/native.ts';
import { hasHeader } from '../web/response.ts';
import { sendResponse } from '../web/send-response.ts';
import { navigationResponse } from './navigation-response.ts';
import { responseHeaders } from './response-headers.ts';

type Handler = (request: Request, context: { params: Promise<unknown> | undefined }) => unknown;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;
/** Others that may be exported by name; the front decides which of them HTTP allows. */
const EXTENSION = /^[A-Z][A-Z0-9_-]+$/;

/** Not an async function, nor are those below: where nothing has to be waited for, no promise is made. */
export const runHandler: JobRunner = (context) => untilDynamic(context, () => (isTriedOut(context) ? triedFirst(context) : handle(context)));

function isTriedOut({ job }: JobContext): boolean {
  return job.permit !== 0 && app().manifest.config.cacheComponents;
}

async function triedFirst(context: JobContext): Promise<JobOutcome> {
  const reason = await triedOut(context.store, (trial) => tryHandler(context, trial));
  if (!reason) return handle(context);
  endDynamic(context.store, reason);
  return { result: 'ok' };
}

/** The handler up to the last byte of its answer, which nobody gets. */
async function tryHandler(context: JobContext, store: RequestStore): Promise<void> {
  const { manifest } = app();
  const route = routeOf(manifest, store.job);
  store.routePath = route.path;
  store.config = configOf(route);
  const { module } = await during(store.warmth, () => routeModule(manifest, route));
  const handler = handlerOf(module, store.job.method);
  const trial = Object.create(context, { store: { value: store } }) as JobContext;
  const params = hasParams(route) ? promiseWithProperties(decodedParams(store.job.params)) : undefined;
  const answer = await handler?.(incomingRequest(trial, urlOptions(manifest)), { params });
  if (answer instanceof NativeResponse) await answer.arrayBuffer();
}

function handle(context: JobContext): Promise<JobOutcome> | JobOutcome {
  const { job, store } = context;
  const { manifest } = app();
  const route = routeOf(manifest, job);
  store.routePath = route.path;
  const { config } = route;
  store.config = configOf(route);
  if (config.dynamic === 'force-dynamic' || config.revalidate === 0) store.dynamic = 'config';
  const module = loadedRouteModule(manifest, route);
  if (module) return withModule(context, route, module);
  return routeModule(manifest, route).then(({ module }) => withModule(context, route, module), (error: unknown) => failed(context, error));
}

const configs = new WeakMap<Route, RequestStore['config']>();

function configOf(route: Route): RequestStore['config'] {
  const known = configs.get(route);
  if (known) return known;
  const { dynamic, revalidate, fetchCache } = route.config;
  const config = Object.freeze({ dynamic: dynamic ?? undefined, revalidate: revalidate ?? undefined, fetchCache: fetchCache ?? undefined });
  configs.set(route, config);
  return config;
}

function withModule(context: JobContext, route: Route, module: ModuleExports): Promise<JobOutcome> | JobOutcome {
  const { job } = context;
  try {
    const handler = handlerOf(module, job.method);
    if (!handler) return answerWithoutHandler(context, module);
    const values = job.params.length > 0 ? decodedParams(job.params) : {};
    if (route.config.dynamicParams === false && job.params.length > 0) {
      return isAnswered(app().manifest, context.store)
        .then((listed) => (listed ? call(context, route, handler, values) : answer(context, new Response(null, { status: 404 }), 'not_found')))
        .catch((error: unknown) => failed(context, error));
    }
    return call(context, route, handler, values);
  } catch (error) {
    return failed(context, error);
  }
}

function call(context: JobContext, route: Route, handler: Handler, values: Params): Promise<JobOutcome> | JobOutcome {
  const { manifest } = app();
  const { method } = context.job;
  const params = hasParams(route) ? promiseWithProperties(values) : undefined;
  const request = incomingRequest(context, urlOptions(manifest));
  const returned = handler(request, { params });
  const respond = (value: unknown) => answer(context, checkedResponse(value, route.path, method), 'ok');
  if (!isThenable(returned)) return respond(returned);
  return Promise.resolve(returned).then(
    (value) => {
      try {
        const outcome = respond(value);
        return outcome instanceof Promise ? outcome.catch((error: unknown) => failed(context, error)) : outcome;
      } catch (error) {
        return failed(context, error);
      }
    },
    (error: unknown) => failed(context, error),
  );
}

let lastOptions: { manifest: Manifest; options: IncomingOptions } | undefined;

/** The same for every request of a process, which has one manifest. */
function urlOptions(manifest: Manifest): IncomingOptions {
  if (lastOptions?.manifest !== manifest) {
    const { basePath, trailingSlash } = manifest.config;
    lastOptions = { manifest, options: { basePath, trailingSlash } };
  }
  return lastOptions.options;
}

function hasParams(route: Route): boolean {
  return route.pattern.some((part) => part.kind !== 'static');
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function handlerOf(module: Record<string, unknown>, method: string): Handler | undefined {
  const own = EXTENSION.test(method) ? module[method] ?? (method === 'HEAD' ? module['GET'] : undefined) : undefined;
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
  const call = hasHeader(value, 'x-middleware-next') ? 'next' : hasHeader(value, 'x-middleware-rewrite') ? 'rewrite' : undefined;
  if (call) throw new TypeError(`The route handler ${method} ${path} returned \`NextResponse.${call}()\`, which only the proxy may do. Return the response itself.`);
  return value;
}

function answer(context: JobContext, response: Response, result: JobOutcome['result']): Promise<JobOutcome> | JobOutcome {
  const { store } = context;
  // Whoever gets the answer must find the caches as the handler left them.
  if (!store.untouched && store.revalidations.length > 0) {
    return flushRevalidations(store).then(() => answer(context, response, result));
  }
  if (store.sharedEnded) return { result: 'aborted' };
  const sent = sendResponse(context, response, responseHeaders(store, response));
  if (sent instanceof Promise) return sent.then((how) => ({ result: how === 'cancelled' ? 'aborted' : result }));
  return { result: sent === 'cancelled' ? 'aborted' : result };
}

function failed(context: JobContext, error: unknown): Promise<JobOutcome> | JobOutcome {
  if (!context.out.headSent) {
    const navigation = navigationResponse(context.store, error);
    if (navigation) return answer(context, navigation.response, navigation.result);
  }
  if (error instanceof BadParamError) {
    context.out.head(400, []);
    return { result: 'ok' };
  }
  if (error instanceof FormError && !context.out.headSent) {
    // What the client sent cannot be read: its mistake, and it is told which.
    return answer(context, new Response(`${error.message}\n`, { status: error.status }), 'ok');
  }
  if (context.out.cancelled || context.store.sharedEnded) return { result: 'aborted' };
  requestStorage.run(context.store, () => app().report(error, 'handler'));
  return { result: 'thrown', error: describeError(error) };
}
