/**
 * One cached read against the shared cache of the front: the pattern that `fetch` and `unstable_cache` have in common.
 * Fresh: the value. Stale: the value, and it is made anew beside the answer. Miss: it is made, stored, and given.
 */
import { AsyncResource } from 'node:async_hooks';
import { app } from '../app.ts';
import type { CacheEntry, CacheKey } from '../front-calls.ts';
import type { RequestStore } from '../request-store.ts';
import { renewIfReloaded } from './reload.ts';
import { flushRevalidations, hasMarkedStale } from './revalidate.ts';

export type CachedRead<T> = {
  key: CacheKey;
  tags: string[];
  revalidate: number | undefined;
  /** Whoever stores its own answer (a prerender) may not be given a stale value (Next behaviour 5.7). */
  make(): Promise<T>;
  /** `undefined`: it is not to be stored. */
  encode(value: T): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  decode(bytes: Uint8Array): T;
};

/** The front stores no larger values. */
export const MAX_VALUE = 2 * 1024 * 1024;

export async function cachedRead<T>(store: RequestStore, read: CachedRead<T>): Promise<T> {
  const bytes = await store.warmth?.once(read.key.kind, read.key.key, async () => read.encode(await lookUp(store, read)));
  return bytes ? read.decode(bytes) : lookUp(store, read);
}

async function lookUp<T>(store: RequestStore, read: CachedRead<T>): Promise<T> {
  // What this very request has invalidated must not be answered from the cache.
  await flushRevalidations(store);
  const renewed = renewIfReloaded(store);
  if (renewed) await renewed;
  const answer = await store.front.cacheGet(read.key, read.tags);
  if (answer.state === 'fresh') return read.decode(answer.value);
  if (answer.state === 'stale' && store.job.permit === 0 && store.phase !== 'prerender' && !hasMarkedStale(store, read.tags)) {
    if (answer.permit !== undefined) refreshBeside(store, read, answer.permit);
    return read.decode(answer.value);
  }
  return fill(store, read, answer.permit);
}

async function fill<T>(store: RequestStore, read: CachedRead<T>, permit: number | undefined): Promise<T> {
  let value: T;
  let bytes: Uint8Array | undefined;
  try {
    value = await read.make();
    bytes = await read.encode(value);
  } catch (error) {
    if (permit !== undefined) await quietly(store.front.permitDrop(permit));
    throw error;
  }
  if (bytes === undefined || bytes.length > MAX_VALUE) {
    if (bytes !== undefined) console.warn(`A value of ${bytes.length} bytes was not cached: ${MAX_VALUE} bytes is the most.`);
    if (permit !== undefined) await quietly(store.front.permitDrop(permit));
    return value;
  }
  const entry: CacheEntry = { value: bytes, tags: read.tags, revalidate: read.revalidate, expire: undefined };
  // Without a permit nobody could say what was invalidated meanwhile, so nothing would be stored.
  if (permit !== undefined) await quietly(store.front.cacheSet(read.key, permit, entry));
  return value;
}

/** The job goes on until this is done, but its answer does not wait. */
function refreshBeside<T>(store: RequestStore, read: CachedRead<T>, permit: number): void {
  const work = new AsyncResource('ironside.refresh').runInAsyncScope(() => fill(store, read, permit));
  store.background.push(work.catch((error: unknown) => { app().report(error, 'after'); }));
}

/** The cache may lose things at any moment; a request must not fail by it. */
export async function quietly(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    console.warn('The cache did not take a value:', error instanceof Error ? error.message : error);
  }
}
