/**
 * From a planned route and its modules to the payload: what is shown where (`tree`), and the element of every segment (`slots`)
 * and of what stands around its children (`parts`). It calls none of the components and nothing of React's renderers, so it
 * is tested as data. The wrapping order of the parts is the client's (`packages/client/src/slot.tsx`).
 */
import { Fragment, createElement as h } from 'react';
import { preload } from 'react-dom';
import type { ComponentType, ReactElement, ReactNode } from 'react';
import { HttpError } from '@ironside/client/boundaries/http-error.tsx';
import { ClientPage } from '@ironside/client/client-page.tsx';
import { Slot, TemplateChildren } from '@ironside/client/slot.tsx';
import type { ErrorFileProps, SegmentParts, SlotId, Tree } from '@ironside/client/payload.ts';
import type { AssetPath, FileKey, SegmentKind, SegmentNode } from '@ironside/protocol/manifest.ts';
import { promiseWithProperties } from '../params.ts';
import { hashOfId } from './have.ts';
import { isLeaf, mainPath, type PlannedSegment, type RouteParams } from './route-plan.ts';
import { componentOf, isClientComponent, type SegmentModules } from './segment-modules.ts';
import type { SearchParams } from './search-params.ts';

export type RouteInput = {
  plan: PlannedSegment;
  modules: SegmentModules;
  searchParams: Promise<SearchParams>;
  /** Hashes of segments that the client has. */
  have: ReadonlySet<string>;
  /** Stop at the first loading boundary. */
  prefetch: boolean;
  /** URL of an asset. */
  assetUrl: (path: AssetPath) => string;
  /** No route matched: the innermost not-found file is the page. */
  unmatched: boolean;
  /** Throw this where the page would be. */
  instead?: { error: unknown };
  /** Metadata that comes after the shell. Shown in the root layout, so that it waits for no loading boundary. */
  lateHead?: ReactNode;
  /** Stands beside the page, inside of its boundaries. */
  besidePage?: ReactNode;
};

/** What the payload has of it. */
export type RouteElements = {
  tree: Tree;
  root?: SlotId;
  slots: Record<SlotId, ReactNode>;
  parts: Record<SlotId, SegmentParts>;
};

/** Of the slot beside `children` in the root layout that late metadata is shown in. */
export const HEAD_SLOT = '%head';
const HEAD_ID = 'H';

export function routeElements(input: RouteInput): RouteElements {
  const path = mainPath(input.plan);
  const page = path.at(-1);
  const rootLayout = path.find(({ node }) => node.files.layout !== undefined);
  const out: RouteElements = { tree: input.plan.tree, slots: {}, parts: {} };
  const top = rootLayout ?? input.plan;
  if (rootLayout) out.root = rootLayout.id;
  top.tree.slots = { ...top.tree.slots, [HEAD_SLOT]: { id: HEAD_ID, segment: '__HEAD__' } };
  out.slots[HEAD_ID] = input.lateHead ?? null;
  // A prefetch without a loading file is the tree alone: nothing of the page may run, and without it there is nothing to show.
  if (input.prefetch && !path.some(({ node }) => node.files.loading !== undefined)) return out;

  const visit = (segment: PlannedSegment, covered: boolean): void => {
    const { node, id } = segment;
    const leaf = isLeaf(node);
    if (input.prefetch && (covered || (leaf && node.files.page !== undefined))) return;
    const has = !leaf && input.have.has(hashOfId(id));
    if (!has) {
      out.slots[id] = leaf ? leafElement(segment, segment === page, input) : segmentElement(segment, segment === top, rootLayout !== undefined, input);
      const parts = partsOf(node, input);
      if (parts && !leaf) out.parts[id] = parts;
    }
    for (const child of segment.children) visit(child, covered || node.files.loading !== undefined);
  };
  visit(input.plan, false);
  return out;
}

function segmentElement(segment: PlannedSegment, top: boolean, hasRootLayout: boolean, input: RouteInput): ReactNode {
  const { node, params } = segment;
  const children = top ? h(Fragment, null, h(Slot, { name: 'children' }), h(Slot, { name: HEAD_SLOT })) : h(Slot, { name: 'children' });
  const styles = stylesOf([node.files.layout, node.files.error], input);
  const layout = loadedOf(node.files.layout, input);
  if (!layout) {
    // Without any root layout (a not-found file alone) the document is ours.
    const content = top && !hasRootLayout ? h('html', null, h('body', null, children)) : children;
    return withStyles(styles, content);
  }
  const props: Record<string, unknown> = { params: promiseWithProperties(params) };
  for (const child of segment.children) if (child.slot !== 'children') props[child.slot] = h(Slot, { name: child.slot });
  return withStyles(styles, h(componentOf(layout), props, children));
}

function leafElement({ node, params }: PlannedSegment, isPage: boolean, input: RouteInput): ReactNode {
  if (isPage && input.instead) return h(Thrown, { error: input.instead.error });
  if (isPage && input.unmatched) return h(Fragment, null, h('meta', { name: 'robots', content: 'noindex' }), notFoundElement(input));
  const loaded = loadedOf(node.files.page ?? node.files.default, input);
  if (!loaded) return null;
  const shown = pageElement(componentOf(loaded), loaded.segment.kind, params, input.searchParams);
  return withStyles(stylesOf([loaded.file], input), isPage && input.besidePage ? h(Fragment, null, shown, input.besidePage) : shown);
}

/** The search is not handed to a client component: sending it would count as reading it. */
function pageElement(component: ComponentType<Record<string, unknown>>, kind: SegmentKind, values: RouteParams, searchParams: Promise<SearchParams>): ReactElement {
  const params = promiseWithProperties(values);
  if (kind === 'default') return h(component, { params });
  return isClientComponent(component) ? h(ClientPage, { page: component as never, params }) : h(component, { params, searchParams });
}

/** A component that throws. What a page's boundary shows for it is what it would show for the page. */
function Thrown({ error }: { error: unknown }): never {
  throw error;
}

/** The innermost not-found file of the tree, or ours. */
function notFoundElement(input: RouteInput): ReactNode {
  const file = mainPath(input.plan).map(({ node }) => node.files['not-found']).findLast((found) => found !== undefined);
  return element(file ?? mainPath(input.plan).at(-1)?.node.files.page, input) ?? h(HttpError, { status: 404 });
}

function partsOf(node: SegmentNode, input: RouteInput): SegmentParts | undefined {
  const parts: SegmentParts = {};
  const set = (name: 'loading' | 'notFound' | 'forbidden' | 'unauthorized', kind: SegmentKind) => {
    const made = element(node.files[kind], input);
    if (made !== undefined) parts[name] = made;
  };
  const template = loadedOf(node.files.template, input);
  if (template) parts.template = withStyles(stylesOf([template.file], input), h(componentOf(template), null, h(TemplateChildren)));
  const error = loadedOf(node.files.error, input);
  if (error) parts.error = componentOf(error) as unknown as ComponentType<ErrorFileProps>;
  set('loading', 'loading');
  if (!input.unmatched) set('notFound', 'not-found');
  set('forbidden', 'forbidden');
  set('unauthorized', 'unauthorized');
  return Object.keys(parts).length > 0 ? parts : undefined;
}

function element(file: FileKey | undefined, input: RouteInput): ReactElement | undefined {
  const loaded = loadedOf(file, input);
  return loaded && withStyles(stylesOf([loaded.file], input), h(componentOf(loaded)));
}

function loadedOf(file: FileKey | undefined, { modules }: RouteInput) {
  return file === undefined ? undefined : modules.get(file);
}

type Styles = { sheets: string[]; fonts: string[] };

function stylesOf(files: (FileKey | undefined)[], { modules, assetUrl }: RouteInput): Styles {
  const urls = (kind: 'styles' | 'fonts'): string[] => {
    const paths = new Set<AssetPath>();
    for (const file of files) for (const path of (file !== undefined && modules.get(file)?.segment[kind]) || []) paths.add(path);
    return [...paths].map(assetUrl);
  };
  return { sheets: urls('styles'), fonts: urls('fonts') };
}

/** React puts the links into the head, in this order, once each, and waits for them before it shows what stands beside them. */
function withStyles({ sheets, fonts }: Styles, content: ReactElement): ReactElement {
  if (sheets.length === 0) return content;
  const links = sheets.map((href) => h('link', { rel: 'stylesheet', href, precedence: 'default' }));
  return h(Fragment, null, ...(fonts.length > 0 ? [h(Fonts, { urls: fonts })] : []), ...links, content);
}

/** A browser would ask for a font only when it has met a text in it. */
function Fonts({ urls }: { urls: string[] }): null {
  for (const url of urls) preload(url, { as: 'font', type: `font/${url.slice(url.lastIndexOf('.') + 1)}`, crossOrigin: 'anonymous' });
  return null;
}
