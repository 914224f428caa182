/**
 * While an application is developed, a reload that leaves out the browser's own cache asks for new data (Next behaviour 5.10): everything
 * that is kept expires before the request's first cached read, and what it then makes is kept again.
 */
import type { Job } from '../job.ts';
import type { RequestStore, Revalidation } from '../request-store.ts';

const EVERYTHING: Revalidation = { kind: 'path', value: '/', scope: 'layout', mode: 'expire' };

/** By job, so that the parts of one request expire things once, and all wait for it. */
const reloads = new WeakMap<Job, Promise<void>>();

/** Resolves when that is done; nothing if there is nothing to do. */
export function renewIfReloaded({ job, front }: RequestStore): Promise<void> | undefined {
  if (process.env['NODE_ENV'] !== 'development') return undefined;
  if (!job.headers.some(([name, value]) => name === 'cache-control' && value === 'no-cache')) return undefined;
  let renewed = reloads.get(job);
  if (!renewed) {
    renewed = front.revalidate([EVERYTHING]);
    reloads.set(job, renewed);
  }
  return renewed;
}
