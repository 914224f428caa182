/** `redirect()`, `notFound()` and their siblings thrown in a route handler (Next behaviour 4.14, 4.15). */
import { accessFallbackOf, redirectOf } from 'next/navigation-errors';
import { headerSafe } from '../render/redirect-location.ts';
import { headerOf } from '../headers.ts';
import type { JobResult } from '../job.ts';
import type { RequestStore } from '../request-store.ts';

export function navigationResponse(store: RequestStore, error: unknown): { response: Response; result: JobResult } | undefined {
  const redirect = redirectOf(error);
  if (redirect) {
    // A browser repeats the method on 307 and 308; a form that was posted is to be followed by GET.
    const status = looksLikeForm(store) ? 303 : redirect.status;
    return { response: new Response(null, { status, headers: { location: headerSafe(redirect.url) } }), result: 'redirect' };
  }
  const status = accessFallbackOf(error);
  return status === undefined ? undefined : { response: new Response(null, { status }), result: 'not_found' };
}

function looksLikeForm(store: RequestStore): boolean {
  if (store.job.method !== 'POST') return false;
  const type = headerOf(store, 'content-type') ?? '';
  return type.startsWith('multipart/form-data') || type === 'application/x-www-form-urlencoded' || headerOf(store, 'next-action') !== undefined;
}
