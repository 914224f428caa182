/** `next/navigation` in server components, actions and route handlers. */
import { app } from '@ironside/runtime/app.ts';
import { requestStorage } from '@ironside/runtime/request-store.ts';
import { accessFallbackError, redirectError, type RedirectKind } from './navigation-errors.ts';

export { notFound, RedirectType, unstable_rethrow } from './navigation-errors.ts';
export { ReadonlyURLSearchParams } from './readonly-url-search-params.ts';

/** Sends the client to another URL. In an action the client pushes it, elsewhere it replaces (Next behaviour 1.72). */
export function redirect(url: string, type?: RedirectKind): never {
  const kind = type ?? (requestStorage.getStore()?.phase === 'action' ? 'push' : 'replace');
  throw redirectError({ kind, url: checkedUrl(url, 'redirect'), status: 307 });
}

export function permanentRedirect(url: string, type: RedirectKind = 'replace'): never {
  throw redirectError({ kind: type, url: checkedUrl(url, 'permanentRedirect'), status: 308 });
}

export function forbidden(): never {
  requireAuthInterrupts('forbidden');
  throw accessFallbackError(403);
}

export function unauthorized(): never {
  requireAuthInterrupts('unauthorized');
  throw accessFallbackError(401);
}

/** Only the browser meets such an error; here for shared code. */
export function unstable_isUnrecognizedActionError(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnrecognizedActionError';
}

function requireAuthInterrupts(api: string): void {
  if (!app().manifest.config.authInterrupts) {
    throw new Error(`\`${api}()\` is experimental. Set \`experimental: { authInterrupts: true }\` in next.config to use it.`);
  }
}

/** `redirect(new URL(…))` is common, though the type says string. */
function checkedUrl(url: unknown, api: string): string {
  if (typeof url === 'string') return url;
  if (typeof url === 'object' && url !== null && 'href' in url) return String(url);
  throw new TypeError(`\`${api}(url)\` takes a URL as a string, not ${url === null ? 'null' : typeof url}.`);
}
