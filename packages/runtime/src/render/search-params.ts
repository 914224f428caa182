/**
 * `searchParams` as a page gets them: a promise that also has the values as properties, for code from before Next 15. Using
 * it makes the page dynamic.
 */
import { readsRequest, refused } from '../dynamic.ts';
import { isPromisesOwn } from '../params.ts';
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
 * The promise. Whoever awaits it, reads a property, or hands it to React, has read the request; whoever only passes it on has
 * not. It is a proxy because `await` does not call the `then` of a real promise, and because a name that the query lacks has
 * been asked for, too.
 */
export function searchParamsPromise(store: RequestStore, query: string): Promise<SearchParams> & SearchParams {
  let values: SearchParams | undefined;
  let promise: Promise<SearchParams> | undefined;
  const read = (): SearchParams => (values ??= readsRequest(store, 'searchParams', 'searchParams') ? parseSearch(query) : {});
  const settled = (): Promise<SearchParams> => (promise ??= settledOrRefused(read));
  const ways = new Set<string | symbol>(['then', 'catch', 'finally']);
  const isValue = (name: string | symbol): name is string => typeof name === 'string' && !isPromisesOwn(name);
  const proxy = new Proxy(Promise.resolve({} as SearchParams), {
    get(target, name) {
      if (ways.has(name)) {
        const method = Reflect.get(settled(), name) as (...args: unknown[]) => unknown;
        return method.bind(settled());
      }
      return isValue(name) ? own(read(), name) : Reflect.get(target, name, target) as unknown;
    },
    has: (target, name) => (isValue(name) ? Object.hasOwn(read(), name) : Reflect.has(target, name)),
    ownKeys: (target) => [...Reflect.ownKeys(target), ...Object.keys(read()).filter(isValue)],
    getOwnPropertyDescriptor(target, name) {
      if (!isValue(name) || !Object.hasOwn(read(), name)) return Reflect.getOwnPropertyDescriptor(target, name);
      return { value: read()[name], enumerable: true, configurable: true, writable: true };
    },
  }) as Promise<SearchParams> & SearchParams;
  made.add(proxy);
  return proxy;
}

const made = new WeakSet<object>();

/** Whether a value is one of these promises. Asking is not reading. */
export function isSearchParams(value: unknown): boolean {
  return typeof value === 'object' && value !== null && made.has(value);
}

function own(values: SearchParams, name: string): string | string[] | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function settledOrRefused(read: () => SearchParams): Promise<SearchParams> {
  try {
    return Promise.resolve(read());
  } catch (error) {
    return refused(error);
  }
}
