/**
 * `cookies()` of `next/headers`: the request's cookies, and in Server Actions and Route Handlers the ones to set. Writes go
 * into the store; whoever sends the response takes them from there.
 */
import { readsRequest, refused } from './dynamic.ts';
import { requestCookieValues } from './headers.ts';
import { currentRequest, memoized, type RequestStore } from './request-store.ts';
import { cookieToDelete, cookieToSet, type DeleteCookieArguments, type SetCookieArguments } from './web/cookie-jars.ts';
import { formatCookieHeader, formatSetCookie, parseSetCookie, type RequestCookie, type ResponseCookie } from './web/cookie-text.ts';

export type CookieStore = {
  readonly size: number;
  get(key: string | { name: string }): RequestCookie | undefined;
  getAll(key?: string | { name: string }): RequestCookie[];
  has(name: string): boolean;
  set(...args: SetCookieArguments): CookieStore;
  delete(...args: DeleteCookieArguments): CookieStore;
  toString(): string;
  [Symbol.iterator](): IterableIterator<[string, RequestCookie]>;
};

export function cookies(): Promise<CookieStore> {
  const store = currentRequest('cookies()');
  try {
    const visible = readsRequest(store, 'cookies', 'cookies()');
    return Promise.resolve(memoized(store, JAR, () => jarOf(store, visible)));
  } catch (error) {
    return refused(error);
  }
}
const JAR = Symbol('cookies()');

function jarOf(store: RequestStore, visible: boolean): CookieStore {
  const values = new Map(visible ? requestCookieValues(store) : []);
  const written = new Map<string, ResponseCookie>();
  const isWritable = store.phase === 'action' || store.phase === 'handler';
  // Where cookies can be set, Next's jar is one of response cookies: each has what it was set with, and a path at least.
  const shown = (name: string, value: string): RequestCookie => written.get(name) ?? (isWritable ? { name, value, path: '/' } as RequestCookie : { name, value });
  for (const [name, line] of store.cookieWrites) values.set(name, parseSetCookie(line)?.value ?? '');
  const nameOf = (key: string | { name: string }) => (typeof key === 'string' ? key : key.name);
  const write = (cookie: ResponseCookie, method: string) => {
    writeCookie(store, cookie, `cookies().${method}()`);
    values.set(cookie.name, cookie.value);
    written.set(cookie.name, cookie);
    return jar;
  };
  const jar: CookieStore = {
    get size() { return values.size; },
    get(key) {
      const name = nameOf(key);
      const value = values.get(name);
      return value === undefined ? undefined : shown(name, value);
    },
    getAll(key) {
      const all = Array.from(values, ([name, value]) => shown(name, value));
      return key === undefined ? all : all.filter((cookie) => cookie.name === nameOf(key));
    },
    has: (name) => values.has(name),
    set: (...args) => write(cookieToSet(args), 'set'),
    delete: (...args) => write(cookieToDelete(args), 'delete'),
    toString: () => formatCookieHeader(values),
    *[Symbol.iterator]() {
      for (const [name, value] of values) yield [name, shown(name, value)];
    },
  };
  return jar;
}

/** Sets cookies that an earlier run of the same action has set, as they were sent then. */
export function repeatCookies(store: RequestStore, lines: readonly (readonly [name: string, line: string])[]): void {
  for (const [name, line] of lines) store.cookieWrites.set(name, line);
  store.memo.delete(JAR);
}

/** Notes a cookie for the response. In actions it also asks for fresh UI (Next behaviour 1.66). */
export function writeCookie(store: RequestStore, cookie: ResponseCookie, api: string): void {
  if (store.phase !== 'action' && store.phase !== 'handler') {
    const where = store.phase === 'after' ? 'in `after()`, when the response has gone out' : store.phase === 'cache' ? 'inside a cached function' : 'while a page is rendered, when the response has begun';
    throw new Error(`\`${api}\` was called ${where}. Cookies can be changed in a Server Action or a Route Handler.`);
  }
  const line = formatSetCookie(cookie);
  // Deleted first, so that the order of the map is that of the last writes.
  store.cookieWrites.delete(cookie.name);
  store.cookieWrites.set(cookie.name, line);
  if (store.phase === 'action') store.refresh = 1;
}
