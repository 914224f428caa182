/**
 * Whose reads neither come from the shared cache nor go there: editors' who look at drafts, and, while an application is developed, those
 * of a reload that leaves out the browser's own cache (Next behaviour 5.10). Such a reload is how a developer asks for new data.
 */
import type { RequestStore } from '../request-store.ts';

export function bypassesCache(store: RequestStore): boolean {
  return store.draft || (process.env['NODE_ENV'] === 'development' && reloadsWithoutCache(store));
}

function reloadsWithoutCache({ job }: RequestStore): boolean {
  return job.headers.some(([name, value]) => name === 'cache-control' && value === 'no-cache');
}
