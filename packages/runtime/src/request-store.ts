/**
 * The state of one request, in the one `AsyncLocalStorage` of the process. Everything that user code may ask about its
 * request (`cookies()`, `headers()`, `after()` …) and everything that it causes (tags, revalidations, cookie writes, the
 * first dynamic API) is here and nowhere else.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FrontCalls } from './front-calls.ts';
import type { Job } from './job.ts';
import type { Warmth } from './cache-components/warmth.ts';
import type { CacheScope } from './use-cache/scope.ts';

/** Where in its life a request is; decides which APIs may be called (Next behaviour 5.42, 4.25, 5.40). */
export type Phase = 'render' | 'action' | 'handler' | 'after' | 'proxy' | 'prerender' | 'params' | 'cache';

/** The first API that made a piece of work dynamic. */
export type DynamicReason = 'cookies' | 'headers' | 'searchParams' | 'connection' | 'draftMode' | 'noStore' | 'fetch' | 'config' | 'private' | 'cacheLife' | 'io' | 'random';

export type Revalidation = {
  kind: 'tag' | 'path';
  value: string;
  scope: 'page' | 'layout' | 'none';
  /** `expire`: gone at once. `stale`: served once more while it is made anew. */
  mode: 'expire' | 'stale';
  expireSeconds?: number;
};

const NO_CONFIG: RequestStore['config'] = Object.freeze({});

/** The way back to the front, for one request. */
export type RequestChannel = {
  readonly front: FrontCalls;
  /** Aborted when the answer is not wanted any more; made on first use. */
  signal?(): AbortSignal;
};

/** What an action says about its HTTP answer (`actionResponse` of `ironside/actions`). */
export type RequestAnswer = { status?: number | undefined; headers: [name: string, value: string][] };

/** What somebody may do with a store that is derived from another one. */
export type DerivedStore = {
  job?: Job;
  phase?: Phase;
  /** Nothing that the work reads is the request's: no tags, no memo, no dynamic API, no lifetime of the outer work. */
  isolated?: boolean;
};

/** Most requests collect nothing, so each collection is made when it is first asked for. */
export class RequestStore {
  readonly job: Job;
  phase: Phase;
  /** The route's pattern, `/blog/[slug]`, or '' where none matched. */
  routePath = '';
  /** Segment config of the route being rendered. Replaced as a whole. */
  config: { dynamic?: string | undefined; revalidate?: number | undefined; fetchCache?: string | undefined } = NO_CONFIG;
  dynamic: DynamicReason | undefined = undefined;
  /** The lowest lifetime of all that was read, seconds. */
  revalidate: number | undefined = undefined;
  expire: number | undefined = undefined;
  stale: number | undefined = undefined;
  /** Set when an action has to show fresh UI: 1 all, 2 dynamic only (Next behaviour 1.66). */
  refresh: 0 | 1 | 2 = 0;
  draft = false;
  answer: RequestAnswer | undefined = undefined;
  /** The run of a cached function that this is. */
  cacheScope: CacheScope | undefined = undefined;
  /** Of an answer for everybody that is tried out first: what the caches gave. */
  warmth: Warmth | undefined = undefined;
  /** Of work whose answer may be stored: ends the job, because it belongs to one visitor after all. */
  endShared: (() => void) | undefined = undefined;
  /** That has happened: nothing of the answer is wanted any more. */
  sharedEnded = false;
  /** Where the request came from; what it may ask stands behind `front`. */
  readonly channel: RequestChannel;
  #untouched = true;
  #tags: Set<string> | undefined;
  #cookieWrites: Map<string, string> | undefined;
  #revalidations: Revalidation[] | undefined;
  #revalidated: Revalidation[] | undefined;
  #after: (() => unknown)[] | undefined;
  #background: Promise<unknown>[] | undefined;
  #ends: (() => void | Promise<void>)[] | undefined;
  #memo: Map<symbol, unknown> | undefined;

  constructor(job: Job, phase: Phase, channel: RequestChannel) {
    this.job = job;
    this.phase = phase;
    this.channel = channel;
  }

  /** Whether all collections are empty, because nobody has asked for one: no tag, cookie, revalidation, no work behind the answer. */
  get untouched(): boolean { return this.#untouched; }

  /** What this request may ask the front: the shared cache, revalidation, routing. */
  get front(): FrontCalls { return this.channel.front; }

  signal(): AbortSignal { return this.channel.signal?.() ?? new AbortController().signal; }

  get tags(): Set<string> { return (this.#tags ??= this.#collect(new Set<string>())); }

  /** Cookies that were set or deleted: serialised `set-cookie` values by cookie name, in order. */
  get cookieWrites(): Map<string, string> { return (this.#cookieWrites ??= this.#collect(new Map<string, string>())); }

  /** Revalidations that were called and not yet acknowledged by the front. */
  get revalidations(): Revalidation[] { return (this.#revalidations ??= this.#collect<Revalidation[]>([])); }

  /** Those that the front has acknowledged: what the OUTCOME tells the log. */
  get revalidated(): Revalidation[] { return (this.#revalidated ??= this.#collect<Revalidation[]>([])); }

  /** Callbacks of `after()`. */
  get after(): (() => unknown)[] { return (this.#after ??= this.#collect<(() => unknown)[]>([])); }

  /** Work that goes on beside the answer (refreshing a stale cache entry); the job ends only when it is done. */
  get background(): Promise<unknown>[] { return (this.#background ??= this.#collect<Promise<unknown>[]>([])); }

  /** What has to be put away at the very end; see `job-end.ts`. */
  get ends(): (() => void | Promise<void>)[] { return (this.#ends ??= this.#collect<(() => void | Promise<void>)[]>([])); }

  /** Per-request memo of parsed things (cookies, headers); keyed by the module that owns it. */
  get memo(): Map<symbol, unknown> { return (this.#memo ??= new Map<symbol, unknown>()); }

  /** A store for a part of this request's work. It collects into the same collections, unless it is isolated. */
  derive({ job, phase, isolated = false }: DerivedStore): RequestStore {
    const part = new RequestStore(job ?? this.job, phase ?? this.phase, this.channel);
    part.routePath = this.routePath;
    part.config = this.config;
    part.refresh = this.refresh;
    part.draft = this.draft;
    part.warmth = this.warmth;
    part.expire = this.expire;
    part.stale = this.stale;
    part.#cookieWrites = this.cookieWrites;
    part.#revalidations = this.revalidations;
    part.#revalidated = this.revalidated;
    part.#after = this.after;
    part.#background = this.background;
    part.#ends = this.ends;
    part.#untouched = false;
    if (isolated) return part;
    part.dynamic = this.dynamic;
    part.revalidate = this.revalidate;
    part.endShared = this.endShared;
    part.cacheScope = this.cacheScope;
    part.#tags = this.tags;
    part.#memo = this.memo;
    return part;
  }

  #collect<T>(collection: T): T {
    this.#untouched = false;
    return collection;
  }
}

export const requestStorage = new AsyncLocalStorage<RequestStore>();

/** The store of the running request, or an error that names the API and says where it may be called. */
export function currentRequest(api: string): RequestStore {
  const store = requestStorage.getStore();
  if (!store) throw new Error(`\`${api}\` was called outside of a request. Call it while a page is rendered, or in a Server Action or Route Handler.`);
  return store;
}

/** A store at the beginning of a request. `channel.front` is looked at when somebody asks the front. */
export function createRequestStore(job: Job, phase: Phase, channel: RequestChannel): RequestStore {
  return new RequestStore(job, phase, channel);
}

/** What is made once per request and kept in its memo. */
export function memoized<T>(store: RequestStore, key: symbol, make: () => T): T {
  if (store.memo.has(key)) return store.memo.get(key) as T;
  const value = make();
  store.memo.set(key, value);
  return value;
}
