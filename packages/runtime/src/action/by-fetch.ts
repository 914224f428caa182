/** A call of an action by our client, or by anybody who speaks its protocol. The answer is a Flight stream with the result. */
import { createTemporaryReferenceSet, type TemporaryReferenceSet } from 'react-server-dom-webpack/server.node';
import type { ActionPayload, Payload } from '@ironside/client/payload.ts';
import { app as currentApp, type App } from '../app.ts';
import { headerOf } from '../headers.ts';
import type { Job, JobContext, JobOutcome } from '../job.ts';
import { enterRoute, pagePayload } from '../render/page-payload.ts';
import { reactMaps } from '../render/react-maps.ts';
import type { Header } from '../render/renderer.ts';
import { renderer } from '../render/run-page.ts';
import { requestStorage, type RequestStore } from '../request-store.ts';
import type { OnGone } from '../shared-run.ts';
import { checkActionId, loadAction } from './functions.ts';
import { redirectTarget } from './redirect-target.ts';
import { refuse, refuseBody } from './refusal.ts';
import { readArguments } from './request-body.ts';
import { effectHeaders } from './response-headers.ts';
import { runFunction, type ActionEnd } from './run-function.ts';

type Answering = Pick<JobContext, 'job' | 'store' | 'out'> & { onGone: OnGone };

export async function runByFetch(context: JobContext): Promise<JobOutcome> {
  const app = currentApp();
  const { job, store, out } = context;
  const problem = checkActionId(app.manifest, job.target);
  if (problem) return refuse(out, problem);
  enterRoute(app.manifest, store);
  const contentType = headerOf(store, 'content-type') ?? '';
  // No client of ours sends it; a plain form of another site can (Next behaviour 1.37).
  if (contentType.trim().toLowerCase() === 'application/x-www-form-urlencoded') return refuse(out, 'malformed');
  const references = createTemporaryReferenceSet();
  let args: unknown[];
  try {
    args = await readArguments(context.body, contentType, reactMaps(app.manifest).callable, references);
  } catch (error) {
    if (context.signal.aborted) return { result: 'aborted' };
    return refuseBody(app, out, error);
  }
  const end = await runFunction(app, store, async () => {
    const action = await loadAction(job.target);
    return action(...args);
  });
  const headers = effectHeaders(store, true);
  const answering: Answering = { job: context.job, store, out, onGone: (stop) => context.onCancel(stop) };
  if (end.kind === 'redirect') return answerRedirect(answering, app, end.to, headers);
  return answerResult(answering, app, end, headers, references);
}

async function answerResult({ job, store, out, onGone }: Answering, app: App, end: Exclude<ActionEnd, { kind: 'redirect' }>, headers: Header[], temporaryReferences: TemporaryReferenceSet): Promise<JobOutcome> {
  const result = end.kind === 'value' ? Promise.resolve(end.value) : Promise.reject(end.error as Error);
  // Flight reads it later.
  result.catch(() => undefined);
  const status = end.kind === 'http' ? end.status : end.kind === 'value' ? store.answer?.status ?? (job.route < 0 ? 404 : 200) : 500;
  const shown = store.refresh !== 0 || end.kind === 'http' ? await freshPage(app, store) : undefined;
  const model: Payload | ActionPayload = shown ? { ...shown, result } : { build: app.manifest.config.deploymentId ?? app.manifest.build, result };
  return renderer.payload({ app, out, onGone, status, headers, model, temporaryReferences, place: 'action' });
}

/** The page that the action was called on, whole: what the client has of it may be old. A page that fails must not hide the result. */
async function freshPage(app: App, store: RequestStore): Promise<Payload | undefined> {
  try {
    return (await pagePayload({ app, store, document: false, blockingHead: false })).payload;
  } catch (error) {
    app.report(error, 'render');
    return undefined;
  }
}

/** The target's page comes with the answer if it is one of ours: rendered here, in the same job, after what the action did. */
async function answerRedirect({ store, out, onGone, job }: Answering, app: App, { url, type }: { url: string; type: 'push' | 'replace' }, headers: Header[]): Promise<JobOutcome> {
  const target = redirectTarget(url, job);
  const all: Header[] = [...headers, ['x-action-redirect', `${target};${type}`]];
  const inner = await targetStore(app, store, target);
  if (!inner) {
    out.head(200, all);
    return { result: 'redirect' };
  }
  return requestStorage.run(inner, async () => {
    const { payload } = await pagePayload({ app, store: inner, document: false, blockingHead: false });
    return renderer.payload({ app, out, onGone, status: 200, headers: all, model: payload, place: 'render' });
  });
}

/** The request as it would be for the target: same client, same cookies and those just set, another URL. */
async function targetStore(app: App, store: RequestStore, target: string): Promise<RequestStore | undefined> {
  const resolved = await app.resolve(target).catch((error: unknown) => {
    app.report(error, 'action');
    return undefined;
  });
  if (resolved?.kind !== 'page') return undefined;
  const { route, params, path, query } = resolved;
  const job: Job = { ...store.job, headers: store.job.headers, kind: 'page', target: '', variant: 'rsc', permit: 0, hasBody: false, route, params, path, query };
  const inner = store.derive({ job });
  inner.routePath = '';
  inner.config = {};
  return inner;
}
