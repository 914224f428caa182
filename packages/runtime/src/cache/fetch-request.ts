/** The parts of a `fetch` that its cache key is made of, and the body in a form that can be both hashed and sent. */
import { createHash } from 'node:crypto';
import { unwrap } from '../web/native.ts';

/** Headers that differ from request to request without meaning another answer. */
const NOT_IN_KEY = new Set(['traceparent', 'tracestate']);

export type DescribedFetch = {
  url: string;
  method: string;
  headers: [name: string, value: string][];
  /** What to hand to `fetch`: a body that was a stream has been read. */
  input: RequestInfo | URL;
  init: RequestInit;
};

export function methodOf(input: unknown, init: RequestInit | undefined): string {
  return (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
}

export function urlOf(input: RequestInfo | URL): string {
  return typeof input === 'string' ? input : input instanceof Request ? input.url : String(input);
}

/** What a `Request` says where nothing was said, so that it is the same request as its URL alone. */
const DEFAULTS = { mode: 'cors', redirect: 'follow', credentials: 'same-origin', referrer: 'about:client', referrerPolicy: '', integrity: '', cache: 'default' } as const;

/** Text that is equal for equal requests without bodies; for the memo of a render. */
export function memoKey(input: RequestInfo | URL, init: RequestInit | undefined): string {
  const request = input instanceof Request ? input : undefined;
  const headers = new Headers(init?.headers ?? request?.headers);
  const option = (name: keyof typeof DEFAULTS) => init?.[name] ?? request?.[name] ?? DEFAULTS[name];
  return JSON.stringify([
    methodOf(input, init), urlOf(input), [...headers as unknown as Iterable<[string, string]>],
    option('mode'), option('redirect'), option('credentials'), option('referrer'), option('referrerPolicy'), option('integrity'), option('cache'),
    (init as { next?: unknown } | undefined)?.next ?? null,
  ]);
}

/**
 * The boundary of a form that Node has written: made up for each request, so it is no part of the key. One that the caller gives,
 * with bytes of his own, is.
 */
function madeUpBoundary(input: RequestInfo | URL, init: RequestInit | undefined, request: Request): string | undefined {
  const isForm = init?.body ? init.body instanceof FormData : input instanceof Request;
  return isForm ? /^multipart\/form-data; boundary=(----formdata-undici-\d+)$/.exec(request.headers.get('content-type') ?? '')?.[1] : undefined;
}

/** The cache key (32 bytes) and the request to send. Reads the body, which is why it is asynchronous. */
export async function cacheableFetch(input: RequestInfo | URL, init: RequestInit | undefined): Promise<{ key: Uint8Array; input: RequestInfo | URL; init: RequestInit }> {
  // One native request normalises every form of URL, headers and body.
  const request = new Request(unwrap(input), init?.body ? { ...init, duplex: 'half' } as RequestInit : init);
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  const headers = Array.from(request.headers as unknown as Iterable<[string, string]>).filter(([name]) => !NOT_IN_KEY.has(name));
  const boundary = madeUpBoundary(input, init, request);
  const hash = createHash('sha256').update(JSON.stringify([
    request.method, request.url, headers.map(([name, value]) => [name, name === 'content-type' && boundary ? 'multipart/form-data' : value]),
    request.mode, request.redirect, request.credentials, request.referrer, request.referrerPolicy, request.integrity,
  ]));
  if (body && boundary) {
    // Each part with its length: nothing inside one can pass for a boundary.
    for (const part of Buffer.from(body).toString('latin1').split(boundary)) hash.update(`\0${part.length}:`).update(part, 'latin1');
  } else if (body) hash.update('\0').update(body);
  const sent: RequestInit = {
    ...init, method: request.method, headers: request.headers, redirect: request.redirect,
    ...(body ? { body: body as BodyInit } : {}),
  };
  return { key: hash.digest(), input: request.url, init: sent };
}
