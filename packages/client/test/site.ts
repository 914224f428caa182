/** A small site for the router's tests: which tree a URL has, and what the server answers. The content of every slot is its own id. */
import type { Payload, SegmentParts, SlotId, Tree } from '../src/payload.ts';
import type { View } from '../src/view.ts';
import { viewOf } from '../src/view.ts';

export const PATHS = ['/', '/a', '/a/x', '/a/y', '/b', '/b/1', '/b/2', '/pics', '/pics/1', '/pics/2'] as const;

const page = (path: string): Tree => ({ id: `P${path}`, segment: '__PAGE__' });
const segment = (id: SlotId, name: string, slots: Record<string, Tree>): Tree => ({ id: `L${id}`, segment: name, slots });
const unmatched = (path: string, slot: string): Tree => ({ id: `D${path}@${slot}`, segment: '__DEFAULT__' });

/** `/pics/<n>` from `/pics` opens in the modal slot and leaves the children unmatched. */
export function treeOf(path: string, from?: string): Tree {
  const [, first = '', second = ''] = path.split('/');
  if (first === '') return segment('/', '', { children: page('/') });
  if (first === 'pics') {
    const modal = second !== '' && from === '/pics';
    const slots = {
      children: modal ? unmatched('/pics', 'children') : second === '' ? page('/pics') : segment(`/pics/${second}`, second, { children: page(path) }),
      modal: modal ? segment(`/pics@modal/(.)${second}`, `(.)${second}`, { children: page(`/pics@modal/${second}`) }) : unmatched('/pics', 'modal'),
    };
    return segment('/', '', { children: segment('/pics', 'pics', slots) });
  }
  const inner = second === '' ? page(`/${first}`) : segment(path, second, { children: page(path) });
  return segment('/', '', { children: segment(`/${first}`, first, { children: inner }) });
}

export const idsOf = (tree: Tree): SlotId[] => [tree.id, ...Object.values(tree.slots ?? {}).flatMap(idsOf)];

export type Request = { path: string; search: string; have?: readonly SlotId[] | undefined; from?: string | undefined; partial?: boolean | undefined };

/** The layouts of `have` are left out. A partial answer stops at the loading file of `/b`. */
export function answer({ path, search, have = [], from, partial }: Request): Payload {
  const tree = treeOf(path, from);
  const slots: Payload['slots'] = {};
  const parts: Record<SlotId, SegmentParts> = {};
  const visit = (node: Tree, below: boolean): void => {
    if (node.id === 'L/b') parts[node.id] = { loading: 'loading b' };
    if (!below && !(node.slots && have.includes(node.id))) slots[node.id] = node.id;
    for (const child of Object.values(node.slots ?? {})) visit(child, below || (partial === true && parts[node.id]?.loading !== undefined));
  };
  visit(tree, false);
  return { build: 'b1', root: 'L/', url: { path, search, route: path }, params: {}, tree, slots, parts, head: `head of ${path}`, ...(partial ? { partial } : {}) };
}

export const firstView = (path: string): View => viewOf(answer({ path, search: '' }));

/** What must hold of any view, whatever happened. */
export function flawsOf(view: View): string[] {
  const flaws: string[] = [];
  for (const id of idsOf(view.tree)) {
    if (!Object.hasOwn(view.slots, id)) flaws.push(`${id} is named and not there`);
    else if (view.slots[id] !== id && view.slots[id] !== 'hold') flaws.push(`${id} shows ${String(view.slots[id])}`);
  }
  for (const id of Object.keys(view.slots)) if (!idsOf(view.tree).includes(id)) flaws.push(`${id} is kept for nothing`);
  return flaws;
}

/** Repeatable chance. */
export function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}
