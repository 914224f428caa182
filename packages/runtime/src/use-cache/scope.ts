/** One run of a cached function: what its code says about its result, by `cacheLife` and `cacheTag`, and what it reads says. */
import { requestStorage, type RequestStore } from '../request-store.ts';
import { usableTags } from '../cache/tags.ts';
import { checkedLifetime, defaultLifetime, shortest, type Lifetime } from './lifetime.ts';

export type CacheVariant = 'default' | 'remote' | 'private';

export class CacheScope {
  /** What messages call the function. */
  readonly label: string;
  readonly variant: CacheVariant;
  #said: Partial<Lifetime> = {};
  #read: Lifetime = defaultLifetime();

  constructor(label: string, variant: CacheVariant) {
    this.label = label;
    this.variant = variant;
  }

  /** Of several calls the shortest counts (Next behaviour 5.23). */
  say(life: Partial<Lifetime>): void {
    for (const field of ['stale', 'revalidate', 'expire'] as const) {
      const value = life[field];
      if (value !== undefined) this.#said[field] = Math.min(this.#said[field] ?? Infinity, value);
    }
  }

  /** Something with this lifetime was read. It counts where the code itself says nothing. */
  read(life: Partial<Lifetime>): void {
    this.#read = shortest(this.#read, life);
  }

  get lifetime(): Lifetime {
    return { ...this.#read, ...this.#said };
  }
}

/** `cacheLife` of `next/cache`. */
export function cacheLife(life: string | Partial<Lifetime>): void {
  const { scope } = inside('cacheLife()');
  scope.say(checkedLifetime(life));
}

/** `cacheTag` of `next/cache`. */
export function cacheTag(...tags: string[]): void {
  const { scope, store } = inside('cacheTag()');
  for (const tag of usableTags(tags, `cacheTag() in ${scope.label}`)) store.tags.add(tag);
}

function inside(api: string): { scope: CacheScope; store: RequestStore } {
  const store = requestStorage.getStore();
  const scope = store?.cacheScope;
  if (!store || !scope) {
    throw new Error(`\`${api}\` was called outside of a cached function. Call it in a function, component or file that has the directive 'use cache'.`);
  }
  return { scope, store };
}
