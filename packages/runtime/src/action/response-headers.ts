/** Headers that say what an action did. */
import type { Header } from '../render/renderer.ts';
import type { RequestStore } from '../request-store.ts';

export const ACTION_CACHE: Header = ['cache-control', 'private, no-cache, no-store, max-age=0, must-revalidate'];

/** Cookies that were set, and for calls by fetch whether what the client keeps is out of date (Next behaviour 1.66). */
export function effectHeaders(store: RequestStore, byFetch: boolean): Header[] {
  const headers: Header[] = [ACTION_CACHE];
  if (byFetch && store.refresh !== 0) headers.push(['x-action-revalidated', String(store.refresh)]);
  if (store.answer) headers.push(...store.answer.headers);
  for (const cookie of store.cookieWrites.values()) headers.push(['set-cookie', cookie]);
  return headers;
}
