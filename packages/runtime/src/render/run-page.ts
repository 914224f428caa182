/** The runner of `page` and `prerender` jobs. */
import { prerenderToNodeStream } from 'react-server-dom-webpack/static.node';
import { app as currentApp, type App } from '../app.ts';
import { endDynamic, triedOut } from '../cache-components/try-out.ts';
import { digestOf } from '../digest.ts';
import { readsRequest, SharedEnded } from '../dynamic.ts';
import { headerOf } from '../headers.ts';
import type { JobContext, JobOutcome } from '../job.ts';
import { answerHtml } from './flight-html.ts';
import { answerPayload } from './flight-payload.ts';
import { blocksForMetadata } from './html-limited-bots.ts';
import type { RequestStore } from '../request-store.ts';
import { untilDynamicOrGone, type OnGone } from '../shared-run.ts';
import { isAnswered } from '../static-params/is-answered.ts';
import { nonceOf } from './nonce.ts';
import { pagePayload } from './page-payload.ts';
import { reactMaps } from './react-maps.ts';
import type { Header, Renderer } from './renderer.ts';

export const renderer: Renderer = { html: answerHtml, payload: answerPayload };

/** Of what is made for one visitor. Answers that may be stored get theirs from the front, which knows for how long. */
export const NOT_STORED: Header = ['cache-control', 'private, no-cache, no-store, max-age=0, must-revalidate'];

export function runPage(context: JobContext): Promise<JobOutcome> {
  return untilDynamicOrGone(context, (onGone) => renderPage(context, onGone));
}

async function renderPage(context: JobContext, onGone: OnGone): Promise<JobOutcome> {
  const app = currentApp();
  const { job, store, out } = context;
  const unmatched = job.route < 0 || !(await isAnswered(app.manifest, store));
  const stored = job.permit !== 0 || job.kind === 'prerender';
  const headers: Header[] = stored ? [] : [NOT_STORED];
  const status = unmatched ? 404 : 200;
  const document = job.variant === 'html';
  const prefetch = job.variant === 'prefetch' && !stored;
  if (job.permit !== 0 && app.manifest.config.cacheComponents) {
    const reason = await triedOut(store, (trial) => tryPage(app, trial, unmatched));
    if (reason) {
      endDynamic(store, reason);
      return { result: 'ok' };
    }
  }
  const { payload, interrupted } = await pagePayload({
    app, store, document, prefetch, unmatched,
    shared: stored,
    have: !document && !stored,
    blockingHead: document && (job.kind === 'prerender' || blocksForMetadata(app.manifest, headerOf(store, 'user-agent'))),
  });
  if (!document) return renderer.payload({ app, out, onGone, status, headers, model: payload, place: 'render' });
  return renderer.html({
    app, out, onGone, status, headers, payload, interrupted,
    nonce: nonceOf(headerOf(store, 'content-security-policy') ?? headerOf(store, 'content-security-policy-report-only')),
    whole: job.kind === 'prerender',
    keepPayload: job.permit !== 0,
    needSearch: () => needsSearch(store),
  });
}

/** The page up to its payload, which nobody reads. Errors are rows of it, and are those of the answer. */
async function tryPage(app: App, store: RequestStore, unmatched: boolean): Promise<void> {
  const { payload } = await pagePayload({ app, store, document: true, unmatched, shared: true, blockingHead: true, atOnce: true });
  await prerenderToNodeStream(payload, reactMaps(app.manifest).client, { onError: digestOf });
}

function needsSearch(store: RequestStore): void {
  try {
    readsRequest(store, 'searchParams', 'searchParams');
  } catch (error) {
    if (!(error instanceof SharedEnded)) throw error;
  }
}
