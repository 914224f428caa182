/** `searchParams` as a page gets them: a promise, whose use makes the page dynamic. */
import { readsRequest } from '../dynamic.ts';
import type { RequestStore } from '../request-store.ts';

export type SearchParams = Record<string, string | string[]>;

/** Repeated names become lists, names without value the empty string (Next behaviour 7.11). */
export function parseSearch(query: string): SearchParams {
  const found = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = found.get(name);
    found.set(name, before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]);
  }
  return Object.fromEntries(found);
}

/**
 * The promise. Whoever awaits it, or hands it to React, has read the request; whoever only passes it on has not. It is a
 * proxy because `await` does not call the `then` of a real promise.
 */
export function searchParamsPromise(store: RequestStore, query: string): Promise<SearchParams> {
  let promise: Promise<SearchParams> | undefined;
  const read = (): Promise<SearchParams> => (promise ??= Promise.resolve(readsRequest(store, 'searchParams', 'searchParams') ? parseSearch(query) : {}));
  const ways = new Set<string | symbol>(['then', 'catch', 'finally']);
  return new Proxy(Promise.resolve({} as SearchParams), {
    get(target, name) {
      if (!ways.has(name)) return Reflect.get(target, name, target) as unknown;
      const method = Reflect.get(read(), name) as (...args: unknown[]) => unknown;
      return method.bind(read());
    },
  });
}
