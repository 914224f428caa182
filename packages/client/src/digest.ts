/**
 * Reads what `redirect()`, `notFound()` and their kin threw. Such an error may come from the server as a Flight error row, where
 * nothing but its digest is left, so the digest is what counts. Edge: the errors are made in `next/navigation`.
 */

export type Interrupt =
  | { kind: 'redirect'; type: 'push' | 'replace'; url: string; status: number; handled: boolean }
  | { kind: 'http'; status: 401 | 403 | 404 };

/** `NEXT_REDIRECT;<push|replace>;<url>;<status>;` or `NEXT_HTTP_ERROR_FALLBACK;<status>`. The URL may hold `;`. */
export function readInterrupt(error: unknown): Interrupt | undefined {
  if (typeof error !== 'object' || error === null || !('digest' in error)) return undefined;
  const { digest } = error;
  if (typeof digest !== 'string') return undefined;
  const http = /^NEXT_HTTP_ERROR_FALLBACK;(401|403|404)$/.exec(digest);
  if (http) return { kind: 'http', status: Number(http[1]) as 401 | 403 | 404 };
  const redirect = /^NEXT_REDIRECT;(push|replace);([^]*);(30[378]);$/.exec(digest);
  if (!redirect) return undefined;
  return {
    kind: 'redirect',
    type: redirect[1] as 'push' | 'replace',
    url: redirect[2] ?? '',
    status: Number(redirect[3]),
    handled: 'handled' in error && error.handled === true,
  };
}

/** Thrown on the server by what is for the browser only, as `next/dynamic` with `ssr: false`: Fizz leaves the fallback, the browser renders the rest. No error to report. */
export const CLIENT_ONLY_DIGEST = 'BAILOUT_TO_CLIENT_SIDE_RENDERING';

export function isClientOnly(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'digest' in error && error.digest === CLIENT_ONLY_DIGEST;
}

export function clientOnlyError(message: string): Error {
  return Object.assign(new Error(message), { digest: CLIENT_ONLY_DIGEST });
}
