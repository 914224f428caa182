/** From a matched route to its payload: loads the modules, starts the metadata, makes the elements. */
import type { ClientSettings, Payload } from '@ironside/client/payload.ts';
import type { Manifest, SegmentNode } from '@ironside/protocol/manifest.ts';
import type { App } from '../app.ts';
import { during } from '../cache-components/warmth.ts';
import type { Job } from '../job.ts';
import type { RequestStore } from '../request-store.ts';
import { assetUrl } from './asset-url.ts';
import { parseHave } from './have.ts';
import { resolveHead } from './metadata/resolve-head.ts';
import { routeElements } from './route-elements.ts';
import { paramsOf, planRoute } from './route-plan.ts';
import { searchParamsPromise } from './search-params.ts';
import { loadSegments } from './segment-modules.ts';

export type PageOptions = {
  app: App;
  store: RequestStore;
  /** As a document: the whole page, and what the client has to know of the configuration. */
  document: boolean;
  prefetch?: boolean;
  /** Show the not-found tree. Always so where the job names no route. */
  unmatched?: boolean;
  /** Leave out what the client says it has. Not after an action: what it has may be old. */
  have?: boolean;
  /** Throw this where the page would be. */
  instead?: { error: unknown };
  formState?: unknown;
  /** Made for everybody who asks for the path, with whatever query. */
  shared?: boolean;
  /** Hold everything back until the metadata is known. */
  blockingHead: boolean;
  /** Give the payload at once, with promises for what is not there. */
  atOnce?: boolean;
};

export type PagePayload = {
  payload: Payload;
  /** The redirect or not-found that `generateMetadata` has thrown by now. */
  interrupted: () => { error: unknown } | undefined;
};

/** Of the job in the store. Its `route` is -1 for the not-found tree. */
export async function pagePayload(options: PageOptions): Promise<PagePayload> {
  const { app, store, document } = options;
  const { manifest } = app;
  const { job } = store;
  const unmatched = job.route < 0 || options.unmatched === true;
  const root = unmatched ? notFoundTree(manifest) : pageTree(manifest, job);
  enterRoute(manifest, store);
  const plan = planRoute(root, job.params, job.path);
  const globalError = manifest.globalError === null ? [] : [manifest.globalError];
  const modules = await during(store.warmth, () => loadSegments(manifest, root, globalError));
  const searchParams = searchParamsPromise(store, job.query);
  const head = await resolveHead({ app, store, plan, modules, searchParams, unmatched, blocking: options.blockingHead, atOnce: options.atOnce === true, none: options.prefetch === true });
  const elements = routeElements({
    plan, modules, searchParams, unmatched,
    have: options.have ? parseHave(job.headers.find(([name]) => name === 'ironside-have')?.[1]) : new Set(),
    prefetch: options.prefetch === true,
    assetUrl: (path) => assetUrl(manifest, path),
    ...(options.instead ? { instead: options.instead } : {}),
    lateHead: head.late,
    besidePage: head.outlet,
  });
  const payload: Payload = {
    build: manifest.config.deploymentId ?? manifest.build,
    url: { path: job.path, search: searchOf(options), route: store.routePath },
    params: paramsOf(job.params),
    ...elements,
    head: head.now,
  };
  if (document) payload.settings = settingsOf(manifest);
  const shown = manifest.globalError === null ? undefined : modules.get(manifest.globalError)?.exports['default'];
  if (shown !== undefined) payload.globalError = shown as NonNullable<Payload['globalError']>;
  if (options.prefetch) payload.partial = true;
  if (options.formState !== undefined) payload.formState = options.formState;
  return { payload, interrupted: head.interrupted };
}

/** A `force-static` page sees an empty query, everything else that is shared has to ask the browser. */
function searchOf({ store, shared }: PageOptions): string | null {
  if (store.config.dynamic === 'force-static') return '';
  if (shared) return null;
  return store.job.query === '' ? '' : `?${store.job.query}`;
}

/** Tells the store which route runs, for logs and for the rules of its segment config. */
export function enterRoute(manifest: Manifest, store: RequestStore): void {
  const route = manifest.routes[store.job.route];
  store.routePath = route?.path ?? (store.job.route < 0 ? '/_not-found' : '');
  const config = route ? route.config : store.job.route < 0 ? manifest.notFoundConfig : undefined;
  if (!config) return;
  const { dynamic, revalidate, fetchCache } = config;
  store.config = { dynamic: dynamic ?? undefined, revalidate: revalidate ?? undefined, fetchCache: fetchCache ?? undefined };
  if (dynamic === 'force-dynamic' || revalidate === 0) store.dynamic ??= 'config';
  if (revalidate !== null && revalidate > 0) store.revalidate = Math.min(store.revalidate ?? revalidate, revalidate);
}

function pageTree(manifest: Manifest, job: Job): SegmentNode {
  const route = manifest.routes[job.route];
  if (route?.kind !== 'page' || !route.tree) {
    throw new Error(`The job names route ${job.route} as a page, but ${route ? `that is the ${route.kind} ${route.path}` : `the manifest has ${manifest.routes.length} routes`}.`);
  }
  return route.tree;
}

const PAGE: SegmentNode = { segment: '__PAGE__', param: null, files: {}, slots: {} };

/** The tree for URLs that no route matches, with a leaf for what is shown. */
function notFoundTree(manifest: Manifest): SegmentNode {
  const complete = (node: SegmentNode): SegmentNode => {
    if (node.segment.startsWith('__')) return node;
    const child = node.slots['children'];
    return { ...node, slots: { ...node.slots, children: child ? complete(child) : PAGE } };
  };
  return complete(manifest.notFound ?? { segment: '', param: null, files: {}, slots: {} });
}

function settingsOf({ actions, config }: Manifest): ClientSettings {
  const settings: ClientSettings = {};
  if (config.basePath !== '') settings.basePath = config.basePath;
  if (config.trailingSlash) settings.trailingSlash = true;
  if (config.staleTimeDynamic !== 0 || config.staleTimeStatic !== 300) settings.staleTimes = { dynamic: config.staleTimeDynamic, static: config.staleTimeStatic };
  const concurrent = Object.keys(actions).filter((id) => actions[id]?.options?.concurrent && actions[id].reach.length > 0);
  if (concurrent.length > 0) settings.concurrent = concurrent;
  return settings;
}
