/** `NextRequest` of `next/server`: a `Request` with `nextUrl` and `cookies`. */
import { RequestCookies } from './cookie-jars.ts';
import { unwrap } from './native.ts';
import { NextURL, type NextUrlOptions } from './next-url.ts';

export type NextRequestInit = RequestInit & {
  nextConfig?: { basePath?: string; trailingSlash?: boolean };
  duplex?: 'half';
  /** Always given as `AbortSignal`; TypeScript's `RequestInit` also has `null`. */
  signal?: AbortSignal;
};

const PARTS = Symbol('NextRequest');
type Parts = { options: NextUrlOptions; nextUrl?: NextURL; cookies?: RequestCookies };

export class NextRequest extends Request {
  private declare readonly [PARTS]: Parts;

  constructor(input: URL | RequestInfo | NextURL, init: NextRequestInit = {}) {
    const { nextConfig, given } = split(init);
    super(typeof input === 'string' || input instanceof Request ? unwrap(input) : String(input), given as RequestInit);
    Object.defineProperty(this, PARTS, { value: { options: nextConfig ?? {} } satisfies Parts });
  }

  get nextUrl(): NextURL {
    const parts = this[PARTS];
    return (parts.nextUrl ??= new NextURL(this.url, parts.options));
  }

  get cookies(): RequestCookies {
    return (this[PARTS].cookies ??= new RequestCookies(this.headers));
  }
}

/** The options of a native request. A request in their place has them behind getters, so it is handed on as it is. */
function split(init: NextRequestInit): { nextConfig?: NextRequestInit['nextConfig']; given: NextRequestInit } {
  const native = unwrap(init);
  if (native instanceof Request) return { given: native };
  const { nextConfig, ...given } = native;
  // Node wants to be told that a stream may be sent while the answer is already read.
  if (given.body && given.duplex !== 'half') given.duplex = 'half';
  return { nextConfig, given };
}
