/**
 * The one router of a document: it feeds `state.ts` with what happens, and carries out what that says: requests, history, React.
 * React reads it through a transition, so the old page stays until the new one can show.
 */
import { addTransitionType, startTransition } from 'react';
import type { FragmentInstance } from 'react';
import type { Router } from '../contexts.ts';
import type { Payload, SlotId } from '../payload.ts';
import type { View } from '../view.ts';
import { announce } from './announcer.ts';
import { currentTarget, installHistory } from './history.ts';
import type { HistoryWriter } from './history.ts';
import { mayPrefetch } from './may-prefetch.ts';
import { merge, originsOf } from './merge.ts';
import type { Beside } from './merge.ts';
import { Prefetches } from './prefetch.ts';
import type { Found, Wish } from './prefetch.ts';
import { ask, askBeside } from './request.ts';
import { scrollOnArrival } from './scroll.ts';
import type { Marks } from './scroll.ts';
import { initialState, step } from './state.ts';
import type { Effect, Event, Offset, Place, State } from './state.ts';
import { destinationOf, hrefOf, sameResource, withTrailingSlash } from './target.ts';
import type { Destination, Target } from './target.ts';

export type Shown = View | Promise<View>;
export type NavigationType = 'push' | 'replace' | 'traverse';
export type NavigateOptions = { scroll?: boolean | undefined; transitionTypes?: string[] | undefined };

/** What `App` in the browser gives the store to drive it. */
type React = { show: (shown: Shown) => void; place: (at: { view: View; place: Place } | null) => void };

/** Stands where a loading shell waits for the page. The page itself comes with the next view. */
const HOLD = new Promise<never>(() => undefined);

export class RouterStore {
  readonly basePath: string;
  readonly prefetches: Prefetches;
  readonly router: Router;
  readonly marks: Marks = new Map();
  /** Server Actions under way. React holds every transition back while one of its own runs, so navigations then take another way. */
  actions = 0;
  /** `onRouterTransitionStart` of `instrumentation-client`. */
  onStart: ((url: string, type: NavigationType) => void) | undefined;

  #state: State;
  #react: React | undefined;
  #latest: Shown;
  #write: HistoryWriter = () => undefined;
  #offset: Offset = [0, 0];
  #afterLayout: Effect[] | undefined;
  /** Wishes for the page that is shown. */
  readonly #toOwnPage = new Set<() => void>();
  readonly #waits = new Map<number, (view: View) => void>();
  readonly #aborts = new Map<number, AbortController>();
  readonly #settled = new Map<number, () => void>();

  constructor(first: View) {
    const { basePath = '', staleTimes } = first.settings;
    this.basePath = basePath;
    this.#state = initialState(first, { path: first.url.path, search: first.url.search }, Math.random().toString(36).slice(2, 10));
    this.#latest = first;
    this.prefetches = new Prefetches({
      now: () => performance.now(),
      staticStale: staleTimes?.static ?? 300,
      dynamicStale: staleTimes?.dynamic ?? 0,
      ask: (target, ahead, from) => ask({ target, basePath, have: this.#state.shown, from, ahead }),
    });
    this.router = {
      push: (href, options) => void this.navigate(href, 'push', options),
      replace: (href, options) => void this.navigate(href, 'replace', options),
      prefetch: (href, options) => this.prefetch(href, options?.kind === 'full' ? 'full' : 'auto', options?.onInvalidate),
      refresh: () => this.refresh(),
      back: () => history.back(),
      forward: () => history.forward(),
    };
  }

  get first(): Shown {
    return this.#latest;
  }

  /** Where the browser is, without `basePath`: what actions are called under. */
  get place(): Place {
    return this.#state.place;
  }

  /** The path from which an intercepting route was entered, if one is shown. */
  get from(): string | undefined {
    return this.#state.from;
  }

  get shown(): View {
    return this.#state.shown;
  }

  /** Begins to follow the browser. Before hydration, once. */
  start(): void {
    const at = currentTarget(this.basePath);
    if (at) this.#state = { ...this.#state, place: { path: at.path, search: at.search } };
    this.#write = installHistory(this.#state.key, {
      basePath: this.basePath,
      onTraverse: (key, target, kept) => this.#traversed(key, target, kept),
      onShallow: (mode, target) => this.#shallow(mode, target),
    });
    this.#offset = [window.scrollX, window.scrollY];
    addEventListener('scroll', () => { this.#offset = [window.scrollX, window.scrollY]; }, { passive: true });
    addEventListener('pageshow', (event) => { if (event.persisted) this.#dispatch({ type: 'returned' }); });
  }

  attach(react: React): void {
    this.#react = react;
    if (this.#latest !== this.#state.shown) this.#toReact(this.#latest);
  }

  mark = (id: SlotId, place: FragmentInstance | null): void => {
    if (place) this.marks.set(id, place);
    else this.marks.delete(id);
  };

  destination(href: string): Destination {
    const destination = destinationOf(href, location.href, this.basePath);
    if (destination.kind !== 'app') return destination;
    const path = withTrailingSlash(destination.target.path, this.#state.shown.settings.trailingSlash ?? false);
    return { kind: 'app', target: { ...destination.target, path } };
  }

  /** Settles when the page (or its loading shell) is on the screen, or when something else has taken its place. */
  navigate(href: string, mode: 'push' | 'replace', { scroll = true, transitionTypes = [] }: NavigateOptions = {}): Promise<void> {
    const destination = this.destination(String(href));
    if (destination.kind !== 'app') {
      this.#leaveFor(destination, mode);
      return Promise.resolve();
    }
    const { target } = destination;
    this.#tellStart(target, mode);
    const ahead = this.prefetches.find(target, this.#state.place.path);
    return this.#start(() => {
      this.#transition = transitionTypes;
      const there = !ahead || 'payload' in ahead ? ahead : ahead.whole ? 'coming' : undefined;
      this.#dispatch({ type: 'navigate', target, mode, scroll, ahead: there, hold: HOLD });
      this.#transition = [];
      if (ahead && 'coming' in ahead) this.#useWhenThere(this.#state.pending?.id, ahead.coming);
    });
  }

  refresh(): void {
    this.purge(true);
    void this.#start(() => this.#dispatch({ type: 'refresh' }));
  }

  prefetch(href: string, wish: Wish, onInvalidate?: () => void): void {
    const destination = this.destination(href);
    if (destination.kind !== 'app' || !mayPrefetch()) return;
    if (!sameResource(destination.target, this.#state.place)) this.prefetches.wish(destination.target, wish, this.#state.place.path, onInvalidate);
    else if (onInvalidate) this.#toOwnPage.add(onInvalidate);
  }

  cancelPrefetch(href: string, onInvalidate: () => void): void {
    this.#toOwnPage.delete(onInvalidate);
    const destination = this.destination(href);
    if (destination.kind === 'app') this.prefetches.cancel(destination.target, onInvalidate);
  }

  /** What was kept is out of date; `all`: what was fetched ahead too. */
  purge(all: boolean): void {
    if (all) this.prefetches.purge();
    this.#dispatch({ type: 'purge' });
  }

  /** The fresh UI of an action's reply. In the scope of the action's transition, so that both show at once. */
  reply(at: Place, payload: Payload | undefined, revalidated: boolean, beside: readonly Beside[]): void {
    this.#dispatch({ type: 'reply', at, payload, revalidated, beside }, true);
  }

  /** Fresh content of what is shown and not part of the current URL: it is nowhere in an answer for that. */
  askBeside(): Promise<Beside[]> {
    return askBeside(originsOf(this.#state.shown), this.basePath);
  }

  redirected(at: Place, href: string, mode: 'push' | 'replace', payload: Payload | undefined): void {
    const destination = this.destination(href);
    if (destination.kind !== 'app') return this.#leaveFor(destination, mode);
    this.#tellStart(destination.target, mode);
    this.#dispatch({ type: 'redirect', at, target: destination.target, mode, payload }, true);
  }

  /** React puts this view on the screen: while it changes the DOM … */
  committing(view: View): void {
    const path = this.#state.place.path;
    this.#afterLayout = [];
    this.#dispatch({ type: 'committed', number: view.number, offset: this.#offset });
    if (this.#state.place.path === path) return;
    announce();
    queueMicrotask(() => this.#reviewPrefetches());
  }

  /** Another page is shown: links that stayed may need another answer from there, and those that led to the page before may be followed now. */
  #reviewPrefetches(): void {
    const { place, shown } = this.#state;
    // A dynamic page without a loading shell is of no use from anywhere.
    const empty = ({ partial, parts }: Payload): boolean => partial === true && Object.values(parts).every(({ loading }) => loading === undefined);
    this.prefetches.review(place.path, (payload) => empty(payload) || merge(shown, payload, { number: 0 }).kind !== 'missing');
    const wished = [...this.#toOwnPage];
    this.#toOwnPage.clear();
    for (const wish of wished) wish();
  }

  /** … and when it has. */
  committed(): void {
    const effects = this.#afterLayout ?? [];
    this.#afterLayout = undefined;
    for (const effect of effects) this.#run(effect);
  }

  #transition: string[] = [];
  #replying = false;

  #dispatch(event: Event, replying = false): void {
    const { state, effects } = step(this.#state, event);
    this.#state = state;
    this.#replying = replying;
    for (const effect of effects) {
      const late = effect.do === 'scroll' || effect.do === 'settle' || effect.do === 'refresh';
      if (late && this.#afterLayout) this.#afterLayout.push(effect);
      else this.#run(effect);
    }
    this.#replying = false;
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case 'wait': return this.#toReact(new Promise((resolve) => this.#waits.set(effect.id, resolve)));
      case 'request': return void this.#request(effect);
      case 'abort': {
        this.#aborts.get(effect.id)?.abort();
        this.#waits.delete(effect.id);
        return;
      }
      case 'show': return this.#show(effect.id, effect.view);
      case 'history': return this.#write(effect.mode, effect.key, hrefOf(effect.target, this.basePath), this.#offset);
      case 'scroll': return scrollOnArrival(effect.arrival, effect.from, this.marks);
      case 'settle': {
        this.#settled.get(effect.id)?.();
        this.#settled.delete(effect.id);
        return;
      }
      case 'document': return this.#loadDocument(hrefOf(effect.target, this.basePath), effect.mode);
      case 'external': return this.#leaveFor(this.destination(effect.url), effect.mode);
      case 'refresh': return this.refresh();
    }
  }

  /** Runs what begins a navigation and gives a promise of its end. */
  #start(begin: () => void): Promise<void> {
    const before = this.#state.counter;
    return new Promise((resolve) => {
      begin();
      const id = this.#state.pending?.id ?? [...this.#state.arrivals.values()].at(-1)?.id;
      if (id !== undefined && id > before) this.#settled.set(id, resolve);
      else resolve();
    });
  }

  async #request({ id, target, have, from, beside: origins }: Extract<Effect, { do: 'request' }>): Promise<void> {
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    const at = this.#state.place.path;
    const { basePath } = this;
    const { signal } = abort;
    const { generation } = this.prefetches;
    const [answer, beside] = await Promise.all([ask({ target, basePath, have, from, signal }), askBeside(origins, basePath, signal)]);
    if (this.#aborts.get(id) === abort) this.#aborts.delete(id);
    if (signal.aborted) return;
    if (answer.kind === 'payload') {
      // What was invalidated meanwhile may have been made before.
      if (generation === this.prefetches.generation) this.prefetches.keep(answer.target ?? target, answer, at);
      return this.#dispatch({ type: 'payload', id, payload: answer.payload, target: answer.target, beside });
    }
    const soft = answer.kind === 'failed' && this.#state.pending?.mode === 'stay';
    if (soft) console.error('Refreshing the page failed; what is shown stays.', answer.error);
    this.#dispatch({ type: 'failed', id, soft });
  }

  /** For a navigation that has asked by itself, or that asks if this turns out to be of no use. */
  #useWhenThere(id: number | undefined, coming: Promise<Found | undefined>): void {
    if (id === undefined) return;
    void coming.then((found) => {
      if (found) this.#dispatch({ type: 'payload', id, ...found, ahead: true, hold: HOLD });
      if (!this.#aborts.has(id)) this.#dispatch({ type: 'ask', id });
    });
  }

  #show(id: number | undefined, view: View): void {
    const resolve = id === undefined ? undefined : this.#waits.get(id);
    if (id === undefined || !resolve) return this.#toReact(view);
    this.#waits.delete(id);
    this.#latest = view;
    resolve(view);
  }

  #toReact(shown: Shown): void {
    this.#latest = shown;
    const show = this.#react?.show;
    if (!show) return;
    const types = this.#transition;
    if (this.actions > 0 && !this.#replying) {
      // Outside of any transition, also of the caller's: `App` defers it by itself.
      queueMicrotask(() => show(this.#latest));
      return;
    }
    startTransition(() => {
      for (const type of types) addTransitionType(type);
      show(shown);
    });
  }

  #traversed(key: string | undefined, target: Target, kept: Offset | undefined): void {
    if (key !== undefined) {
      this.#tellStart(target, 'traverse');
      this.#dispatch({ type: 'traverse', key, target, offset: this.#offset, kept });
    } else if (sameResource(target, this.#state.place)) {
      // A plain link to a place on this page, or a hash typed by the reader: a new entry for the same page.
      this.#dispatch({ type: 'shallow', mode: 'push', place: this.#state.place, offset: this.#offset });
      this.#write('replace', this.#state.key, location.href, this.#offset);
    } else {
      location.reload();
    }
  }

  #shallow(mode: 'push' | 'replace', target: Target): string {
    const place = { path: target.path, search: target.search };
    const moved = !sameResource(place, this.#state.place);
    this.#dispatch({ type: 'shallow', mode, place, offset: this.#offset });
    const show = (): void => this.#react?.place({ view: this.#state.shown, place });
    if (moved && this.actions > 0) show();
    else if (moved) startTransition(show);
    return this.#state.key;
  }

  #tellStart(target: Target, type: NavigationType): void {
    try {
      this.onStart?.(hrefOf(target, this.basePath), type);
    } catch (error) {
      reportError(error);
    }
  }

  #leaveFor(destination: Destination, mode: 'push' | 'replace'): void {
    if (destination.kind === 'refused') return console.error(`The router does not go to ${JSON.stringify(destination.href)}: only http, https, mailto, tel and sms URLs are followed.`);
    this.#loadDocument(destination.kind === 'app' ? hrefOf(destination.target, this.basePath) : destination.href, mode);
  }

  #loadDocument(href: string, mode: 'push' | 'replace' | 'traverse' | 'stay'): void {
    if (mode === 'push') location.assign(href);
    else if (mode === 'replace') location.replace(href);
    else location.reload();
  }
}
