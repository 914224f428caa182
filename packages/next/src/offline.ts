/**
 * `next/offline`. The hook follows the browser's own idea of being online. Requests that failed are not repeated when the connection is back,
 * which `experimental.useOffline` of Next does as well.
 */
'use client';
import { useSyncExternalStore } from 'react';

/** False while HTML is made and until hydration. */
export function useOffline(): boolean {
  return useSyncExternalStore(subscribe, () => !navigator.onLine, () => false);
}

function subscribe(changed: () => void): () => void {
  addEventListener('online', changed);
  addEventListener('offline', changed);
  return () => {
    removeEventListener('online', changed);
    removeEventListener('offline', changed);
  };
}
