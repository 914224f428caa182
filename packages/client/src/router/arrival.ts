/**
 * What happens to the router's state when a view is on the screen, and when user code changes the URL without the router: history
 * entries and what is kept for back and forward. Pure, a part of `state.ts`.
 */
import type { Arrival, Effect, Entry, Event, Offset, State, Step } from './state.ts';

/** How many views are kept for back and forward. */
const MOST_ENTRIES = 50;

export function committed(state: State, { number, offset }: Extract<Event, { type: 'committed' }>): Step {
  const arrival = state.arrivals.get(number);
  if (!arrival) return { state, effects: [] };
  const arrivals = new Map([...state.arrivals].filter(([other]) => other > number));
  const leaves = arrival.mode === 'push' && state.arrived < arrival.id;
  return entered(leaves ? withOffset({ ...state, arrivals }, offset) : { ...state, arrivals }, arrival);
}

/** Makes the arrival's view what is shown, with its history entry if that was not made yet (by its loading shell). */
export function entered(state: State, arrival: Arrival): Step {
  const { id, target, mode, scroll, from, view, offset } = arrival;
  const first = state.arrived < id;
  const moves = first && mode !== 'stay';
  const key = mode === 'stay' ? state.key : arrival.key;
  const effects: Effect[] = [];
  if (moves && (mode === 'push' || mode === 'replace')) effects.push({ do: 'history', mode, key, target });
  if (moves && (scroll || offset)) effects.push({ do: 'scroll', arrival, from: state.shown });
  effects.push({ do: 'settle', id });
  // One that comes after this will refresh, if there is one.
  const refreshes = state.refreshDue && arrival.last && !state.pending;
  if (refreshes) effects.push({ do: 'refresh' });
  const place = { path: target.path, search: target.search };
  const entries = new Map(state.entries);
  if (moves && mode === 'replace') entries.delete(state.key);
  // A loading shell that is left before its page has come has to be asked for again.
  keep(entries, key, { view, place, from, offset, stale: !arrival.last });
  return { state: { ...state, shown: view, place, key, from, entries, arrived: Math.max(state.arrived, id), refreshDue: state.refreshDue && !refreshes }, effects };
}

/** The newest last, so that the oldest are dropped first. */
function keep(entries: Map<string, Entry>, key: string, entry: Entry): void {
  entries.delete(key);
  entries.set(key, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= MOST_ENTRIES) return;
    entries.delete(oldest);
  }
}

/** Notes how far the entry that is being left was scrolled. */
export function withOffset(state: State, offset: Offset): State {
  const entry = state.entries.get(state.key);
  return entry ? { ...state, entries: new Map(state.entries).set(state.key, { ...entry, offset }) } : state;
}

/** `history.pushState` and `replaceState` of user code: another URL, the same page. What is under way goes on. */
export function shallow(state: State, { mode, place, offset }: Extract<Event, { type: 'shallow' }>): Step {
  const left = mode === 'push' ? withOffset(state, offset) : state;
  const counter = mode === 'push' ? left.counter + 1 : left.counter;
  const key = mode === 'push' ? `${left.session}.${counter}` : left.key;
  const entries = new Map(left.entries);
  keep(entries, key, { view: left.shown, place, from: left.from, offset: undefined, stale: entries.get(left.key)?.stale ?? false });
  return { state: { ...left, counter, key, place, entries }, effects: [] };
}
