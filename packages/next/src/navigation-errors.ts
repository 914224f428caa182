/**
 * `redirect()`, `notFound()` and their siblings as errors. What is thrown is recognised by its `digest`, which is also what
 * travels to the browser, so code of either side can tell it (Next behaviour 1.80, 1.82, 1.83). No React, no server: both
 * the server's and the browser's `next/navigation` are made of this.
 */

export type RedirectKind = 'push' | 'replace';
export const RedirectType = { push: 'push', replace: 'replace' } as const satisfies Record<RedirectKind, RedirectKind>;
export type RedirectStatus = 303 | 307 | 308;

export type Redirect = { kind: RedirectKind; url: string; status: RedirectStatus };
export type AccessFallback = 401 | 403 | 404;

const REDIRECT = 'NEXT_REDIRECT';
const FALLBACK = 'NEXT_HTTP_ERROR_FALLBACK';
/** What `next/dynamic` with `ssr: false` throws while HTML is made. */
const CLIENT_ONLY = 'BAILOUT_TO_CLIENT_SIDE_RENDERING';

export function redirectError(redirect: Redirect): Error & { digest: string } {
  const { kind, url, status } = redirect;
  return Object.assign(new Error(REDIRECT), { digest: `${REDIRECT};${kind};${url};${status};` });
}

export function accessFallbackError(status: AccessFallback): Error & { digest: string } {
  const digest = `${FALLBACK};${status}`;
  return Object.assign(new Error(digest), { digest });
}

function digestOf(error: unknown): string | undefined {
  const digest = typeof error === 'object' && error !== null ? (error as { digest?: unknown }).digest : undefined;
  return typeof digest === 'string' ? digest : undefined;
}

/** What a thrown `redirect()` means; `undefined` for any other value. The URL may itself contain `;`. */
export function redirectOf(error: unknown): Redirect | undefined {
  const digest = digestOf(error);
  if (digest === undefined || !digest.startsWith(`${REDIRECT};`)) return undefined;
  const parts = digest.split(';');
  const kind = parts[1];
  const status = Number(parts.at(-2));
  if ((kind !== 'push' && kind !== 'replace') || (status !== 303 && status !== 307 && status !== 308) || parts.length < 5) return undefined;
  return { kind, url: parts.slice(2, -2).join(';'), status };
}

/** The status of a thrown `notFound()`, `forbidden()` or `unauthorized()`. */
export function accessFallbackOf(error: unknown): AccessFallback | undefined {
  const digest = digestOf(error);
  if (digest === undefined || !digest.startsWith(`${FALLBACK};`)) return undefined;
  const status = Number(digest.slice(FALLBACK.length + 1));
  return status === 401 || status === 403 || status === 404 ? status : undefined;
}

/** Whether an error is no failure but a way of saying where to go on. */
export function isNavigation(error: unknown): boolean {
  return redirectOf(error) !== undefined || accessFallbackOf(error) !== undefined;
}

export function notFound(): never {
  throw accessFallbackError(404);
}

/** Throws on what must not be swallowed by a `catch`, also if another error wraps it. */
export function unstable_rethrow(error: unknown): void {
  for (let seen = error, depth = 0; seen !== undefined && seen !== null && depth < 100; depth++) {
    if (isNavigation(seen) || digestOf(seen) === CLIENT_ONLY) throw seen;
    seen = seen instanceof Error ? seen.cause : undefined;
  }
}
