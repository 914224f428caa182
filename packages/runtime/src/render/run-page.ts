/** The runner of `page` and `prerender` jobs. */
import { app as currentApp } from '../app.ts';
import { readsRequest, SharedEnded } from '../dynamic.ts';
import { headerOf } from '../headers.ts';
import type { JobContext, JobOutcome } from '../job.ts';
import { answerHtml } from './flight-html.ts';
import { answerPayload } from './flight-payload.ts';
import { blocksForMetadata } from './html-limited-bots.ts';
import type { RequestStore } from '../request-store.ts';
import { untilDynamicOrGone } from '../shared-run.ts';
import { isAnswered } from '../static-params/is-answered.ts';
import { nonceOf } from './nonce.ts';
import { pagePayload } from './page-payload.ts';
import type { Header, Renderer } from './renderer.ts';

export const renderer: Renderer = { html: answerHtml, payload: answerPayload };

/** Of what is made for one visitor. Answers that may be stored get theirs from the front, which knows for how long. */
export const NOT_STORED: Header = ['cache-control', 'private, no-cache, no-store, max-age=0, must-revalidate'];

export function runPage(context: JobContext): Promise<JobOutcome> {
  return untilDynamicOrGone(context, (signal) => renderPage(context, signal));
}

async function renderPage(context: JobContext, signal: AbortSignal): Promise<JobOutcome> {
  const app = currentApp();
  const { job, store, out } = context;
  const unmatched = job.route < 0 || !(await isAnswered(app.manifest, store));
  const stored = job.permit !== 0 || job.kind === 'prerender';
  const headers: Header[] = stored ? [] : [NOT_STORED];
  const status = unmatched ? 404 : 200;
  const document = job.variant === 'html';
  const prefetch = job.variant === 'prefetch' && !stored;
  const { payload, interrupted } = await pagePayload({
    app, store, document, prefetch, unmatched,
    shared: stored,
    have: !document && !stored,
    blockingHead: document && (job.kind === 'prerender' || blocksForMetadata(app.manifest, headerOf(store, 'user-agent'))),
  });
  if (!document) return renderer.payload({ app, out, signal, status, headers, model: payload, place: 'render' });
  return renderer.html({
    app, out, signal, status, headers, payload, interrupted,
    nonce: nonceOf(headerOf(store, 'content-security-policy') ?? headerOf(store, 'content-security-policy-report-only')),
    whole: job.kind === 'prerender',
    keepPayload: job.permit !== 0,
    needSearch: () => needsSearch(store),
  });
}

function needsSearch(store: RequestStore): void {
  try {
    readsRequest(store, 'searchParams', 'searchParams');
  } catch (error) {
    if (!(error instanceof SharedEnded)) throw error;
  }
}
