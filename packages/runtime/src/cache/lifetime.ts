/** How the lifetime of what is read goes into the lifetime of the answer: the shortest wins (Next behaviour 5.56). */
import type { RequestStore } from '../request-store.ts';

/** `undefined` or `false`: it never grows stale, and changes nothing. */
export function readWithLifetime(store: RequestStore, revalidate: number | false | undefined): void {
  if (typeof revalidate !== 'number') return;
  store.revalidate = store.revalidate === undefined ? revalidate : Math.min(store.revalidate, revalidate);
}

/** Adds tags of what was read to the answer's own. */
export function readWithTags(store: RequestStore, tags: readonly string[]): void {
  for (const tag of tags) store.tags.add(tag);
}
