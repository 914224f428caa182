/** A store and a front in memory, for code that runs inside a request. */
import type { CacheAnswer, CacheKey, FrontCalls } from '../../src/front-calls.ts';
import type { Job } from '../../src/job.ts';
import { createRequestStore, requestStorage, type Phase, type RequestStore, type Revalidation } from '../../src/request-store.ts';

export function testJob(job: Partial<Job> = {}): Job {
  return {
    kind: 'handler', method: 'GET', scheme: 'http', authority: 'shop.example:3000', path: '/', query: '', clientAddress: '127.0.0.1', route: 0,
    params: [], target: '', variant: 'html', permit: 0, deadlineMs: 0, requestId: 'r', trace: '', headers: [], hasBody: false, ...job,
  };
}

export type MemoryFront = FrontCalls & {
  entries: Map<string, { value: Uint8Array; tags: string[]; revalidate: number | undefined; state: 'fresh' | 'stale' }>;
  revalidations: Revalidation[];
  permits: Set<number>;
};

export function memoryFront(): MemoryFront {
  const name = ({ kind, key }: CacheKey) => `${kind}:${Buffer.from(key).toString('hex')}`;
  let permit = 0;
  const front: MemoryFront = {
    entries: new Map(), revalidations: [], permits: new Set(),
    cacheGet(key) {
      const entry = front.entries.get(name(key));
      if (entry?.state === 'fresh') return Promise.resolve({ state: 'fresh', value: entry.value } satisfies CacheAnswer);
      front.permits.add(++permit);
      return Promise.resolve<CacheAnswer>(entry ? { state: 'stale', value: entry.value, permit } : { state: 'miss', permit });
    },
    cacheSet(key, given, entry) {
      if (given !== undefined) front.permits.delete(given);
      front.entries.set(name(key), { value: entry.value, tags: entry.tags, revalidate: entry.revalidate, state: 'fresh' });
      return Promise.resolve();
    },
    permitDrop(given) {
      front.permits.delete(given);
      return Promise.resolve();
    },
    revalidate(list) {
      front.revalidations.push(...list);
      for (const item of list) {
        for (const [key, entry] of front.entries) {
          if (item.kind !== 'tag' || !entry.tags.includes(item.value)) continue;
          if (item.mode === 'expire') front.entries.delete(key);
          else entry.state = 'stale';
        }
      }
      return Promise.resolve();
    },
    resolve: () => Promise.resolve({ kind: 'other' }),
    rateTake: () => Promise.resolve({ allowed: true, waitMs: 0 }),
    idempotencyBegin: () => Promise.resolve({ state: 'run', ticket: 1 }),
    idempotencyEnd: () => Promise.resolve(),
  };
  return front;
}

export function testStore(phase: Phase, job: Partial<Job> = {}, front: FrontCalls = memoryFront()): RequestStore {
  return createRequestStore(testJob(job), phase, { front });
}

export function inRequest<T>(store: RequestStore, run: () => T): T {
  return requestStorage.run(store, run);
}
