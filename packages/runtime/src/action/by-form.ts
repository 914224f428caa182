/**
 * A form posted without JavaScript. The answer is a document: the page as it is after the action, with the state of
 * `useActionState` in it; or a redirect to where the action sends the browser.
 */
import { decodeAction, decodeFormState, type ServerManifest } from 'react-server-dom-webpack/server.node';
import { accessFallbackOf } from 'next/navigation-errors';
import { app as currentApp, type App } from '../app.ts';
import { describeError } from '../errors.ts';
import { headerOf } from '../headers.ts';
import type { IncomingBody, JobContext, JobOutcome, ResponseSink } from '../job.ts';
import { blocksForMetadata } from '../render/html-limited-bots.ts';
import { nonceOf } from '../render/nonce.ts';
import { enterRoute, pagePayload } from '../render/page-payload.ts';
import { plainDocument } from '../render/plain-document.ts';
import { reactMaps } from '../render/react-maps.ts';
import { browserLocation } from '../render/redirect-location.ts';
import type { Header } from '../render/renderer.ts';
import { NOT_STORED, renderer } from '../render/run-page.ts';
import type { RequestStore } from '../request-store.ts';
import { writeSpan } from '../spans.ts';
import { checkMarkers, namedActions } from './form-marker.ts';
import { refuse, refuseBody } from './refusal.ts';
import { isMultipart, readForm } from './request-body.ts';
import { effectHeaders } from './response-headers.ts';
import { runFunction, type ActionEnd } from './run-function.ts';

export async function runByForm(context: JobContext): Promise<JobOutcome> {
  const app = currentApp();
  const { store, out } = context;
  enterRoute(app.manifest, store);
  const contentType = headerOf(store, 'content-type') ?? '';
  // Any other body is none of ours: a page is rendered for it as for a GET (Next behaviour 1.12, 2.8).
  if (!isMultipart(contentType)) return answerPage(context, app, [NOT_STORED]);
  let form: FormData;
  let bound: (() => unknown) | null;
  const manifest = reactMaps(app.manifest).callable;
  try {
    const counted = countedBody(context.body);
    form = await readForm(counted.body, contentType);
    if (counted.size() > app.manifest.config.actionBodyLimit && !hasOwnLimit(form, app.manifest)) return refuseSize(out);
    const problem = checkMarkers(form, app.manifest);
    if (problem) return refuse(out, problem);
    bound = await decodeAction(form, manifest);
  } catch (error) {
    if (context.signal.aborted) return { result: 'aborted' };
    return refuseBody(app, out, error);
  }
  if (!bound) return refuse(out, 'malformed');
  return runBound(context, app, form, bound, manifest);
}

async function runBound(context: JobContext, app: App, form: FormData, bound: () => unknown, manifest: ServerManifest): Promise<JobOutcome> {
  const { store, out } = context;
  const start = performance.now();
  const end = await runFunction(app, store, async () => readToEnd(await bound()));
  // Which action a form names stands in its body, so the front has to be told, and how it ended: the answer is a page either way.
  writeSpan('action', start, performance.now(), { action: namedActions(form)[0] ?? '', outcome: wordOf(end, store) });
  const headers = effectHeaders(store, false);
  switch (end.kind) {
    case 'value': {
      const formState: unknown = await decodeFormState(end.value, form, manifest);
      return answerPage(context, app, headers, formState === null ? {} : { formState });
    }
    case 'redirect':
      out.head(303, [...headers, ['location', browserLocation(end.to.url, app.manifest)]]);
      return { result: 'redirect' };
    case 'http':
      // Where no route matches, the not-found page is what is there anyway.
      return answerPage(context, app, headers, context.job.route < 0 && accessFallbackOf(end.error) === 404 ? {} : { instead: { error: end.error } });
    case 'thrown':
      return answerError(app, out, headers, end.error);
  }
}

/** The words that the server counts by. `failed` is an answer that the action itself calls one, such as a result that is not ok. */
function wordOf(end: ActionEnd, store: RequestStore): string {
  switch (end.kind) {
    case 'value': return (store.answer?.status ?? 200) >= 400 ? 'failed' : 'ok';
    case 'redirect': return 'redirect';
    case 'http': return 'interrupted';
    case 'thrown': return 'thrown';
  }
}

/** An action that is a generator does its work while it is read, and nobody else would read it. */
async function readToEnd(value: unknown): Promise<unknown> {
  if (Object.prototype.toString.call(value) !== '[object AsyncGenerator]') return value;
  for await (const _ of value as AsyncIterable<unknown>);
  return undefined;
}

async function answerPage(context: JobContext, app: App, headers: Header[], more: { formState?: unknown; instead?: { error: unknown } } = {}): Promise<JobOutcome> {
  const { job, store, out } = context;
  const { payload, interrupted } = await pagePayload({
    app, store, document: true, ...more,
    blockingHead: blocksForMetadata(app.manifest, headerOf(store, 'user-agent')),
  });
  return renderer.html({
    app, out, headers, payload, interrupted,
    onGone: (stop) => context.onCancel(stop),
    status: more.instead ? 200 : store.answer?.status ?? (job.route < 0 ? 404 : 200),
    nonce: nonceOf(headerOf(store, 'content-security-policy')),
    whole: false,
    keepPayload: false,
  });
}

function answerError(app: App, out: ResponseSink, headers: Header[], error: unknown): JobOutcome {
  const described = { ...describeError(error), digest: app.report(error, 'action') };
  out.head(500, [['content-type', 'text/html; charset=utf-8'], ...headers]);
  void out.write(plainDocument(500, described.digest))?.catch(() => undefined);
  return { result: 'ok', error: described };
}

/** The front lets a form be as large as any action's may be, since which one it is for stands in the form. */
function hasOwnLimit(form: FormData, { actions }: App['manifest']): boolean {
  const ids = namedActions(form);
  return ids.length > 0 && ids.every((id) => Object.hasOwn(actions, id) && actions[id]?.options?.bodyLimit != null);
}

function refuseSize(out: ResponseSink): JobOutcome {
  out.head(413, [['content-type', 'text/html; charset=utf-8'], NOT_STORED]);
  void out.write(plainDocument(413))?.catch(() => undefined);
  return { result: 'ok' };
}

function countedBody(body: IncomingBody): { body: IncomingBody; size: () => number } {
  let size = 0;
  const bytes = async () => {
    const read = await body.bytes();
    size = read.byteLength;
    return read;
  };
  return { body: { bytes, text: () => body.text(), stream: () => body.stream() }, size: () => size };
}
