/**
 * Invalidation as applications call it (Next behaviour 5.32 to 5.43). A call is noted in the store; `flushRevalidations` sends
 * what was noted and waits until the front has it in force. Whoever answers a request calls that before the answer goes
 * out, and every cached read of the same request before it reads: so each caller reads its own writes.
 */
import { app } from '../app.ts';
import { currentRequest, type RequestStore, type Revalidation } from '../request-store.ts';
import { checkedTag, isTooLong } from './tags.ts';

const MAX_PATH = 1024;
/** The front takes so many in one call. */
const MAX_ITEMS = 256;

export type CacheProfile = string | { expire?: number };

export function revalidateTag(tag: string, profile?: CacheProfile): void {
  const store = writable('revalidateTag(tag)');
  if (isTooLong(tag)) {
    // No entry carries such a tag, since it was left out there as well (Next behaviour 5.8).
    console.warn(`revalidateTag(${JSON.stringify(tag.slice(0, 80))}…) has no effect: the tag is too long.`);
    return;
  }
  const value = checkedTag(tag, 'revalidateTag(tag)');
  const expire = profile === undefined ? 0 : expireOf(profile);
  if (expire === 0) {
    note(store, { kind: 'tag', value, scope: 'none', mode: 'expire' });
    wantsFreshUi(store);
  } else {
    note(store, { kind: 'tag', value, scope: 'none', mode: 'stale', ...(expire === undefined ? {} : { expireSeconds: expire }) });
  }
}

export function updateTag(tag: string): void {
  const store = actionOnly('updateTag(tag)', 'Use `revalidateTag(tag)` here.');
  note(store, { kind: 'tag', value: checkedTag(tag, 'updateTag(tag)'), scope: 'none', mode: 'expire' });
  wantsFreshUi(store);
}

export function revalidatePath(path: string, type?: 'page' | 'layout'): void {
  const store = writable('revalidatePath(path)');
  if (typeof path !== 'string') throw new TypeError('`revalidatePath(path)` takes a path as a string.');
  if (type !== undefined && type !== 'page' && type !== 'layout') {
    throw new TypeError(`\`revalidatePath(path, type)\`: the type is 'page' or 'layout', not ${JSON.stringify(type)}.`);
  }
  if (path.length > MAX_PATH) {
    console.warn(`revalidatePath: a path of ${path.length} characters is left out; ${MAX_PATH} is the most.`);
    return;
  }
  if (type === undefined && /\/\[[^/]+\](\/|$)/.test(path)) {
    console.warn(`revalidatePath(${JSON.stringify(path)}) has no effect: a path with dynamic segments needs a type, 'page' or 'layout'.`);
  }
  const value = path.startsWith('/') ? path : `/${path}`;
  note(store, { kind: 'path', value: value.length > 1 ? value.replace(/\/+$/, '') || '/' : value, scope: type ?? 'none', mode: 'expire' });
  wantsFreshUi(store);
}

/** Shows the current route anew after an action; caches are left alone. */
export function refresh(): void {
  const store = actionOnly('refresh()', 'In client code, `useRouter().refresh()` does it.');
  if (store.refresh === 0) store.refresh = 2;
}

/** Sends what was noted; resolves when it holds for every later lookup. */
export async function flushRevalidations(store: RequestStore): Promise<void> {
  while (store.revalidations.length > 0) {
    const batch = store.revalidations.splice(0, MAX_ITEMS);
    await store.front.revalidate(batch);
    store.revalidated.push(...batch);
  }
}

/**
 * Whether this very request has marked something with one of these tags as stale: then it wants the new value itself, and only
 * others are given the old one while it is made.
 */
export function hasMarkedStale(store: RequestStore, tags: readonly string[]): boolean {
  return store.revalidated.some(({ kind, mode, value }) => kind === 'tag' && mode === 'stale' && tags.includes(value));
}

/** Seconds until a stale value is gone: 0 means at once, `undefined` never. Throws for a profile that does not exist. */
function expireOf(profile: CacheProfile): number | undefined {
  if (typeof profile === 'string') {
    const known = app().manifest.config.cacheLife;
    const life = Object.hasOwn(known, profile) ? known[profile] : undefined;
    if (!life) {
      throw new Error(`\`revalidateTag(tag, ${JSON.stringify(profile)})\`: there is no such cache profile. There are ${Object.keys(known).join(', ')}; \`cacheLife\` in next.config adds others.`);
    }
    return life.expire ?? undefined;
  }
  const { expire } = profile;
  if (expire === undefined) return undefined;
  if (typeof expire !== 'number' || !(expire >= 0)) throw new TypeError('`revalidateTag(tag, {expire})`: `expire` is a number of seconds from 0 on.');
  return Number.isFinite(expire) ? Math.floor(expire) : undefined;
}

function note(store: RequestStore, revalidation: Revalidation): void {
  const same = (other: Revalidation) =>
    other.kind === revalidation.kind && other.value === revalidation.value && other.scope === revalidation.scope
    && other.mode === revalidation.mode && other.expireSeconds === revalidation.expireSeconds;
  if (!store.revalidations.some(same)) store.revalidations.push(revalidation);
}

function wantsFreshUi(store: RequestStore): void {
  if (store.phase === 'action') store.refresh = 1;
}

function writable(api: string): RequestStore {
  const store = currentRequest(api);
  if (store.phase === 'render' || store.phase === 'prerender' || store.phase === 'params') {
    throw new Error(`The route ${store.routePath} called \`${api}\` while it is rendered, which may not change what is cached. Call it in a Server Action or a Route Handler.`);
  }
  if (store.phase === 'cache') {
    throw new Error(`\`${api}\` was called inside a cached function, which runs only when its result is not cached. Call it in a Server Action or a Route Handler.`);
  }
  return store;
}

function actionOnly(api: string, hint: string): RequestStore {
  const store = currentRequest(api);
  if (store.phase !== 'action') throw new Error(`\`${api}\` can be called in a Server Action only. ${hint}`);
  return store;
}
