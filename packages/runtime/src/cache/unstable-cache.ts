/** `unstable_cache` of `next/cache` (Next behaviour 5.14 to 5.16). */
import { createHash } from 'node:crypto';
import { requestStorage, type RequestStore } from '../request-store.ts';
import { argumentKey } from './argument-key.ts';
import { readWithLifetime, readWithTags } from './lifetime.ts';
import { cachedRead } from './lookup.ts';
import { usableTags } from './tags.ts';

export type UnstableCacheOptions = { revalidate?: number | false; tags?: string[] };

// Any arguments: it wraps every function there is, and gives back one of the same type.
type Callback = (...args: never[]) => Promise<unknown>;

export function unstable_cache<T extends Callback>(callback: T, keyParts?: string[], options: UnstableCacheOptions = {}): T {
  const { revalidate } = options;
  if (revalidate === 0) throw new Error('`unstable_cache(…, {revalidate: 0})` would never be cached. Leave the function unwrapped, or give seconds.');
  if (revalidate !== undefined && revalidate !== false && !(typeof revalidate === 'number' && revalidate > 0)) {
    throw new TypeError('`unstable_cache(…, {revalidate})` takes a number of seconds above 0, or false.');
  }
  const tags = usableTags(options.tags, 'unstable_cache');
  const fixed = `${String(callback)}\0${JSON.stringify(Array.isArray(keyParts) ? keyParts : [])}`;
  const run = callback as unknown as (...args: unknown[]) => Promise<unknown>;

  const cached = async (...args: unknown[]): Promise<unknown> => {
    const store = requestStorage.getStore();
    if (!store || store.phase === 'proxy') return run(...args);
    readWithTags(store, tags);
    readWithLifetime(store, revalidate);
    if (store.phase === 'cache') return run(...args);
    const make = () => inCachedScope(store, () => run(...args));
    if (store.draft || store.config.fetchCache === 'force-no-store') return make();
    return cachedRead(store, {
      key: { kind: 'function', key: createHash('sha256').update(fixed).update('\0').update(argumentKey(args)).digest() },
      tags,
      revalidate: revalidate === false || revalidate === undefined || !Number.isFinite(revalidate) ? undefined : Math.max(1, Math.floor(revalidate)),
      make,
      encode: (value) => Buffer.from(JSON.stringify(value) as string | undefined ?? ''),
      decode: (bytes) => (bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as unknown),
    });
  };
  return cached as unknown as T;
}

/** The function runs as nobody's: what depends on one visitor throws inside, and nothing that it reads is this request's. */
function inCachedScope<T>(store: RequestStore, run: () => Promise<T>): Promise<T> {
  const scope = store.derive({ phase: 'cache', isolated: true });
  return requestStorage.run(scope, async () => run());
}
