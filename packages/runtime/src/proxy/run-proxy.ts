/** Runs `proxy.ts` (spec §7b): the decision goes into the outcome, an answer of its own is sent as any other. */
import { accessFallbackOf, redirectOf } from 'next/navigation-errors';
import { waitUntil } from '../after.ts';
import { app } from '../app.ts';
import { describeError } from '../errors.ts';
import { FormError } from '../form/form-error.ts';
import { visibleHeaderPairs } from '../headers.ts';
import type { JobContext, JobOutcome, JobRunner } from '../job.ts';
import { loadModule, type ModuleExports } from '../modules.ts';
import { headerSafe } from '../render/redirect-location.ts';
import { incomingRequest } from '../web/incoming-request.ts';
import { NativeResponse } from '../web/native.ts';
import { sendResponse } from '../web/send-response.ts';
import { decisionOf, ownAnswerHeaders } from './decision.ts';
import { NextFetchEvent } from './fetch-event.ts';

type ProxyFunction = (request: Request, event: NextFetchEvent) => unknown;

export const runProxy: JobRunner = async (context) => {
  const { job, store } = context;
  const { manifest } = app();
  try {
    if (!manifest.proxy) throw new Error('There is no proxy in this build.');
    store.routePath = '/proxy';
    const run = proxyFunction(await loadModule(manifest.proxy.chunk), manifest.proxy.file);
    const request = incomingRequest(context, {
      basePath: manifest.config.basePath, trailingSlash: manifest.config.trailingSlash,
      // What only the router's own requests carry is none of the proxy's business (7.24).
      headers: () => visibleHeaderPairs(store),
      query: job.query.split('&').filter((part) => part !== '_rsc' && !part.startsWith('_rsc=')).join('&'),
    });
    const event = new NextFetchEvent({ request, page: '/proxy', waitUntil: (promise) => waitUntil(store, promise) });
    return await decide(context, checked(await run(request, event), manifest.proxy.file));
  } catch (error) {
    return failed(context, error);
  }
};

function proxyFunction(module: ModuleExports, file: string): ProxyFunction {
  const run = module['proxy'] ?? module['middleware'] ?? module['default'];
  if (typeof run !== 'function') throw new Error(`${file} exports no function. Export one named \`proxy\`, or as default.`);
  return run as ProxyFunction;
}

function checked(value: unknown, file: string): Response | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof NativeResponse && value.status !== 0) return value;
  throw new TypeError(`${file} returned what is no Response. Return \`NextResponse.next()\`, another Response, or nothing.`);
}

async function decide(context: JobContext, response: Response | undefined): Promise<JobOutcome> {
  const proxy = decisionOf(context.store, response);
  if (response && proxy.action.type === 'respond') {
    const sent = await sendResponse(context, response, ownAnswerHeaders(response));
    return { result: sent === 'cancelled' ? 'aborted' : 'ok', proxy };
  }
  return { result: proxy.action.type === 'redirect' ? 'redirect' : 'ok', proxy };
}

async function failed(context: JobContext, error: unknown): Promise<JobOutcome> {
  if (!context.out.headSent) {
    const redirect = redirectOf(error);
    if (redirect) return { result: 'redirect', proxy: { action: { type: 'redirect', url: headerSafe(redirect.url), status: redirect.status }, responseHeaders: [] } };
    const status = accessFallbackOf(error);
    if (status !== undefined) return decide(context, new Response(null, { status }));
  }
  if (error instanceof FormError && !context.out.headSent) return decide(context, new Response(`${error.message}\n`, { status: error.status }));
  if (context.out.cancelled) return { result: 'aborted' };
  app().report(error, 'proxy');
  return { result: 'thrown', error: describeError(error) };
}
