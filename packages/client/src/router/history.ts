/**
 * The browser's history: our entries carry a key in their state, by which the router knows them again; `pushState` and `replaceState` of
 * user code are followed (the URL changes, the page stays).
 */
import type { Offset } from './state.ts';
import { withoutBasePath } from './target.ts';
import type { Target } from './target.ts';

/** Where our key and the scroll position stand in `history.state`, beside whatever user code has put there. */
const KEY = '__I';
const OFFSET = '__IY';

export type HistoryListener = {
  basePath: string;
  /** The browser has gone to an entry with that key, or to one without a key. */
  onTraverse: (key: string | undefined, target: Target, offset: Offset | undefined) => void;
  /** User code has changed the URL; gives back the key for the entry. Undefined: nothing to follow. */
  onShallow: (mode: 'push' | 'replace', target: Target) => string;
};

/** `left`: how far the page is scrolled whose entry is being left; kept with the entry, so that it survives a reload. */
export type HistoryWriter = (mode: 'push' | 'replace', key: string, href: string, left: Offset) => void;

/** The URL of the window as a place of the application; undefined outside of its base path. */
export function currentTarget(basePath: string): Target | undefined {
  const path = withoutBasePath(location.pathname, basePath);
  return path === undefined ? undefined : { path, search: location.search, hash: location.hash };
}

export function installHistory(key: string, listener: HistoryListener): HistoryWriter {
  const original = { push: history.pushState.bind(history), replace: history.replaceState.bind(history) };
  original.replace(withKey(history.state, key), '');
  const follow = (mode: 'push' | 'replace') => (data: unknown, unused: string, url?: string | URL | null): void => {
    const target = url === undefined || url === null ? currentTarget(listener.basePath) : targetOf(url, listener.basePath);
    // Another origin is refused by the browser itself; a place outside of the base path is none of ours.
    if (!target) return original[mode](data, unused, url);
    original[mode](withKey(data, listener.onShallow(mode, target)), unused, url);
  };
  history.pushState = follow('push');
  history.replaceState = follow('replace');
  addEventListener('popstate', (event) => {
    const target = currentTarget(listener.basePath);
    if (target) listener.onTraverse(keyOf(event.state), target, offsetOf(event.state));
    else location.reload();
  });
  return (mode, next, href, left) => {
    if (mode === 'push') original.replace({ ...withKey(history.state, keyOf(history.state) ?? key), [OFFSET]: left }, '');
    original[mode](withKey(null, next), '', href);
  };
}

function targetOf(url: string | URL, basePath: string): Target | undefined {
  const parsed = new URL(url, location.href);
  const path = parsed.origin === location.origin ? withoutBasePath(parsed.pathname, basePath) : undefined;
  return path === undefined ? undefined : { path, search: parsed.search, hash: parsed.hash };
}

function withKey(data: unknown, key: string): object {
  return { ...(typeof data === 'object' && data !== null ? data : {}), [KEY]: key };
}

const fieldOf = (data: unknown, name: string): unknown =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined;

function keyOf(data: unknown): string | undefined {
  const key = fieldOf(data, KEY);
  return typeof key === 'string' ? key : undefined;
}

function offsetOf(data: unknown): Offset | undefined {
  const offset = fieldOf(data, OFFSET);
  return Array.isArray(offset) ? [Number(offset[0]), Number(offset[1])] : undefined;
}
