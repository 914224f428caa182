/**
 * What is fetched before anybody asks for it: at most four pages at once, the newest wish first, and only as long as somebody wishes it.
 * Edge: it knows no DOM; links say what is in view.
 */
import type { Payload } from '../payload.ts';
import type { Answer } from './request.ts';
import type { Target } from './target.ts';

/** `auto`: what the server gives without making a dynamic page (its loading shell). `full`: the page with its data. */
export type Wish = 'auto' | 'full';

type Entry = {
  target: Target;
  wish: Wish;
  from: string;
  status: 'waiting' | 'loading' | 'ready';
  answer: Promise<Payload | undefined>;
  payload: Payload | undefined;
  /** The answer holds only for whoever comes from `from`. */
  bound: boolean;
  until: number;
  start: () => void;
  invalidated: Set<() => void>;
};

export type PrefetchOptions = {
  ask: (target: Target, wish: Wish, from: string) => Promise<Answer>;
  /** Milliseconds. */
  now: () => number;
  /** Seconds for which a static page or a loading shell may be used. */
  staticStale: number;
  /** Seconds for which a dynamic page that was visited may be used again. */
  dynamicStale: number;
};

const MOST_AT_ONCE = 4;
const LEAST_STALE = 30;

export class Prefetches {
  readonly #entries = new Map<string, Entry>();
  readonly #options: PrefetchOptions;
  #loading = 0;
  #blockedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PrefetchOptions) {
    this.#options = options;
  }

  /** Wishes for a page. Does nothing if it is there or on its way. */
  wish(target: Target, wish: Wish, from: string, onInvalidate?: () => void): void {
    const key = target.path + target.search;
    const known = this.#fresh(key, from);
    if (known && (known.wish === 'full' || wish === 'auto' || known.payload?.partial === undefined && known.status === 'ready')) {
      if (onInvalidate) known.invalidated.add(onInvalidate);
      // The newest wish is served first.
      if (known.status === 'waiting') this.#put(key, known);
      return;
    }
    const entry = this.#entry(target, wish, from);
    if (onInvalidate) entry.invalidated.add(onInvalidate);
    this.#put(key, entry);
    this.#next();
  }

  /** Nobody wishes for it any more. What is loading is loaded to its end. */
  cancel(target: Target): void {
    const key = target.path + target.search;
    if (this.#entries.get(key)?.status === 'waiting') this.#entries.delete(key);
  }

  /** What is there for a page, or a promise if it is on its way. */
  find(target: Target, from: string): { payload: Payload } | { coming: Promise<Payload | undefined> } | undefined {
    const entry = this.#fresh(target.path + target.search, from) ?? this.#shellOf(target.path, from);
    if (!entry || entry.status === 'waiting') return undefined;
    if (entry.payload) return { payload: entry.payload };
    return entry.status === 'loading' ? { coming: entry.answer } : undefined;
  }

  /** A loading shell does not depend on the search. */
  #shellOf(path: string, from: string): Entry | undefined {
    const keys = [...this.#entries].filter(([, entry]) => entry.target.path === path && entry.payload?.partial).map(([key]) => key);
    return keys.map((key) => this.#fresh(key, from)).find((entry) => entry !== undefined);
  }

  /** Keeps the answer to a navigation that may be used again. */
  keep(target: Target, payload: Payload, from: string, varies: boolean): void {
    const seconds = payload.stale ?? this.#options.dynamicStale;
    if (seconds <= 0) return;
    const key = target.path + target.search;
    const entry = this.#entry(target, 'full', from);
    this.#put(key, { ...entry, status: 'ready', payload, bound: varies, until: this.#options.now() + seconds * 1000 });
  }

  /** Forgets everything, and fetches nothing for a moment: whoever has invalidated one thing may go on. */
  purge(): void {
    const gone = [...this.#entries.values()];
    this.#entries.clear();
    this.#blockedUntil = this.#options.now() + 300;
    for (const entry of gone) for (const tell of entry.invalidated) tell();
  }

  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #fresh(key: string, from: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry || (entry.bound && entry.from !== from)) return undefined;
    if (entry.status === 'ready' && entry.until < this.#options.now()) {
      this.#entries.delete(key);
      return undefined;
    }
    return entry;
  }

  #entry(target: Target, wish: Wish, from: string): Entry {
    let start = (): void => undefined;
    const go = new Promise<void>((resolve) => { start = resolve; });
    const entry: Entry = {
      target, wish, from, status: 'waiting', payload: undefined, bound: false, until: Infinity, start, invalidated: new Set(),
      answer: go.then(() => this.#load(entry)),
    };
    return entry;
  }

  async #load(entry: Entry): Promise<Payload | undefined> {
    const answer = await this.#options.ask(entry.target, entry.wish, entry.from);
    this.#loading--;
    if (answer.kind === 'payload') {
      const { payload } = answer;
      Object.assign(entry, { status: 'ready', payload, bound: answer.varies, until: this.#until(payload) } satisfies Partial<Entry>);
    } else {
      // No page of ours, or no network: not asked again for a while.
      Object.assign(entry, { status: 'ready', until: this.#options.now() + LEAST_STALE * 1000 } satisfies Partial<Entry>);
    }
    this.#next();
    return entry.payload;
  }

  #until(payload: Payload): number {
    const seconds = (payload.partial ? undefined : payload.stale) ?? this.#options.staticStale;
    return this.#options.now() + Math.max(seconds, LEAST_STALE) * 1000;
  }

  #next(): void {
    const pause = this.#blockedUntil - this.#options.now();
    if (pause > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#next();
      }, pause);
      return;
    }
    for (const entry of [...this.#entries.values()].reverse()) {
      if (this.#loading >= MOST_AT_ONCE) return;
      if (entry.status !== 'waiting') continue;
      entry.status = 'loading';
      this.#loading++;
      entry.start();
    }
  }
}
