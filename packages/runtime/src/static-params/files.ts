/** The files of a route's tree that may export `generateStaticParams`, in the order in which they are asked. */
import type { FileKey, SegmentNode } from '@ironside/protocol/manifest.ts';

/** From the root to the leaf: a segment's layout before what is inside of it. */
export function paramFiles(node: SegmentNode): FileKey[] {
  const own = [node.files.layout, node.files.page].filter((file) => file !== undefined);
  const names = Object.keys(node.slots).sort((a, b) => Number(b === 'children') - Number(a === 'children') || (a < b ? -1 : 1));
  return [...own, ...names.flatMap((name) => {
    const child = node.slots[name];
    return child ? paramFiles(child) : [];
  })];
}
