/**
 * The state of one request, in the one `AsyncLocalStorage` of the process. Everything that user code may ask about its
 * request (`cookies()`, `headers()`, `after()` …) and everything that it causes (tags, revalidations, cookie writes, the
 * first dynamic API) is here and nowhere else.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FrontCalls } from './front-calls.ts';
import type { Job } from './job.ts';

/** Where in its life a request is; decides which APIs may be called (Next behaviour 5.42, 4.25, 5.40). */
export type Phase = 'render' | 'action' | 'handler' | 'after' | 'proxy' | 'prerender' | 'cache';

/** The first API that made a piece of work dynamic. */
export type DynamicReason = 'cookies' | 'headers' | 'searchParams' | 'connection' | 'draftMode' | 'noStore' | 'fetch' | 'config';

export type Revalidation = {
  kind: 'tag' | 'path';
  value: string;
  scope: 'page' | 'layout' | 'none';
  /** `expire`: gone at once. `stale`: served once more while it is made anew. */
  mode: 'expire' | 'stale';
  expireSeconds?: number;
};

export type RequestStore = {
  job: Job;
  phase: Phase;
  /** The route's pattern, `/blog/[slug]`, or '' where none matched. */
  routePath: string;
  /** Segment config of the route being rendered. */
  config: { dynamic?: string | undefined; revalidate?: number | undefined; fetchCache?: string | undefined };
  dynamic: DynamicReason | undefined;
  tags: Set<string>;
  /** The lowest lifetime of all that was read, seconds. */
  revalidate: number | undefined;
  expire: number | undefined;
  stale: number | undefined;
  /** Cookies that were set or deleted: serialised `set-cookie` values by cookie name, in order. */
  cookieWrites: Map<string, string>;
  /** Set when an action has to show fresh UI: 1 all, 2 dynamic only (Next behaviour 1.66). */
  refresh: 0 | 1 | 2;
  /** Revalidations that were called and not yet acknowledged by the front. */
  revalidations: Revalidation[];
  /** Those that the front has acknowledged: what the OUTCOME tells the log. */
  revalidated: Revalidation[];
  /** Callbacks of `after()`. */
  after: (() => unknown)[];
  /** Work that goes on beside the answer (refreshing a stale cache entry); the job ends only when it is done. */
  background: Promise<unknown>[];
  draft: boolean;
  /** Per-request memo of parsed things (cookies, headers); keyed by the module that owns it. */
  memo: Map<symbol, unknown>;
  /** What this request may ask the front: the shared cache, revalidation, routing. */
  front: FrontCalls;
};

export const requestStorage = new AsyncLocalStorage<RequestStore>();

/** The store of the running request, or an error that names the API and says where it may be called. */
export function currentRequest(api: string): RequestStore {
  const store = requestStorage.getStore();
  if (!store) throw new Error(`\`${api}\` was called outside of a request. Call it while a page is rendered, or in a Server Action or Route Handler.`);
  return store;
}

/** A store at the beginning of a request. */
export function createRequestStore(job: Job, phase: Phase, front: FrontCalls): RequestStore {
  return {
    job, phase, front,
    routePath: '',
    config: {},
    dynamic: undefined,
    tags: new Set(),
    revalidate: undefined, expire: undefined, stale: undefined,
    cookieWrites: new Map(),
    refresh: 0,
    revalidations: [], revalidated: [],
    after: [], background: [],
    draft: false,
    memo: new Map(),
  };
}

/** What is made once per request and kept in its memo. */
export function memoized<T>(store: RequestStore, key: symbol, make: () => T): T {
  if (store.memo.has(key)) return store.memo.get(key) as T;
  const value = make();
  store.memo.set(key, value);
  return value;
}
