/**
 * The `<head>` of a route: `metadata`, `generateMetadata`, `viewport`, `generateViewport` and metadata files of its layouts and its page,
 * resolved beside the page. What needs no waiting is in the shell; what `generateMetadata` makes follows when it is there, unless
 * the reader only looks at the head (`blocking`).
 */
import { Fragment, Suspense, createElement as h } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { readInterrupt } from '@ironside/client/digest.ts';
import type { App } from '../../app.ts';
import { promiseWithProperties } from '../../params.ts';
import type { RequestStore } from '../../request-store.ts';
import { isLeaf, type PlannedSegment } from '../route-plan.ts';
import type { SearchParams } from '../search-params.ts';
import type { LoadedSegment, SegmentModules } from '../segment-modules.ts';
import { fileMetadata } from './files.ts';
import { NO_TEMPLATES, mergeMetadata, type Templates } from './merge.ts';
import { fieldsOf, type Fields } from './read.ts';
import { emptyMetadata, type Icon, type ResolvedMetadata } from './resolved.ts';
import { fillSocial } from './social.ts';
import { metadataTags } from './tags.ts';
import { DEFAULT_VIEWPORT, mergeViewport, viewportTags } from './viewport.ts';

export type HeadInput = {
  app: App;
  store: RequestStore;
  plan: PlannedSegment;
  modules: SegmentModules;
  searchParams: Promise<SearchParams>;
  unmatched: boolean;
  /** The shell waits for everything. */
  blocking: boolean;
  /** Nothing is waited for here. */
  atOnce: boolean;
  /** A prefetch: nothing of the page may run. */
  none: boolean;
};

export type Head = {
  /** Of the shell. */
  now: ReactNode;
  /** Of later. Never fails. */
  late: ReactNode;
  /** Stands beside the page and fails with what `generateMetadata` threw, so that the page's boundaries show it. */
  outlet: ReactNode;
  /** The redirect or not-found that `generateMetadata` has thrown by now. */
  interrupted: () => { error: unknown } | undefined;
};

/** A layout or page of the route, from the root to the leaf. */
type Source = {
  loaded: LoadedSegment;
  segment: PlannedSegment;
  /** Ids of the segments around, whose title templates count. A layout's template is for the segments below it, not for the page beside it. */
  above: ReadonlySet<string>;
  leaf: boolean;
};

const nothing = (): undefined => undefined;

export async function resolveHead(input: HeadInput): Promise<Head> {
  if (input.none) return { now: null, late: null, outlet: null, interrupted: nothing };
  const sources = sourcesOf(input);
  const viewport = resolveViewport(sources, input);
  const metadata = resolveMetadata(sources, input);
  const tags = metadata.then((resolved) => fragment(metadataTags(resolved)));
  const failure: { current?: { error: unknown } } = {};
  tags.catch((error: unknown) => { failure.current = { error }; });
  const interrupted = () => (failure.current && readInterrupt(failure.current.error) ? failure.current : undefined);
  const shell = viewport.then((resolved) => fragment(viewportTags(resolved)));
  shell.catch(nothing);
  if (!sources.some(generates)) {
    const now = Promise.all([shell, tags]).then(fragment);
    return { now: input.atOnce ? now : (await settled(now)).node, late: null, outlet: null, interrupted };
  }
  // What fails is shown elsewhere; the document keeps the head of the segments that need nothing for theirs.
  const quiet = tags.catch(() => resolveMetadata(sources.filter((source) => !generates(source)), input).then((resolved) => fragment(metadataTags(resolved)), () => null));
  const outlet = h(Outlet, { tags });
  if (input.blocking) return { now: Promise.all([shell, quiet]).then(fragment), late: null, outlet, interrupted };
  return { now: (await settled(shell)).node, late: h(Suspense, { fallback: null }, h(Late, { tags: quiet })), outlet: h(Suspense, { fallback: null }, outlet), interrupted };
}

/** The element if it is there before the page begins, else its promise: the page does not wait. In a box, as a promise would be awaited. */
async function settled(promise: Promise<ReactElement>): Promise<{ node: ReactNode }> {
  let element: ReactElement | undefined;
  promise.then((made) => { element = made; }, nothing);
  await new Promise((resolve) => setImmediate(resolve));
  return { node: element ?? promise };
}

async function Late({ tags }: { tags: Promise<ReactNode> }): Promise<ReactNode> {
  return tags;
}

async function Outlet({ tags }: { tags: Promise<ReactNode> }): Promise<ReactNode> {
  await tags;
  return null;
}

const generates = ({ loaded }: Source): boolean => typeof loaded.exports['generateMetadata'] === 'function';

const fragment = (elements: readonly ReactNode[]): ReactElement => h(Fragment, null, ...elements);

/** Slots beside `children` come first, so that the page has the last word. */
function sourcesOf({ plan, modules, unmatched }: HeadInput): Source[] {
  const visit = (segment: PlannedSegment, above: ReadonlySet<string>): Source[] => {
    const { files } = segment.node;
    const leaf = isLeaf(segment.node);
    const file = leaf ? (unmatched ? undefined : files.page ?? files.default) : files.layout;
    const loaded = file === undefined ? undefined : modules.get(file);
    const below = segment.children.toSorted((a, b) => Number(a.slot === 'children') - Number(b.slot === 'children'));
    const around = new Set(above).add(segment.id);
    return [...(loaded ? [{ loaded, segment, above, leaf }] : []), ...below.flatMap((child) => visit(child, isLeaf(child.node) ? above : around))];
  };
  const sources = visit(plan, new Set());
  const notFound = unmatched ? notFoundSource(plan, modules) : undefined;
  return notFound ? [...sources, notFound] : sources;
}

/** A not-found file may have a title of its own. */
function notFoundSource(plan: PlannedSegment, modules: SegmentModules): Source | undefined {
  const file = plan.node.files['not-found'];
  const loaded = file === undefined ? undefined : modules.get(file);
  return loaded && { loaded, segment: plan, above: new Set([plan.id]), leaf: true };
}

function propsOf({ segment, leaf }: Source, searchParams: Promise<SearchParams>): Record<string, unknown> {
  const params = promiseWithProperties(segment.params);
  return leaf ? { params, searchParams } : { params };
}

type Generate = (props: Record<string, unknown>, parent: Promise<unknown>) => unknown;

/** All `generateMetadata` run at once; who wants to know what is above waits for it. */
async function resolveMetadata(sources: Source[], { app, store, searchParams }: HeadInput): Promise<ResolvedMetadata> {
  const context = { pathname: store.job.path, trailingSlash: app.manifest.config.trailingSlash };
  let above: Promise<State> = Promise.resolve({ metadata: emptyMetadata(), templates: [], favicon: [] });
  for (const source of sources) {
    const parent = above;
    const own = ownMetadata(source, parent.then(({ metadata }) => metadata), searchParams);
    const files = fileMetadata(app, source.loaded.segment, source.segment.params);
    own.catch(nothing);
    files.catch(nothing);
    above = (async () => {
      const { metadata, templates, favicon } = await parent;
      const found = await files;
      const merged = mergeMetadata(metadata, await own, found, templatesFor(templates, source.above), context);
      const next = { title: merged.title?.template ?? null, openGraph: merged.openGraph?.title?.template ?? null, twitter: merged.twitter?.title?.template ?? null };
      return { metadata: merged, templates: source.leaf ? templates : [...templates, { id: source.segment.id, own: next }], favicon: found && found.favicon.length > 0 ? found.favicon : favicon };
    })();
    above.catch(nothing);
  }
  const { metadata, favicon } = await above;
  const resolved = { ...metadata };
  if (favicon.length > 0) resolved.icons = { shortcut: [], apple: [], other: [], ...resolved.icons, icon: [...favicon, ...(resolved.icons?.icon ?? [])] };
  fillSocial(resolved);
  return resolved;
}

type State = { metadata: ResolvedMetadata; templates: { id: string; own: Templates }[]; favicon: Icon[] };

function templatesFor(all: State['templates'], above: ReadonlySet<string>): Templates {
  return all.findLast(({ id }) => above.has(id))?.own ?? NO_TEMPLATES;
}

async function ownMetadata(source: Source, parent: Promise<ResolvedMetadata>, searchParams: Promise<SearchParams>): Promise<Fields> {
  const { exports } = source.loaded;
  const generate = exports['generateMetadata'];
  const own = typeof generate === 'function' ? await (generate as Generate)(propsOf(source, searchParams), parent) : exports['metadata'];
  return fieldsOf(own) ?? {};
}

async function resolveViewport(sources: Source[], { searchParams }: HeadInput): Promise<Fields> {
  let above: Promise<Fields> = Promise.resolve(DEFAULT_VIEWPORT);
  for (const source of sources) {
    const generate = source.loaded.exports['generateViewport'];
    const parent = above;
    const own = typeof generate === 'function' ? Promise.resolve().then(() => (generate as Generate)(propsOf(source, searchParams), parent)) : Promise.resolve(source.loaded.exports['viewport']);
    own.catch(nothing);
    above = (async () => mergeViewport(await parent, await own))();
    above.catch(nothing);
  }
  return above;
}
