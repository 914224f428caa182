/** What has to be put away when a job has wholly ended, its `after()` callbacks included: temporary files. */
import type { RequestStore } from './request-store.ts';

/** `putAway` is called once, however the job ends; its failure concerns nobody. */
export function atJobEnd(store: RequestStore, putAway: () => void | Promise<void>): void {
  store.ends.push(putAway);
}

export async function endJob(store: RequestStore): Promise<void> {
  if (store.untouched || store.ends.length === 0) return;
  await Promise.allSettled(store.ends.splice(0).map(async (putAway) => putAway()));
}
