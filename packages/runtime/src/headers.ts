/**
 * The headers of a request as code may see them: with what the front settled (`host`, `x-forwarded-*`, Next behaviour
 * 1.14), without what only the router's own requests carry (1.13).
 */
import { readsRequest, refused } from './dynamic.ts';
import { currentRequest, memoized, type RequestStore } from './request-store.ts';
import { parseCookieHeader } from './web/cookie-text.ts';

const HIDDEN = new Set([
  'rsc', 'next-router-state-tree', 'next-router-prefetch', 'next-router-segment-prefetch', 'next-hmr-refresh', 'next-url',
  'ironside-have', 'ironside-from',
]);

export type HeaderPair = [name: string, value: string];

/** The request's headers, completed. Made once per request; not to be changed. */
export function requestHeaderPairs(store: RequestStore): readonly HeaderPair[] {
  return memoized(store, PAIRS, () => {
    const { job } = store;
    const pairs = job.headers.filter(([name]) => !name.startsWith('ironside-'));
    const has = (name: string) => pairs.some(([own]) => own === name);
    const add = (name: string, value: string) => { if (value !== '' && !has(name)) pairs.push([name, value]); };
    add('host', job.authority);
    add('x-forwarded-host', job.authority);
    add('x-forwarded-port', portOf(job.authority, job.scheme));
    add('x-forwarded-proto', job.scheme);
    add('x-forwarded-for', job.clientAddress);
    return pairs;
  });
}
const PAIRS = Symbol('request headers');

/** Without the router's own. */
export function visibleHeaderPairs(store: RequestStore): HeaderPair[] {
  return requestHeaderPairs(store).filter(([name]) => !HIDDEN.has(name));
}

/** The value of one header of the request; repeats are joined as HTTP has it. */
export function headerOf(store: RequestStore, name: string): string | undefined {
  let found: string | undefined;
  for (const [own, value] of requestHeaderPairs(store)) {
    if (own === name) found = found === undefined ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return found;
}

/** The cookies of the request, as the client sent them. */
export function requestCookieValues(store: RequestStore): ReadonlyMap<string, string> {
  return memoized(store, COOKIES, () => parseCookieHeader(headerOf(store, 'cookie') ?? ''));
}
const COOKIES = Symbol('request cookies');

function portOf(authority: string, scheme: 'http' | 'https'): string {
  const port = /:(\d+)$/.exec(authority)?.[1];
  return port ?? (scheme === 'https' ? '443' : '80');
}

/** Fills a `Headers` from pairs: `cookie` is joined by `; `, the others by `, ` as `append` does. */
export function headersFrom(pairs: Iterable<HeaderPair>): Headers {
  const headers = new Headers();
  let cookie: string | undefined;
  for (const [name, value] of pairs) {
    if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else headers.append(name, value);
  }
  if (cookie !== undefined) headers.append('cookie', cookie);
  return headers;
}

/** What `headers()` gives: a `Headers` that refuses every change. */
export class ReadonlyHeaders extends Headers {
  static of(pairs: Iterable<HeaderPair>): ReadonlyHeaders {
    return new ReadonlyHeaders(headersFrom(pairs));
  }

  override append(): never { throw readonly('append'); }
  override delete(): never { throw readonly('delete'); }
  override set(): never { throw readonly('set'); }
}

function readonly(method: string): TypeError {
  return new TypeError(`\`headers().${method}()\` is not possible: request headers are read-only. Set response headers on the Response that a Route Handler or the proxy returns.`);
}

/** `headers()` of `next/headers`. */
export function headers(): Promise<ReadonlyHeaders> {
  const store = currentRequest('headers()');
  try {
    const visible = readsRequest(store, 'headers', 'headers()');
    return Promise.resolve(visible ? memoized(store, VIEW, () => ReadonlyHeaders.of(visibleHeaderPairs(store))) : EMPTY);
  } catch (error) {
    return refused(error);
  }
}
const VIEW = Symbol('headers()');
const EMPTY = ReadonlyHeaders.of([]);
