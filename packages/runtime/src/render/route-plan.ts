/**
 * The manifest's tree of a route with this request's parameters in it: every segment gets its slot id, the parameters in its
 * scope, and its node of the tree that the client sees. Pure; `route-elements.ts` hangs the elements on it.
 */
import type { Tree } from '@ironside/client/payload.ts';
import type { PatternPart, SegmentNode } from '@ironside/protocol/manifest.ts';
import type { JobParam } from '../job.ts';

export type RouteParams = Record<string, string | string[]>;

/** A segment of the route, or a leaf that stands for a `page` or `default` file. */
export type PlannedSegment = {
  id: string;
  node: SegmentNode;
  /** The parameters of this segment and of those around it, as in the URL. */
  params: RouteParams;
  /** Name of the slot that it stands in. */
  slot: string;
  children: PlannedSegment[];
  tree: Tree;
};

type Position = {
  /** Ids of the segments around, joined by `/`. */
  trail: string;
  slot: string;
  params: RouteParams;
  /** How many parts of the URL's path the segments around stand for. */
  depth: number;
};

const KINDS = { dynamic: 'd', 'catch-all': 'c', 'optional-catch-all': 'oc' } as const;

/** `path` is the URL's path: a slot may name a parameter that the route's pattern does not have, and then takes it from there. */
export function planRoute(root: SegmentNode, jobParams: readonly JobParam[], path: string): PlannedSegment {
  const byName = new Map(jobParams.map((param) => [param.name, param]));
  const parts = path.split('/').filter((part) => part !== '');

  const bind = (part: PatternPart, depth: number): JobParam | undefined => {
    if (part.kind === 'static') return undefined;
    const known = byName.get(part.name);
    if (known) return known;
    const values = part.kind === 'dynamic' ? parts.slice(depth, depth + 1) : parts.slice(depth);
    return { name: part.name, values, kind: KINDS[part.kind] };
  };

  const plan = (node: SegmentNode, { trail, slot, params, depth }: Position): PlannedSegment => {
    const bound = node.param ? bind(node.param, depth) : undefined;
    const value = bound && valueOf(bound);
    const scope = bound && value !== undefined ? { ...params, [bound.name]: value } : params;
    const named = bound ? `${node.segment}=${bound.values.join('/')}` : node.segment;
    const leaf = isLeaf(node);
    const step = leaf || node.segment.startsWith('@') ? '' : named;
    const here = [trail, slot === 'children' || slot === '' ? '' : `@${slot}`, step].filter((piece) => piece !== '').join('/');
    const inner = { trail: here, params: scope, depth: depth + depthOf(node, bound) };
    const children = Object.entries(node.slots)
      .sort(([a], [b]) => Number(b === 'children') - Number(a === 'children') || (a < b ? -1 : 1))
      .map(([name, child]) => plan(child, { ...inner, slot: name }));
    const id = `${letterOf(node)}/${here}`;
    return { id, node, params: scope, slot, children, tree: treeOf(id, node, bound, children) };
  };
  return plan(root, { trail: '', slot: '', params: {}, depth: 0 });
}

export const isLeaf = (node: SegmentNode): boolean => Object.keys(node.slots).length === 0 && (node.files.page !== undefined || node.files.default !== undefined || node.segment.startsWith('__'));

function letterOf(node: SegmentNode): 'L' | 'P' | 'D' {
  if (!isLeaf(node)) return 'L';
  return node.files.default !== undefined && node.files.page === undefined ? 'D' : 'P';
}

/** Values as in the URL; undefined for an optional catch-all that matched nothing. */
function valueOf({ kind, values }: JobParam): string | string[] | undefined {
  if (kind === 'd') return values[0] ?? '';
  return values.length > 0 ? values : undefined;
}

/** Groups, slots and leaves are no part of the URL. */
function depthOf(node: SegmentNode, bound: JobParam | undefined): number {
  if (bound) return bound.values.length;
  const { segment } = node;
  if (segment === '' || isLeaf(node) || segment.startsWith('@')) return 0;
  return /^\([^.)][^)]*\)$/.test(segment) ? 0 : 1;
}

function treeOf(id: string, node: SegmentNode, bound: JobParam | undefined, children: PlannedSegment[]): Tree {
  const tree: Tree = { id, segment: bound ? bound.values.join('/') : node.segment };
  const value = bound && valueOf(bound);
  if (bound && value !== undefined) tree.param = [bound.name, value, bound.kind];
  if (!isLeaf(node)) tree.slots = Object.fromEntries(children.map((child) => [child.slot, child.tree]));
  return tree;
}

/** From the root to the page, along `children`. */
export function mainPath(root: PlannedSegment): PlannedSegment[] {
  const path = [root];
  for (let at = root; ; ) {
    const next = at.children.find((child) => child.slot === 'children') ?? at.children[0];
    if (!next) return path;
    path.push(next);
    at = next;
  }
}

export function paramsOf(jobParams: readonly JobParam[]): RouteParams {
  const params: RouteParams = {};
  for (const param of jobParams) {
    const value = valueOf(param);
    if (value !== undefined) Object.defineProperty(params, param.name, { value, enumerable: true, configurable: true, writable: true });
  }
  return params;
}
