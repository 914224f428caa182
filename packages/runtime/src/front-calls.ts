/**
 * What a request may ask the front while it runs (the CALL frames): the shared cache, revalidation, routing. An interface,
 * so that caches can be tested against a front in memory; `connection.ts` makes the real one.
 */
import type { ResolvedUrl } from './app.ts';
import type { Revalidation } from './request-store.ts';

/** Whose value it is. Keys of different kinds never meet. */
export type CacheKind = 'fetch' | 'function' | 'directive';

export type CacheKey = { kind: CacheKind; key: Uint8Array };

/**
 * A permit is the right, and the duty, to make the value of one key: `cacheSet` or `permitDrop` ends it. `undefined` where
 * somebody else has it, or where the front could not say.
 */
export type CacheAnswer =
  | { state: 'fresh'; value: Uint8Array }
  | { state: 'stale'; value: Uint8Array; permit: number | undefined }
  | { state: 'miss'; permit: number | undefined };

export type CacheEntry = {
  value: Uint8Array;
  tags: string[];
  /** Seconds; `undefined`: never. */
  revalidate: number | undefined;
  expire: number | undefined;
};

export type FrontCalls = {
  cacheGet(key: CacheKey, tags: string[]): Promise<CacheAnswer>;
  cacheSet(key: CacheKey, permit: number | undefined, entry: CacheEntry): Promise<void>;
  permitDrop(permit: number): Promise<void>;
  /** Resolves when it holds for every later lookup. */
  revalidate(list: Revalidation[]): Promise<void>;
  resolve(url: string): Promise<ResolvedUrl>;
  /** Counts one more call under `key` (at most 32 bytes). */
  rateTake(key: Uint8Array, byClient: boolean, burst: number, periodMs: number): Promise<{ allowed: boolean; waitMs: number }>;
  /** Waits while another job runs under the same key. */
  idempotencyBegin(submission: { key: Uint8Array; byClient: boolean; fingerprint: Uint8Array; keepSeconds: number; patienceMs: number }): Promise<IdempotencyAnswer>;
  idempotencyEnd(ticket: number, keep: boolean, value: Uint8Array | undefined): Promise<void>;
};

export type IdempotencyAnswer =
  | { state: 'run'; ticket: number }
  | { state: 'replay'; value: Uint8Array | undefined }
  | { state: 'mismatch' }
  | { state: 'busy' };
