/**
 * Which boundary shows an error that was thrown before anything was shown. Fizz has no error boundaries: it gives up, and we
 * render again with the boundary in the state that the browser's React would put it in. Pure.
 */
import type { Failure, SegmentParts, SlotId, Tree } from '@ironside/client/payload.ts';
import type { Interrupt } from '@ironside/client/digest.ts';

export type Thrower = { slot: SlotId } | { partsOf: SlotId };

type Shown = { tree: Tree; parts: Record<SlotId, SegmentParts> };
/** A slot of a segment: where the boundaries stand. */
type Place = { here: Tree; slot: string };

type Thrown = {
  digest: string;
  interrupt: Interrupt | undefined;
  /** Unknown if a client component threw it. */
  thrower: Thrower | undefined;
};

const FILES = { 404: 'notFound', 403: 'forbidden', 401: 'unauthorized' } as const;

/** The boundary for it, or undefined if there is none left. `before` is the one that was tried last: what it shows failed too. */
export function placeFailure({ tree, parts }: Shown, { digest, interrupt, thrower }: Thrown, before: Failure | undefined): Failure | undefined {
  if (before && before.segment === undefined) return undefined;
  const around = before ? boundariesAround(tree, before) : throwerPlaces(tree, thrower);
  const status = interrupt?.kind === 'http' ? interrupt.status : undefined;
  const found = around.findLast(({ here, slot }) => {
    const own = parts[here.id];
    if (status === undefined) return own?.error !== undefined;
    return slot === 'children' && (here === tree || own?.[FILES[status]] !== undefined);
  });
  if (found) return { segment: found.here.id, slot: found.slot, digest };
  // Not-found errors pass through the outermost boundary, which is for errors.
  return status === undefined ? { digest } : undefined;
}

/** The places around a slot's content, from outside. */
function throwerPlaces(tree: Tree, thrower: Thrower | undefined): Place[] {
  const id = thrower && ('slot' in thrower ? thrower.slot : thrower.partsOf);
  return (id !== undefined && pathTo(tree, (node) => node.id === id)) || mainPlaces(tree);
}

function boundariesAround(tree: Tree, { segment }: Failure): Place[] {
  return pathTo(tree, (node) => node.id === segment) ?? [];
}

function pathTo(node: Tree, wanted: (node: Tree) => boolean): Place[] | undefined {
  if (wanted(node)) return [];
  for (const [slot, child] of Object.entries(node.slots ?? {})) {
    const path = pathTo(child, wanted);
    if (path) return [{ here: node, slot }, ...path];
  }
  return undefined;
}

/** Without better knowledge it was the page. */
function mainPlaces(tree: Tree): Place[] {
  const places: Place[] = [];
  for (let here: Tree | undefined = tree; here?.slots?.['children']; here = here.slots['children']) places.push({ here, slot: 'children' });
  return places;
}
