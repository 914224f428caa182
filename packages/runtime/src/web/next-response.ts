/**
 * `NextResponse` of `next/server`. What the proxy decides travels in headers `x-middleware-*` until `proxy/decision.ts` reads
 * them: libraries copy and inspect them, so they are part of the interface.
 */
import { ResponseCookies } from './cookie-jars.ts';
import type { NextURL } from './next-url.ts';
import { jsonResponse, OurResponse } from './response.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const COOKIES = Symbol('NextResponse cookies');

export type MiddlewareInit = ResponseInit & { request?: { headers?: Headers } };

/** Extends ours by name: bundlers may evaluate this before the globals are replaced. */
export class NextResponse<Body = unknown> extends OurResponse {
  /** For the type of the JSON only. */
  declare protected readonly bodyType?: Body;

  private declare [COOKIES]: ResponseCookies | undefined;

  get cookies(): ResponseCookies {
    const known = this[COOKIES];
    if (known) return known;
    const cookies = new ResponseCookies(this.headers);
    Object.defineProperty(this, COOKIES, { value: cookies });
    return cookies;
  }

  static override json<T>(body: T, init?: ResponseInit): NextResponse<T> {
    const text = JSON.stringify(body) as string | undefined;
    if (text === undefined) throw new TypeError('NextResponse.json: the value is not serialisable as JSON (it is undefined, a function or a symbol).');
    return jsonResponse<NextResponse<T>>(this as unknown as new (body: string, init?: ResponseInit) => NextResponse<T>, text, init);
  }

  static override redirect(url: string | URL | NextURL, init?: number | ResponseInit): NextResponse {
    const status = typeof init === 'number' ? init : init?.status ?? 307;
    if (!REDIRECTS.has(status)) throw new RangeError(`NextResponse.redirect: ${status} is no redirect. Use 301, 302, 303, 307 or 308.`);
    const given = typeof init === 'object' ? init : {};
    const headers = new Headers(given.headers);
    headers.set('Location', absolute(url, 'redirect'));
    return new NextResponse(null, { ...given, headers, status });
  }

  static rewrite(destination: string | URL | NextURL, init?: MiddlewareInit): NextResponse {
    const headers = new Headers(init?.headers);
    headers.set('x-middleware-rewrite', absolute(destination, 'rewrite'));
    overrideRequest(init, headers);
    return new NextResponse(null, { ...init, headers });
  }

  static next(init?: MiddlewareInit): NextResponse {
    const headers = new Headers(init?.headers);
    headers.set('x-middleware-next', '1');
    overrideRequest(init, headers);
    return new NextResponse(null, { ...init, headers });
  }
}

function absolute(url: string | URL | NextURL, method: string): string {
  const text = String(url);
  try {
    return String(new URL(text));
  } catch (cause) {
    throw new TypeError(`NextResponse.${method}: ${JSON.stringify(text)} is not an absolute URL. Write \`new URL(${JSON.stringify(text)}, request.url)\`.`, { cause });
  }
}

/** `{request: {headers}}`: the headers that pages, actions and handlers are to see instead of the client's. */
function overrideRequest(init: MiddlewareInit | undefined, headers: Headers): void {
  const wanted = init?.request?.headers;
  if (!wanted) return;
  if (!(wanted instanceof Headers)) throw new TypeError('`request.headers` must be a Headers object.');
  const names: string[] = [];
  wanted.forEach((value, name) => {
    headers.set(`x-middleware-request-${name}`, value);
    names.push(name);
  });
  headers.set('x-middleware-override-headers', names.join(','));
}
