/**
 * The router as a function: state × event → state and effects. No React, no DOM, no clock; `store.ts` carries out the effects.
 * What holds whatever happens: one history entry for one navigation, the last navigation wins, and an answer to one that was
 * given up changes nothing.
 */
import type { ReactNode } from 'react';
import type { Payload } from '../payload.ts';
import type { Origin, View } from '../view.ts';
import { committed, entered, shallow, withOffset } from './arrival.ts';
import { merge, originsOf, restore } from './merge.ts';
import type { Beside } from './merge.ts';
import { sameResource } from './target.ts';
import type { Target } from './target.ts';

export type Place = { path: string; search: string };
export type Offset = readonly [x: number, y: number];

/** How a navigation changes the history: `traverse` has done so already, `stay` (refresh) does not. */
export type Mode = 'push' | 'replace' | 'traverse' | 'stay';

/** A navigation that has not been answered in full. */
export type Pending = {
  id: number;
  target: Target;
  mode: Mode;
  scroll: boolean;
  /** Of the history entry that it will make or that it came from. */
  key: string;
  /** Where to scroll when an entry is shown again. */
  offset: Offset | undefined;
  redirects: number;
  /** Asked for everything; if slots are missing then, no further question will help. */
  full: boolean;
  /** Its loading shell has been handed to React. */
  shell: boolean;
  /** The path it comes from, for routes that intercept. */
  from: string | undefined;
};

/** An entry of the browser's history, as far as this document has seen it. */
export type Entry = { view: View; place: Place; from: string | undefined; offset: Offset | undefined; stale: boolean };

/** A view that has been handed to React: what to do when it is on the screen. */
export type Arrival = Omit<Pending, 'redirects' | 'full' | 'shell'> & { view: View; /** Nothing more comes for this navigation. */ last: boolean };

export type State = {
  /** On the screen. */
  shown: View;
  place: Place;
  key: string;
  from: string | undefined;
  pending: Pending | undefined;
  /** By number of the view: those handed to React and not on the screen yet. */
  arrivals: ReadonlyMap<number, Arrival>;
  /** The last navigation that has made its history entry. */
  arrived: number;
  entries: ReadonlyMap<string, Entry>;
  /** Makes numbers of views and navigations, and history keys. */
  counter: number;
  session: string;
  /** Something was invalidated while a navigation was under way: refresh after it. */
  refreshDue: boolean;
};

/** What was fetched ahead; `target` if HTTP redirects led elsewhere. `coming`: it is on its way, and worth waiting for. */
export type Ahead = { payload: Payload; target?: Target | undefined } | 'coming';

export type Event =
  | { type: 'navigate'; target: Target; mode: 'push' | 'replace'; scroll: boolean; ahead?: Ahead | undefined; hold?: ReactNode | Promise<ReactNode> }
  /** What was fetched ahead for it did not do. */
  | { type: 'ask'; id: number }
  | { type: 'refresh' }
  /** `offset`: how far the page that is left is scrolled. `kept`: how far that one was, as its history entry says. */
  | { type: 'traverse'; key: string; target: Target; offset: Offset; kept?: Offset | undefined }
  /** A payload for the navigation `id`; `target` if HTTP redirects led elsewhere; `ahead`: it is a prefetch; `fresh`: it is to show what an action changed. */
  | { type: 'payload'; id: number; payload: Payload; target?: Target | undefined; ahead?: boolean; fresh?: boolean; beside?: readonly Beside[] | undefined; hold?: ReactNode | Promise<ReactNode> }
  /** No payload for it: no page of ours, or the network failed. `soft`: what is shown can stay. */
  | { type: 'failed'; id: number; soft?: boolean }
  /** `payload` of an action that was called at `at`. `beside`: what was asked for with it, of `originsOf` what is shown. */
  | { type: 'reply'; at: Place; payload: Payload | undefined; beside?: readonly Beside[] | undefined; revalidated: boolean }
  /** An action led elsewhere, perhaps with the payload of that place. */
  | { type: 'redirect'; at: Place; target: Target; mode: 'push' | 'replace'; payload: Payload | undefined }
  /** React has put the view with that number on the screen. */
  | { type: 'committed'; number: number; offset: Offset }
  /** User code changed the URL by `history`. */
  | { type: 'shallow'; mode: 'push' | 'replace'; place: Place; offset: Offset }
  /** Everything kept for back and forward is out of date. */
  | { type: 'purge' }
  /** The document was left and is back as it was, from the browser's own cache. */
  | { type: 'returned' };

export type Effect =
  /** React's transition is to wait for what `show` brings for this navigation. */
  | { do: 'wait'; id: number }
  /** `beside`: ask for these too and hand all in together. */
  | { do: 'request'; id: number; target: Target; have: View | undefined; from: string | undefined; beside: readonly Origin[] }
  | { do: 'abort'; id: number }
  /** `view` goes to React. `id` is absent for views that belong to no navigation. */
  | { do: 'show'; id: number | undefined; view: View }
  | { do: 'history'; mode: 'push' | 'replace'; key: string; target: Target }
  /** `from` is what was shown before. */
  | { do: 'scroll'; arrival: Arrival; from: View }
  /** Promises for the navigation are fulfilled: shown, given up, or overtaken. */
  | { do: 'settle'; id: number }
  | { do: 'document'; target: Target; mode: Mode }
  | { do: 'external'; url: string; mode: 'push' | 'replace' }
  | { do: 'refresh' };

export type Step = { state: State; effects: Effect[] };

const MOST_REDIRECTS = 20;

export function initialState(view: View, place: Place, session: string): State {
  const key = `${session}.0`;
  return {
    shown: view, place, key, from: undefined, pending: undefined, arrivals: new Map(), arrived: 0,
    entries: new Map([[key, { view, place, from: undefined, offset: undefined, stale: false }]]),
    counter: 0, session, refreshDue: false,
  };
}

export function step(state: State, event: Event): Step {
  switch (event.type) {
    case 'navigate': return navigate(state, event);
    case 'ask': return state.pending?.id === event.id ? same(state, request(state, state.pending)) : same(state);
    case 'refresh': return refresh(state);
    case 'traverse': return traverse(state, event);
    case 'payload': return payload(state, event);
    case 'failed': return failed(state, event);
    case 'reply': return reply(state, event);
    case 'redirect': return redirect(state, event);
    case 'committed': return committed(state, event);
    case 'shallow': return shallow(state, event);
    case 'returned': return { state: { ...state, pending: undefined }, effects: [...giveUp(state), { do: 'show', id: undefined, view: state.shown }] };
    case 'purge': return same({ ...state, entries: new Map([...state.entries].map(([key, entry]) => [key, { ...entry, stale: true }])) });
  }
}

const same = (state: State, ...effects: Effect[]): Step => ({ state, effects });
const wait = ({ id }: Pending): Effect => ({ do: 'wait', id });

/** Gives up what is under way and starts `pending`; the caller adds how it goes on. */
function start(state: State, options: Omit<Pending, 'id' | 'key' | 'redirects' | 'full' | 'shell'> & { key?: string; full?: boolean }): Step & { pending: Pending } {
  const id = state.counter + 1;
  const pending: Pending = { redirects: 0, full: options.full ?? false, shell: false, ...options, id, key: options.key ?? `${state.session}.${id}` };
  return { state: { ...state, counter: id, pending }, effects: giveUp(state), pending };
}

/** Also those that were answered and that React has not put on the screen yet. */
function giveUp({ pending, arrivals }: State): Effect[] {
  const settle = [...arrivals.values()].map(({ id }): Effect => ({ do: 'settle', id }));
  return pending ? [{ do: 'abort', id: pending.id }, { do: 'settle', id: pending.id }, ...settle] : settle;
}

const request = (state: State, pending: Pending): Effect => ({
  do: 'request', id: pending.id, target: pending.target, have: pending.full ? undefined : state.shown, from: pending.from,
  beside: pending.mode === 'stay' ? originsOf(state.shown) : besideEntry(state, pending),
});

/** What an entry of the history shows beside its URL is as old as the rest of it. */
function besideEntry(state: State, { mode, key }: Pending): Origin[] {
  const entry = mode === 'traverse' ? state.entries.get(key) : undefined;
  return entry ? originsOf(entry.view) : [];
}

function navigate(state: State, event: Extract<Event, { type: 'navigate' }>): Step {
  const { target, scroll, ahead, hold } = event;
  const onlyHash = sameResource(target, state.place) && target.hash !== '';
  const mode = modeTo(state, target, event.mode);
  const started = start(state, { target, mode, scroll, offset: undefined, from: state.place.path });
  if (onlyHash) return hashOnly(started.state, started.effects, started.pending);
  if (ahead === 'coming') return { state: started.state, effects: [...started.effects, wait(started.pending)] };
  const ask = [wait(started.pending), request(started.state, started.pending)];
  if (!ahead) return { state: started.state, effects: [...started.effects, ...ask] };
  const next = payload(started.state, { type: 'payload', id: started.pending.id, ...ahead, ahead: true, hold });
  return { state: next.state, effects: [...started.effects, ...aheadEffects(started, next, ask)] };
}

/** A URL that is there already is not added to the history once more, as browsers do it. */
const modeTo = ({ place }: State, target: Target, mode: 'push' | 'replace'): 'push' | 'replace' =>
  (sameResource(target, place) && target.hash === '' ? 'replace' : mode);

/** What was fetched ahead is the whole page, its loading shell, a redirect, or of no use. */
function aheadEffects(started: { pending: Pending; state: State }, next: Step, ask: Effect[]): Effect[] {
  if (!next.state.pending) return next.effects;
  if (next.state.pending.shell) return [...next.effects, request(started.state, started.pending)];
  return next.effects.length > 0 ? [wait(started.pending), ...next.effects] : ask;
}

/** The page stays; React has nothing to do but to forget what was under way. */
function hashOnly(state: State, before: Effect[], pending: Pending): Step {
  const arrival: Arrival = { ...pending, view: state.shown, last: true };
  const forget: Effect[] = before.length > 0 ? [{ do: 'show', id: undefined, view: state.shown }] : [];
  const step = entered({ ...state, pending: undefined }, arrival);
  return { state: step.state, effects: [...before, ...forget, ...step.effects] };
}

function refresh(state: State): Step {
  // What is under way will be fresh, but for the layouts that it keeps.
  if (navigating(state)) return same({ ...state, refreshDue: true });
  const started = start(state, { ...staying(state), full: true });
  return { state: started.state, effects: [...started.effects, wait(started.pending), request(started.state, started.pending)] };
}

const staying = (state: State) => ({
  target: { ...state.place, hash: '' }, mode: 'stay', scroll: false, key: state.key, offset: undefined, from: state.from,
}) as const;

function traverse(state: State, { key, target, offset, kept }: Extract<Event, { type: 'traverse' }>): Step {
  const entry = state.entries.get(key);
  const started = start(withOffset(state, offset), { target, mode: 'traverse', scroll: true, key, offset: entry?.offset ?? kept, from: entry?.from });
  if (entry && !entry.stale) {
    const view = restore(entry.view, state.shown, started.pending.id);
    return hand(started.state, started.pending, view, false, started.effects);
  }
  return { state: started.state, effects: [...started.effects, wait(started.pending), request(started.state, started.pending)] };
}

function payload(state: State, event: Extract<Event, { type: 'payload' }>): Step {
  const { ahead = false, fresh = false, hold, beside } = event;
  if (!state.pending || state.pending.id !== event.id || (ahead && state.pending.shell)) return same(state);
  const { hash } = state.pending.target;
  const pending = event.target ? { ...state.pending, target: { ...event.target, hash: event.target.hash || hash } } : state.pending;
  if (event.payload.redirect) return follow(state, pending, event.payload.redirect.url);
  const number = state.counter + 1;
  const keepLayouts = !fresh && !pending.full && pending.mode !== 'stay';
  const merged = merge(state.shown, event.payload, { number, hold, keepLayouts, ...unmatchedOf(state, pending), beside });
  switch (merged.kind) {
    case 'document': return ahead && merged.reason === 'build' ? same(state) : leave(state, pending);
    case 'missing': return ahead ? same(state) : askAgain(state, pending);
    case 'view': {
      const complete: Effect[] = ahead && !merged.shell ? [{ do: 'abort', id: pending.id }] : [];
      return hand({ ...state, counter: number }, pending, merged.view, merged.shell, complete);
    }
  }
}

/** An entry of the history shows its own slots where its URL matches none: a modal that was opened after it is not part of it. */
function unmatchedOf(state: State, { mode, key }: Pending): { unmatched?: View | 'none'; from: string | undefined } {
  if (mode !== 'traverse') return { from: state.from };
  const entry = state.entries.get(key);
  return entry ? { unmatched: entry.view, from: entry.from } : { unmatched: 'none', from: undefined };
}

/** Without saying what is there; if something is missing then too, only a document load can help. */
function askAgain(state: State, pending: Pending): Step {
  if (pending.full) return leave(state, pending);
  const again: Pending = { ...pending, full: true };
  return same({ ...state, pending: again }, request(state, again));
}

/** Hands a view to React, under the URL that the browser is to show. */
function hand(state: State, pending: Pending, view: View, shell: boolean, before: Effect[]): Step {
  const { id, target, mode, scroll, key, offset, from } = pending;
  const here: View = { ...view, url: { ...view.url, path: target.path, search: target.search } };
  const arrival: Arrival = { id, target, mode, scroll, key, offset, from, view: here, last: !shell };
  return {
    state: { ...state, arrivals: new Map(state.arrivals).set(view.number, arrival), pending: shell ? { ...pending, shell: true } : undefined },
    effects: [...before, { do: 'show', id, view: here }],
  };
}

function follow(state: State, pending: Pending, url: string): Step {
  const target = appTarget(url);
  if (!target || pending.redirects >= MOST_REDIRECTS) {
    return same({ ...state, pending: undefined }, { do: 'external', url, mode: pending.mode === 'push' ? 'push' : 'replace' }, { do: 'settle', id: pending.id });
  }
  const mode = pending.mode === 'push' ? 'push' : 'replace';
  const next: Pending = { ...pending, target, mode, redirects: pending.redirects + 1 };
  return same({ ...state, pending: next }, request(state, next));
}

/** A redirect of the server: a path of the application (without the base path), or anything else. */
function appTarget(url: string): Target | undefined {
  if (!url.startsWith('/') || url.startsWith('//')) return undefined;
  const parsed = new URL(url, 'http://app.invalid');
  return { path: parsed.pathname, search: parsed.search, hash: parsed.hash };
}

/** It may come to nothing: what is loaded may be a download. So the page works on. */
const leave = (state: State, pending: Pending): Step =>
  same({ ...state, pending: undefined }, { do: 'document', target: pending.target, mode: pending.mode }, { do: 'settle', id: pending.id });

function failed(state: State, { id, soft }: Extract<Event, { type: 'failed' }>): Step {
  const { pending } = state;
  if (!pending || pending.id !== id) return same(state);
  // Whoever waits for a refresh that failed is shown what is there.
  return soft
    ? same({ ...state, pending: undefined }, { do: 'show', id, view: state.shown }, { do: 'settle', id })
    : leave(state, pending);
}

/** Whether another page is on its way to the screen. */
function navigating({ pending, arrivals, arrived }: State): boolean {
  if (pending && pending.mode !== 'stay') return true;
  return [...arrivals.values()].some(({ id, mode }) => mode !== 'stay' && id > arrived);
}

function reply(state: State, { at, payload: fresh, beside, revalidated }: Extract<Event, { type: 'reply' }>): Step {
  if (fresh && sameResource(at, state.place) && !navigating(state)) return freshView(state, fresh, beside);
  if (!revalidated) return same(state);
  return navigating(state) ? same({ ...state, refreshDue: true }) : same(state, { do: 'refresh' });
}

function freshView(state: State, fresh: Payload, beside: readonly Beside[] | undefined): Step {
  const number = state.counter + 1;
  const merged = merge(state.shown, fresh, { number, from: state.from, beside });
  if (merged.kind === 'document') return same(state); // Another deployment's tree: the result counts, the tree does not (1.65).
  if (merged.kind === 'missing') return same(state, { do: 'refresh' });
  const started = start({ ...state, counter: number }, staying(state));
  return hand(started.state, started.pending, merged.view, false, started.effects);
}

function redirect(state: State, event: Extract<Event, { type: 'redirect' }>): Step {
  // Who has gone elsewhere meanwhile stays there.
  if (navigating(state) || !sameResource(event.at, state.place)) return same(state);
  const { target } = event;
  const started = start(state, { target, mode: modeTo(state, target, event.mode), scroll: true, offset: undefined, from: state.place.path });
  const ask = [wait(started.pending), request(started.state, started.pending)];
  if (!event.payload) return { state: started.state, effects: [...started.effects, ...ask] };
  const next = payload(started.state, { type: 'payload', id: started.pending.id, payload: event.payload, fresh: true });
  const waits = next.effects.some((effect) => effect.do === 'request') ? [wait(started.pending)] : [];
  return { state: next.state, effects: [...started.effects, ...waits, ...next.effects] };
}
