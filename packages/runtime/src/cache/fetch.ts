/**
 * The global `fetch` of a worker: Node's, with the shared cache (`next.revalidate`, `next.tags`, `cache`) and, while a page
 * is rendered, one answer for equal requests (Next behaviour 5.9).
 */
import { readsRequest, refused } from '../dynamic.ts';
import { memoized, requestStorage, type RequestStore } from '../request-store.ts';
import { noteDecoded } from '../web/decoded.ts';
import { fetchFile, fileOf } from '../web/file-fetch.ts';
import { nativeFetch, unwrap } from '../web/native.ts';
import { fetchPolicy, type FetchPolicy, type NextFetchOptions } from './fetch-policy.ts';
import { cacheableFetch, memoKey, methodOf, urlOf } from './fetch-request.ts';
import { readWithLifetime, readWithTags } from './lifetime.ts';
import { cachedRead } from './lookup.ts';
import { decodeResponse, encodeResponse } from './stored-response.ts';

export type NextFetchInit = RequestInit & { next?: NextFetchOptions };

/** Replaces the global one; once, at start. */
export function installFetch(): void {
  Object.defineProperty(globalThis, 'fetch', { value: ironsideFetch, writable: true, configurable: true, enumerable: true });
}

export async function ironsideFetch(input: RequestInfo | URL, init?: NextFetchInit): Promise<Response> {
  const file = fileOf(input);
  if (file) return fetchFile(file);
  const store = requestStorage.getStore();
  if (!store) return nativeFetch(unwrap(input), init);
  if (store.phase === 'proxy' || store.phase === 'after') return plain(store, input, init);
  const rendering = store.phase === 'render' || store.phase === 'prerender';
  if (rendering && isMemoizable(input, init)) return memoizedFetch(store, input, init);
  return fetchInRequest(store, input, init);
}
Object.defineProperty(ironsideFetch, 'name', { value: 'fetch' });

async function plain(store: RequestStore, input: RequestInfo | URL, init: NextFetchInit | undefined): Promise<Response> {
  const response = await nativeFetch(unwrap(input), init);
  noteDecoded(store, response);
  return response;
}

function isMemoizable(input: RequestInfo | URL, init: NextFetchInit | undefined): boolean {
  const method = methodOf(input, init);
  return (method === 'GET' || method === 'HEAD') && !init?.signal && !init?.keepalive && !init?.body
    && !(input instanceof Request && input.keepalive);
}

const MEMO = Symbol('fetch');

async function memoizedFetch(store: RequestStore, input: RequestInfo | URL, init: NextFetchInit | undefined): Promise<Response> {
  const memo = memoized(store, MEMO, () => new Map<string, Promise<Response>>());
  const key = memoKey(input, init);
  let first = memo.get(key);
  if (!first) {
    first = fetchInRequest(store, input, init);
    memo.set(key, first);
  }
  // Each caller reads a copy, so the one in the memo stays unread.
  const response = await first;
  const copy = response.clone();
  if (copy.url !== response.url) Object.defineProperty(copy, 'url', { value: response.url });
  return copy;
}

async function fetchInRequest(store: RequestStore, input: RequestInfo | URL, init: NextFetchInit | undefined): Promise<Response> {
  const url = urlOf(input);
  const next = init?.next ?? (input as { next?: NextFetchOptions }).next;
  const policy = fetchPolicy(store, url, init?.cache ?? (input instanceof Request ? input.cache : undefined), next);
  try {
    noteRead(store, policy, url);
  } catch (error) {
    return refused(error);
  }
  if (policy.kind === 'uncached' || store.draft) return plain(store, input, withoutCacheMode(init));
  const request = await cacheableFetch(input, init);
  return cachedRead<Response>(store, {
    key: { kind: 'fetch', key: request.key },
    tags: policy.tags,
    revalidate: policy.revalidate,
    make: () => plain(store, request.input, withoutCacheMode(request.init)),
    encode: (response) => (response.status === 200 ? encodeResponse(response.clone()) : undefined),
    decode: decodeResponse,
  });
}

function noteRead(store: RequestStore, policy: FetchPolicy, url: string): void {
  if (store.cacheScope && store.phase === 'cache') {
    // The cached function around it keeps the answer, as a part of its result.
    readWithTags(store, policy.tags);
    if (policy.kind === 'uncached') readWithLifetime(store, policy.within);
  } else if (policy.kind === 'cached') {
    readWithTags(store, policy.tags);
    readWithLifetime(store, policy.revalidate);
  } else if (policy.dynamic && (store.phase === 'render' || store.phase === 'prerender' || store.phase === 'handler')) {
    if (store.config.dynamic !== 'force-static') readsRequest(store, 'fetch', `fetch(${url}) that is not cached`);
  }
}

/** Node knows no HTTP cache, and some modes make it fail. */
function withoutCacheMode(init: NextFetchInit | undefined): RequestInit | undefined {
  if (init?.cache === undefined) return init;
  const { cache: _, next: __, ...rest } = init;
  return rest;
}
