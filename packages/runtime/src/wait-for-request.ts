/** `connection()` of `next/server`: waits for a request, that is to say makes the work dynamic. */
import { readsRequest, refused } from './dynamic.ts';
import { currentRequest } from './request-store.ts';

export function connection(): Promise<void> {
  const store = currentRequest('connection()');
  try {
    if (store.cacheScope) throw new Error(`\`connection()\` was called inside of ${store.cacheScope.label}, which is cached. Call it outside.`);
    readsRequest(store, 'connection', 'connection()');
    return Promise.resolve();
  } catch (error) {
    return refused(error);
  }
}
