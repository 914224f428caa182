/**
 * Merging a payload into what is shown. Pure: neither React nor the DOM, so the invariants are tested with random sequences: a view
 * never names a slot that it lacks, and no slot ever stands under another id.
 */
import type { ReactNode } from 'react';
import type { Payload, SegmentParts, SlotId, Tree } from '../payload.ts';
import { knownUrl } from '../view.ts';
import type { Origin, View } from '../view.ts';

export type Merged =
  | { kind: 'view'; view: View; /** The page itself is still to come. */ shell: boolean }
  /** The payload leaves out what the client does not have (a collision of hashes, or a prefetch from another page). */
  | { kind: 'missing'; ids: SlotId[] }
  /** Another deployment, or another root layout: only a document load can show it. */
  | { kind: 'document'; reason: 'build' | 'root' };

type Slots = Record<SlotId, ReactNode | Promise<ReactNode>>;
type Parts = Record<SlotId, SegmentParts>;

type Options = {
  /** Number of the view that is made. */
  number: number;
  /** Stands for what a partial payload does not have yet: something that suspends. */
  hold?: ReactNode | Promise<ReactNode>;
  /**
   * What is shown of layouts stays, even if the payload has them: it may be one that was made for everybody, which leaves nothing out.
   * Not for payloads that are to bring what is new.
   */
  keepLayouts?: boolean;
  /** Whose slots are kept where the URL matches none: `current`, unless this says otherwise. `none`: nobody's, as in a document load. */
  unmatched?: View | 'none' | undefined;
  /** Where the browser came from when that view was entered. */
  from?: string | undefined;
  /** Payloads for what the URL does not match. */
  beside?: readonly Beside[] | undefined;
};

/** Fresh content of slots that the URL does not match, asked for under the URL that they come from. */
export type Beside = { origin: Origin; payload: Payload };

/** A subtree that is kept, and where its slots are. */
type Kept = { slots: Slots; parts: Parts; origin: Origin };

const isDefault = (tree: Tree): boolean => tree.segment === '__DEFAULT__';
const isPage = (tree: Tree): boolean => tree.segment === '__PAGE__';
/** Pages and defaults: of them the client never says that it has them, as they depend on the search too. */
const isLeaf = (tree: Tree): boolean => tree.slots === undefined;

export function merge(current: View, payload: Payload, { number, hold, keepLayouts = false, unmatched = current, from, beside = [] }: Options): Merged {
  if (payload.build !== current.build) return { kind: 'document', reason: 'build' };
  if (payload.root !== undefined && current.root !== undefined && payload.root !== current.root) return { kind: 'document', reason: 'root' };
  const kept = new Map<Tree, Kept>();
  const before = unmatched === 'none' ? undefined : unmatched;
  const tree = before ? keepUnmatched(before, payload.tree, kept, { from, beside }) : payload.tree;
  const slots: Slots = {};
  const parts: Parts = {};
  const origins: Record<SlotId, Origin> = {};
  const missing: SlotId[] = [];
  const held: SlotId[] = [];
  const isHeld = (id: SlotId): boolean => current.held.includes(id);

  const visit = (node: Tree, covered: boolean, around: Kept | undefined): void => {
    const { id } = node;
    const here = kept.get(node);
    if (here) origins[id] = here.origin;
    const source = here ?? around;
    // The pages of a partial payload may be of another search: a loading shell is kept for all of them.
    if (source && Object.hasOwn(source.slots, id)) {
      slots[id] = source.slots[id];
      setParts(parts, id, source.parts[id]);
      if (source.slots === before?.slots && before.held.includes(id)) held.push(id);
    } else if (!source && !isLeaf(node) && Object.hasOwn(current.slots, id) && !isHeld(id) && (keepLayouts || !Object.hasOwn(payload.slots, id))) {
      slots[id] = current.slots[id];
      setParts(parts, id, payload.parts[id] ?? current.parts[id]);
    } else if (!source && Object.hasOwn(payload.slots, id) && !(payload.partial && isPage(node))) {
      slots[id] = payload.slots[id];
      setParts(parts, id, payload.parts[id]);
    } else if (payload.partial && covered) {
      slots[id] = hold;
      setParts(parts, id, payload.parts[id]);
      held.push(id);
    } else {
      missing.push(id);
    }
    const below = covered || parts[id]?.loading !== undefined;
    for (const child of Object.values(node.slots ?? {})) visit(child, below, source);
  };
  visit(tree, false, undefined);
  if (missing.length > 0) return { kind: 'missing', ids: missing };
  const view: View = {
    number,
    build: payload.build,
    // Whoever shows it under a URL of his own (`state.ts`) says so.
    url: knownUrl(payload, ''),
    // The same object for the same params: effects depend on it.
    params: sameParams(current.params, payload.params) ? current.params : payload.params,
    root: payload.root ?? current.root,
    settings: current.settings,
    tree,
    slots,
    parts,
    origins,
    held,
    globalError: payload.globalError ?? current.globalError,
    head: payload.head,
    failure: undefined,
  };
  return { kind: 'view', view, shell: payload.partial === true };
}

function sameParams(a: View['params'], b: View['params']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}

function setParts(parts: Parts, id: SlotId, own: SegmentParts | undefined): void {
  if (own) parts[id] = own;
}

/**
 * A slot that the new URL does not match keeps showing what it shows (its default file is for document loads), as long as the segment
 * around is the same. Adds the roots of what is kept to `kept`.
 */
function keepUnmatched(current: View, tree: Tree, kept: Map<Tree, Kept>, { from, beside }: { from: string | undefined; beside: readonly Beside[] }): Tree {
  const keep = (parent: Tree, name: string, before: Tree): Tree => {
    const origin = current.origins[before.id] ?? { path: current.url.path, search: current.url.search, from };
    const fresh = beside.find((one) => sameOrigin(one.origin, origin) && one.payload.build === current.build)?.payload;
    const renewed = fresh && slotIn(fresh.tree, parent.id, name);
    if (fresh && renewed && !isDefault(renewed)) {
      const node = visit(before, renewed);
      kept.set(node, { slots: fresh.slots, parts: fresh.parts, origin });
      return node;
    }
    keepInside(before);
    kept.set(before, { slots: current.slots, parts: current.parts, origin });
    return before;
  };
  const keepInside = (node: Tree): void => {
    for (const child of Object.values(node.slots ?? {})) {
      const origin = current.origins[child.id];
      if (origin) kept.set(child, { slots: current.slots, parts: current.parts, origin });
      keepInside(child);
    }
  };
  const visit = (old: Tree, next: Tree): Tree => {
    if (old.id !== next.id || !next.slots || !old.slots) return next;
    const slots: Record<string, Tree> = {};
    for (const [name, child] of Object.entries(next.slots)) {
      const before = Object.hasOwn(old.slots, name) ? old.slots[name] : undefined;
      if (!before) slots[name] = child;
      else slots[name] = isDefault(child) && !isDefault(before) ? keep(next, name, before) : visit(before, child);
    }
    return { ...next, slots };
  };
  return visit(current.tree, tree);
}

/** What a tree has in a slot of the segment with that id. */
function slotIn(tree: Tree, parent: SlotId, name: string): Tree | undefined {
  if (tree.id === parent) return tree.slots?.[name];
  for (const child of Object.values(tree.slots ?? {})) {
    const found = slotIn(child, parent, name);
    if (found) return found;
  }
  return undefined;
}

const sameOrigin = (a: Origin, b: Origin): boolean => a.path === b.path && a.search === b.search && a.from === b.from;

/** The URLs under which what is kept of a view is to be asked for, once each. */
export function originsOf({ origins }: View): Origin[] {
  const all = Object.values(origins);
  return all.filter((origin, index) => all.findIndex((other) => sameOrigin(origin, other)) === index);
}

/** An earlier view, as it is shown again: what stands around it is taken from what is shown now, so that kept layouts stay as they are. */
export function restore(earlier: View, current: View, number: number): View {
  const slots: Slots = { ...earlier.slots };
  const parts: Parts = { ...earlier.parts };
  const visit = (node: Tree): void => {
    // What is only held now would never come: nobody asks for anything when an entry is restored.
    if (!isLeaf(node) && Object.hasOwn(current.slots, node.id) && !current.held.includes(node.id)) {
      slots[node.id] = current.slots[node.id];
      const own = current.parts[node.id];
      if (own) parts[node.id] = own;
      else delete parts[node.id];
    }
    for (const child of Object.values(node.slots ?? {})) visit(child);
  };
  visit(earlier.tree);
  return { ...earlier, slots, parts, number };
}

/** The outermost slot that is another one than before; the page if none is. What a navigation scrolls to. */
export function firstChanged(old: Tree, next: Tree): SlotId {
  if (old.id !== next.id) return next.id;
  const names = Object.keys(next.slots ?? {});
  for (const name of names) {
    const before = old.slots?.[name];
    const after = next.slots?.[name];
    if (!after) continue;
    if (!before || before.id !== after.id) return after.id;
    const inside = firstChanged(before, after);
    if (!leafIds(before).has(inside)) return inside;
  }
  const page = next.slots?.['children'];
  return page ? firstChanged(old.slots?.['children'] ?? page, page) : next.id;
}

function leafIds(tree: Tree): Set<SlotId> {
  const ids = new Set<SlotId>();
  const visit = (node: Tree): void => {
    const children = Object.values(node.slots ?? {});
    if (children.length === 0) ids.add(node.id);
    for (const child of children) visit(child);
  };
  visit(tree);
  return ids;
}

/** Ids of the segments (not pages) that a view shows: what the client may say it has. */
export function segmentIds({ tree, held }: View): SlotId[] {
  const all = (node: Tree): SlotId[] => (node.slots ? [node.id, ...Object.values(node.slots).flatMap(all)] : []);
  return all(tree).filter((id) => !held.includes(id));
}
