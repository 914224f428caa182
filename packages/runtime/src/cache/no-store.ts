/** `unstable_noStore` of `next/cache`: opts out of being static. Does nothing inside a cached function, as in Next. */
import { readsRequest } from '../dynamic.ts';
import { requestStorage } from '../request-store.ts';

export function unstable_noStore(): void {
  const store = requestStorage.getStore();
  if (!store || store.phase === 'cache' || store.phase === 'after' || store.config.dynamic === 'force-static') return;
  readsRequest(store, 'noStore', 'unstable_noStore()');
}
