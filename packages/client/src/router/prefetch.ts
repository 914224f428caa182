/**
 * What is fetched before anybody asks for it, and answers to navigations that may be used again: at most four pages are fetched at once,
 * the newest wish first, and only as long as somebody wishes it; what was used longest ago is dropped when it becomes too much.
 * Edge: it knows no DOM; links say what is in view.
 */
import type { Payload } from '../payload.ts';
import type { Answer, Answered } from './request.ts';
import type { Target } from './target.ts';

/** `auto`: what the server gives without making a dynamic page (its loading shell). `full`: the page with its data. */
export type Wish = 'auto' | 'full';

/** What is there for a page; `target` if HTTP redirects led elsewhere. */
export type Found = { payload: Payload; target: Target | undefined };

type Entry = {
  target: Target;
  wish: Wish;
  from: string;
  status: 'waiting' | 'loading' | 'ready';
  coming: Promise<Found | undefined>;
  /** Absent if the answer was no page. */
  answer: Answered | undefined;
  /** Milliseconds of the clock. */
  until: number;
  start: () => void;
  /** To be told when it is out of date. Links that are in view are among them. */
  listeners: Set<() => void>;
  /** Somebody without a listener wishes for it, and cannot take that back. */
  lasting: boolean;
};

export type PrefetchOptions = {
  ask: (target: Target, wish: Wish, from: string) => Promise<Answer>;
  /** Milliseconds. */
  now: () => number;
  /** Seconds for which a static page, a page that was fetched ahead in full, or a loading shell may be used. */
  staticStale: number;
  /** Seconds for which a dynamic page that was visited may be used again. */
  dynamicStale: number;
  /** Bytes of answers that are kept. */
  mostBytes?: number;
};

const MOST_AT_ONCE = 4;
const MOST_READY = 500;
const MOST_BYTES = 16 * 1024 * 1024;
/** Seconds. What the server gives a shorter life would be fetched ahead for nothing. */
const LEAST_STALE = 30;

export class Prefetches {
  /** How often everything was forgotten. */
  generation = 0;
  /** Used last, last. */
  readonly #entries = new Map<string, Entry>();
  readonly #options: PrefetchOptions;
  #loading = 0;
  #blockedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PrefetchOptions) {
    this.#options = options;
  }

  /** Wishes for a page. Does nothing if it is there or on its way. `listener` is told once if it is out of date before it is stale. */
  wish(target: Target, wish: Wish, from: string, listener?: () => void): void {
    const key = keyOf(target);
    const known = this.#fresh(key, from);
    const does = known && (known.wish === 'full' || wish === 'auto' || (known.status === 'ready' && !known.answer?.payload.partial));
    const entry = does ? known : this.#entry(target, wish, from);
    // The newest wish is served first.
    if (!does || known.status === 'waiting') this.#put(key, entry);
    if (listener) entry.listeners.add(listener);
    else entry.lasting = true;
    if (!does) this.#next();
  }

  /** Whoever wished for it with this listener does so no more. What is loading is loaded to its end. */
  cancel(target: Target, listener: () => void): void {
    const key = keyOf(target);
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.listeners.delete(listener);
    if (entry.status === 'waiting' && entry.listeners.size === 0 && !entry.lasting) this.#entries.delete(key);
  }

  /** What is there for a page, or a promise if it is on its way. `whole`: it will be all that a navigation would get. */
  find(target: Target, from: string): Found | { coming: Promise<Found | undefined>; whole: boolean } | undefined {
    const entry = this.#fresh(keyOf(target), from) ?? this.#shellOf(target.path, from);
    if (!entry || entry.status === 'waiting') return undefined;
    if (entry.status === 'loading') return { coming: entry.coming, whole: entry.wish === 'full' };
    if (entry.answer) this.#put(keyOf(entry.target), entry);
    return entry.answer && foundOf(entry.answer);
  }

  /** A loading shell does not depend on the search. */
  #shellOf(path: string, from: string): Entry | undefined {
    const keys = [...this.#entries].filter(([, entry]) => entry.target.path === path && entry.answer?.payload.partial).map(([key]) => key);
    return keys.map((key) => this.#fresh(key, from)).find((entry) => entry !== undefined);
  }

  /** Keeps the answer to a navigation that may be used again. */
  keep(target: Target, answer: Answered, from: string): void {
    const { prerendered, stale, payload } = answer;
    const seconds = prerendered ? this.#lifeOf(answer) : (stale ?? this.#options.dynamicStale);
    if (seconds <= 0 || payload.partial) return;
    this.#put(keyOf(target), { ...this.#entry(target, 'full', from), status: 'ready', answer, until: this.#options.now() + seconds * 1000 });
    this.#trim();
  }

  /** Another page is shown now: tells those whose answer is stale, or of no use to whoever comes from there. */
  review(from: string, fits: (payload: Payload) => boolean): void {
    for (const [key, entry] of [...this.#entries]) {
      if (entry.status !== 'ready' || !entry.answer || entry.listeners.size === 0) continue;
      if (!this.#fresh(key, from) || !fits(entry.answer.payload)) this.#drop([[key, entry]]);
    }
  }

  /** Forgets everything, and fetches nothing for a moment: whoever has invalidated one thing may go on. */
  purge(): void {
    this.generation++;
    this.#blockedUntil = this.#options.now() + 300;
    this.#drop([...this.#entries]);
  }

  /** Whoever is told may wish again, and may fail: that is no matter of ours. */
  #drop(gone: readonly (readonly [string, Entry])[]): void {
    for (const [key, { listeners }] of gone) {
      this.#entries.delete(key);
      listeners.forEach(queueMicrotask);
    }
  }

  /** Who waits for news of a page does so whatever is there for it. */
  #put(key: string, entry: Entry): void {
    const before = this.#entries.get(key);
    if (before && before !== entry) {
      for (const listener of before.listeners) entry.listeners.add(listener);
      entry.lasting ||= before.lasting;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #fresh(key: string, from: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry || (entry.answer?.varies && entry.from !== from)) return undefined;
    return entry.until < this.#options.now() ? undefined : entry;
  }

  #entry(target: Target, wish: Wish, from: string): Entry {
    let start = (): void => undefined;
    const go = new Promise<void>((resolve) => { start = resolve; });
    const entry: Entry = {
      target, wish, from, status: 'waiting', answer: undefined, until: Infinity, start, listeners: new Set(), lasting: false,
      coming: go.then(() => this.#load(entry)),
    };
    return entry;
  }

  async #load(entry: Entry): Promise<Found | undefined> {
    const answer = await this.#options.ask(entry.target, entry.wish, entry.from);
    this.#loading--;
    entry.status = 'ready';
    entry.answer = answer.kind === 'payload' ? answer : undefined;
    // No page of ours, or no network: not asked again for a while.
    entry.until = this.#options.now() + (entry.answer ? this.#lifeOf(entry.answer) : LEAST_STALE) * 1000;
    this.#trim();
    this.#next();
    return entry.answer && foundOf(entry.answer);
  }

  #lifeOf({ payload, stale }: Answered): number {
    return Math.max((payload.partial ? undefined : stale) ?? this.#options.staticStale, LEAST_STALE);
  }

  /** What was used longest ago goes first; the newest stays, however large. Nobody is told: it would be fetched again at once. */
  #trim(): void {
    let bytes = 0;
    let count = 0;
    for (const [key, { status, answer }] of [...this.#entries].reverse()) {
      if (status !== 'ready') continue;
      bytes += answer?.bytes() ?? 0;
      if (++count > MOST_READY || (count > 1 && bytes > (this.#options.mostBytes ?? MOST_BYTES))) this.#entries.delete(key);
    }
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

const keyOf = ({ path, search }: Target): string => path + search;
const foundOf = ({ payload, target }: Answered): Found => ({ payload, target });
