import { describe, expect, it } from 'vitest';
import { segmentIds } from '../src/router/merge.ts';
import { initialState, step } from '../src/router/state.ts';
import type { Effect, Event, State } from '../src/router/state.ts';
import type { View } from '../src/view.ts';
import { PATHS, answer, chance, firstView, flawsOf } from './site.ts';

const target = (path: string, hash = '', search = '') => ({ path, search, hash });
const navigate = (path: string, more: Partial<Extract<Event, { type: 'navigate' }>> = {}): Event => ({ type: 'navigate', target: target(path), mode: 'push', scroll: true, hold: 'hold', ...more });

type Asked = Extract<Effect, { do: 'request' }>;

/** A browser in miniature: it carries out effects, keeps a history, and puts views on the screen when told to. */
class Browser {
  state: State;
  readonly log: Effect[] = [];
  asked: Asked[] = [];
  /** Handed to React, and on the screen. */
  latest: View | { waits: number };
  history: { key: string; url: string }[];
  index = 0;
  readonly waits = new Set<number>();
  readonly settled = new Set<number>();

  constructor(path: string) {
    const view = firstView(path);
    this.state = initialState(view, { path, search: '' }, 's');
    this.latest = view;
    this.history = [{ key: this.state.key, url: path }];
  }

  send(event: Event): Effect[] {
    const { state, effects } = step(this.state, event);
    this.state = state;
    this.log.push(...effects);
    for (const effect of effects) this.#run(effect);
    return effects;
  }

  #run(effect: Effect): void {
    switch (effect.do) {
      case 'wait': this.latest = { waits: effect.id }; this.waits.add(effect.id); break;
      case 'request': this.asked = [...this.asked.filter(({ id }) => id !== effect.id), effect]; break;
      case 'abort': this.waits.delete(effect.id); this.asked = this.asked.filter(({ id }) => id !== effect.id); break;
      // A promise that React waits for is fulfilled, which matters only if it is the last thing that React was given.
      case 'show': {
        const waited = effect.id !== undefined && this.waits.delete(effect.id);
        if (!waited || ('waits' in this.latest && this.latest.waits === effect.id)) this.latest = effect.view;
        break;
      }
      case 'history': {
        const entry = { key: effect.key, url: effect.target.path + effect.target.search + effect.target.hash };
        if (effect.mode === 'push') this.history = [...this.history.slice(0, ++this.index), entry];
        else this.history[this.index] = entry;
        break;
      }
      case 'settle': this.settled.add(effect.id); break;
      case 'refresh': this.send({ type: 'refresh' }); break;
      default:
    }
  }

  answer(request = this.asked[0]): void {
    if (!request) return;
    this.asked = this.asked.filter((other) => other !== request);
    const have = request.have && segmentIds(request.have);
    this.send({ type: 'payload', id: request.id, payload: answer({ ...request.target, have, from: request.from }) });
  }

  commit(): void {
    if ('number' in this.latest) this.send({ type: 'committed', number: this.latest.number, offset: [0, 7] });
  }

  go(to: number): void {
    const entry = this.history[to];
    if (!entry) return;
    this.index = to;
    const [rest = '', hash] = entry.url.split('#');
    const [path = '/', search] = rest.split('?');
    this.send({ type: 'traverse', key: entry.key, target: target(path, hash ? `#${hash}` : '', search ? `?${search}` : ''), offset: [0, 3] });
  }

  drain(): void {
    for (let i = 0; i < 100; i++) {
      this.commit();
      if (this.asked.length === 0) return;
      this.answer();
    }
    throw new Error('it never ends');
  }
}

const did = (effects: Effect[]): string[] => effects.map((effect) => effect.do);

describe('a navigation', () => {
  it('asks, waits, shows, and changes the history when it is on the screen', () => {
    const browser = new Browser('/a');
    expect(did(browser.send(navigate('/b')))).toEqual(['wait', 'request']);
    browser.answer();
    expect(browser.history).toHaveLength(1);
    browser.commit();
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/b']);
    expect(browser.state.place.path).toBe('/b');
    expect([...browser.settled]).toEqual([1]);
  });

  it('that is overtaken changes nothing', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    const first = browser.asked[0];
    browser.send(navigate('/a/x'));
    if (first) browser.answer(first);
    expect(browser.settled.has(1)).toBe(true);
    browser.drain();
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/a/x']);
  });

  it('to the URL that is shown replaces its entry', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/a'));
    browser.drain();
    expect(browser.history).toHaveLength(1);
  });

  it('to a place on the page asks nothing', () => {
    const browser = new Browser('/a');
    expect(did(browser.send({ ...navigate('/a'), target: target('/a', '#below') } as Event))).toEqual(['history', 'scroll', 'settle']);
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/a#below']);
  });

  it('to a place on the page gives up what was under way', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    expect(did(browser.send({ ...navigate('/a'), target: target('/a', '#below') } as Event))).toEqual(['abort', 'settle', 'show', 'history', 'scroll', 'settle']);
    browser.drain();
    expect(browser.state.place.path).toBe('/a');
  });

  it('shows what was fetched ahead without asking', () => {
    const browser = new Browser('/a');
    expect(did(browser.send(navigate('/b', { ahead: { payload: answer({ path: '/b', search: '' }) } })))).toEqual(['abort', 'show']);
  });

  it('shows what was fetched ahead under the URL that redirects led to', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/old', { ahead: { payload: answer({ path: '/b', search: '' }), target: target('/b') } }));
    browser.commit();
    expect([browser.state.place.path, browser.history.at(-1)?.url]).toEqual(['/b', '/b']);
  });

  it('waits for what is being fetched in full, and asks only if that does not do', () => {
    for (const does of [true, false]) {
      const browser = new Browser('/a');
      expect(did(browser.send(navigate('/b', { ahead: 'coming' })))).toEqual(['wait']);
      const id = browser.state.pending?.id ?? 0;
      if (does) browser.send({ type: 'payload', id, payload: answer({ path: '/b', search: '' }), ahead: true });
      browser.send({ type: 'ask', id });
      expect(browser.asked).toHaveLength(does ? 0 : 1);
      browser.drain();
      expect(browser.state.place.path).toBe('/b');
    }
  });

  it('shows a loading shell at once, asks for the rest, and makes one entry', () => {
    const browser = new Browser('/a');
    expect(did(browser.send(navigate('/b/1', { ahead: { payload: answer({ path: '/b/1', search: '', partial: true }) } })))).toEqual(['show', 'request']);
    browser.commit();
    expect(browser.state.shown.slots['L/b/1']).toBe('hold');
    expect(browser.history).toHaveLength(2);
    browser.drain();
    expect(browser.state.shown.slots['P/b/1']).toBe('P/b/1');
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/b/1']);
  });

  it('asks anew if what was fetched ahead leaves out what is not there', () => {
    const browser = new Browser('/a');
    expect(did(browser.send(navigate('/b/1', { ahead: { payload: answer({ path: '/b/1', search: '', have: ['L/', 'L/b'] }) } })))).toEqual(['wait', 'request']);
  });

  it('asks for everything if something is missing, and loads the document if it is missing then too', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b/1'));
    const lacking = answer({ path: '/b/1', search: '', have: ['L/b'] });
    expect(browser.send({ type: 'payload', id: 1, payload: lacking })).toMatchObject([{ do: 'request', have: undefined }]);
    expect(did(browser.send({ type: 'payload', id: 1, payload: lacking }))).toEqual(['document', 'settle']);
  });

  it('follows redirects and makes one entry for the last target', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    browser.send({ type: 'payload', id: 1, payload: { ...answer({ path: '/b', search: '' }), redirect: { url: '/a/x?q=1#h', type: 'replace' } } });
    browser.drain();
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/a/x?q=1#h']);
  });

  it('gives up on redirects without end, and leaves for other origins', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    for (let i = 0; i < 30; i++) browser.send({ type: 'payload', id: 1, payload: { ...answer({ path: '/b', search: '' }), redirect: { url: '/b', type: 'push' } } });
    expect(did(browser.log).filter((name) => name === 'external')).toEqual(['external']);
    const other = new Browser('/a');
    other.send(navigate('/b'));
    expect(other.send({ type: 'payload', id: 1, payload: { ...answer({ path: '/b', search: '' }), redirect: { url: '//evil.example/', type: 'push' } } })[0]).toEqual({ do: 'external', url: '//evil.example/', mode: 'push' });
  });

  it('that became a download leaves a page on which the next navigation works', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/file'));
    browser.send({ type: 'failed', id: 1 });
    browser.send(navigate('/b'));
    browser.drain();
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/b']);
  });

  it('that fails loads the document; a refresh that fails leaves what is shown', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    expect(browser.send({ type: 'failed', id: 1 })).toMatchObject([{ do: 'document', target: { path: '/b' }, mode: 'push' }, { do: 'settle', id: 1 }]);
    const other = new Browser('/a');
    other.send({ type: 'refresh' });
    expect(did(other.send({ type: 'failed', id: 1, soft: true }))).toEqual(['show', 'settle']);
    expect(other.latest).toBe(other.state.shown);
  });
});

describe('back and forward', () => {
  it('show what was there without asking, with its scroll position', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    browser.drain();
    browser.go(0);
    expect(browser.asked).toEqual([]);
    browser.commit();
    expect(browser.state.place.path).toBe('/a');
    expect(browser.log.filter((effect) => effect.do === 'scroll').at(-1)).toMatchObject({ arrival: { offset: [0, 7], mode: 'traverse' } });
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/b']);
  });

  it('ask again when what was kept is out of date', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    browser.drain();
    browser.send({ type: 'purge' });
    browser.go(0);
    expect(browser.asked).toHaveLength(1);
    browser.drain();
    expect(browser.state.place.path).toBe('/a');
  });

  it('ask for the page of a loading shell that was left too early', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b/1', { ahead: { payload: answer({ path: '/b/1', search: '', partial: true }) } }));
    browser.commit();
    browser.send(navigate('/a/x'));
    browser.drain();
    browser.go(1);
    browser.drain();
    expect(browser.state.shown.slots['P/b/1']).toBe('P/b/1');
  });

  it('close a modal that was opened after the entry, though what is kept is out of date', () => {
    const browser = new Browser('/pics');
    browser.send(navigate('/pics/1'));
    browser.drain();
    expect(Object.keys(browser.state.shown.slots)).toContain('P/pics@modal/1');
    browser.send({ type: 'purge' });
    browser.go(0);
    browser.drain();
    expect(Object.keys(browser.state.shown.slots).sort()).toEqual(['D/pics@modal', 'L/', 'L/pics', 'P/pics']);
    // And open it again, over the page behind it, which is asked for too.
    browser.send({ type: 'purge' });
    browser.go(1);
    expect(browser.asked).toMatchObject([{ from: '/pics', beside: [{ path: '/pics', search: '', from: undefined }] }]);
    browser.drain();
    expect(Object.keys(browser.state.shown.slots).sort()).toEqual(['L/', 'L/pics', 'L/pics@modal/(.)1', 'P/pics', 'P/pics@modal/1']);
  });

  it('to an entry that nobody remembers show what a document load would', () => {
    const browser = new Browser('/pics');
    browser.send(navigate('/pics/1'));
    browser.drain();
    browser.history = [{ key: 'of-another-document', url: '/pics' }, ...browser.history];
    browser.index = 2;
    browser.go(0);
    browser.drain();
    expect(Object.keys(browser.state.shown.slots).sort()).toEqual(['D/pics@modal', 'L/', 'L/pics', 'P/pics']);
  });

  it('do not put back a loading shell around what was there', () => {
    const browser = new Browser('/b/1');
    browser.send(navigate('/a'));
    browser.drain();
    browser.send(navigate('/b/1', { ahead: { payload: answer({ path: '/b/1', search: '', partial: true }) } }));
    browser.commit();
    expect(browser.state.shown.slots['L/b/1']).toBe('hold');
    browser.go(0);
    browser.drain();
    expect(Object.values(browser.state.shown.slots)).not.toContain('hold');
    expect(browser.asked).toEqual([]);
  });

  it('undo what user code did to the URL', () => {
    const browser = new Browser('/a');
    browser.send({ type: 'shallow', mode: 'push', place: { path: '/a', search: '?tab=2' }, offset: [0, 0] });
    browser.history = [...browser.history, { key: browser.state.key, url: '/a?tab=2' }];
    browser.index = 1;
    browser.go(0);
    browser.commit();
    expect(browser.state.place).toEqual({ path: '/a', search: '' });
    browser.go(1);
    browser.commit();
    expect(browser.state.place).toEqual({ path: '/a', search: '?tab=2' });
    expect(browser.asked).toEqual([]);
  });
});

describe('the reply of an action', () => {
  const reply = (at: string, path: string | undefined, revalidated = true): Event => ({
    type: 'reply', at: { path: at, search: '' }, payload: path === undefined ? undefined : answer({ path, search: '' }), revalidated,
  });

  it('is shown in place', () => {
    const browser = new Browser('/a');
    expect(did(browser.send(reply('/a', '/a')))).toEqual(['show']);
    browser.commit();
    expect(browser.history).toHaveLength(1);
  });

  it('comes with what stands behind the page, and so does a refresh', () => {
    const browser = new Browser('/pics');
    browser.send(navigate('/pics/1'));
    expect(browser.asked[0]?.beside).toEqual([]);
    browser.drain();
    const origin = { path: '/pics', search: '', from: undefined };
    const whole = answer({ path: '/pics', search: '' });
    const beside = [{ origin, payload: { ...whole, slots: { ...whole.slots, 'P/pics': 'new page' } } }];
    const fresh = answer({ path: '/pics/1', search: '', from: '/pics' });
    browser.send({ type: 'reply', at: { path: '/pics/1', search: '' }, payload: fresh, revalidated: true, beside });
    browser.drain();
    expect([browser.state.shown.slots['P/pics'], browser.state.place.path]).toEqual(['new page', '/pics/1']);
    browser.send({ type: 'refresh' });
    expect(browser.asked[0]?.beside).toEqual([origin]);
  });

  it('of a page that was left causes one refresh instead', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    browser.drain();
    expect(did(browser.send(reply('/a', '/a')))).toContain('refresh');
    expect(browser.asked).toMatchObject([{ target: { path: '/b' }, have: undefined }]);
  });

  it('that comes during a navigation does not undo it, and is followed by one refresh', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    expect(browser.send(reply('/a', '/a'))).toEqual([]);
    browser.answer();
    browser.commit();
    expect(browser.asked).toMatchObject([{ target: { path: '/b' }, have: undefined }]);
    browser.drain();
    expect(browser.state.place.path).toBe('/b');
    expect(browser.asked).toEqual([]);
  });

  it('that invalidated nothing asks nothing', () => {
    expect(new Browser('/a').send(reply('/a', undefined, false))).toEqual([]);
  });

  it('of another build is not shown', () => {
    const browser = new Browser('/a');
    expect(browser.send({ type: 'reply', at: { path: '/a', search: '' }, payload: { ...answer({ path: '/a', search: '' }), build: 'b2' }, revalidated: false })).toEqual([]);
  });

  it('with a redirect goes there with what came along, unless the reader has gone elsewhere', () => {
    const redirect = (at: string): Event => ({ type: 'redirect', at: { path: at, search: '' }, target: target('/b'), mode: 'push', payload: answer({ path: '/b', search: '' }) });
    const browser = new Browser('/a');
    expect(did(browser.send(redirect('/a')))).toEqual(['show']);
    browser.commit();
    expect(browser.history.map(({ url }) => url)).toEqual(['/a', '/b']);
    expect(new Browser('/pics').send(redirect('/a'))).toEqual([]);
  });

  it('with a redirect to where it was called adds nothing to the history', () => {
    const browser = new Browser('/b');
    browser.send({ type: 'redirect', at: { path: '/b', search: '' }, target: target('/b'), mode: 'push', payload: answer({ path: '/b', search: '' }) });
    browser.drain();
    expect(browser.history.map(({ url }) => url)).toEqual(['/b']);
  });
});

describe('what has been answered and is not on the screen yet', () => {
  it('is not undone by a refresh or by the reply of an action, which wait for it', () => {
    for (const event of [{ type: 'refresh' }, { type: 'reply', at: { path: '/a', search: '' }, payload: answer({ path: '/a', search: '' }), revalidated: true }] as const) {
      const browser = new Browser('/a');
      browser.send(navigate('/b'));
      browser.answer();
      expect(browser.send(event)).toEqual([]);
      browser.commit();
      expect(browser.state.place.path).toBe('/b');
      expect(browser.asked).toMatchObject([{ target: { path: '/b' }, have: undefined }]);
    }
  });

  it('is settled when it is overtaken', () => {
    const browser = new Browser('/a');
    browser.send(navigate('/b'));
    browser.answer();
    browser.send(navigate('/a/x'));
    expect([...browser.settled]).toEqual([1]);
  });
});

/** Some events by chance. Returns where the last navigation of the reader led. */
function play(browser: Browser, pick: (below: number) => number, before: string): string {
  let last = before;
  for (let i = pick(12); i >= 0; i--) {
    const to = PATHS[pick(PATHS.length)] ?? '/';
    const at = { ...browser.state.place };
    switch (pick(13)) {
      case 0: case 1: browser.send(navigate(to)); last = to; break;
      case 2: browser.send(navigate(to, { ahead: { payload: answer({ path: to, search: '', partial: pick(2) === 0, have: segmentIds(browser.state.shown) }) } })); last = to; break;
      case 3: browser.send(navigate(to, { mode: 'replace' })); last = to; break;
      case 4: { const index = pick(browser.history.length); last = browser.history[index]?.url ?? last; browser.go(index); break; }
      case 5: browser.send({ type: 'refresh' }); break;
      case 6: browser.send({ type: 'reply', at: pick(2) === 0 ? at : { path: to, search: '' }, payload: pick(3) === 0 ? undefined : answer({ ...at }), revalidated: pick(2) === 0 }); break;
      case 7: browser.send({ type: 'purge' }); break;
      case 8: case 9: browser.answer(browser.asked[pick(browser.asked.length || 1)]); break;
      default: browser.commit();
    }
    if ('number' in browser.latest) expect(flawsOf(browser.latest)).toEqual([]);
    expect(flawsOf(browser.state.shown)).toEqual([]);
  }
  return last;
}

describe('whatever happens in whatever order', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('no view is broken, each navigation has one entry, the last one wins and all are settled (seed %i)', (seed) => {
    const pick = chance(seed);
    const browser = new Browser('/');
    let last = '/';
    for (let round = 0; round < 400; round++) {
      last = play(browser, pick, last);
      browser.drain();
      expect(browser.state.place.path).toBe(last);
      expect(browser.history[browser.index]?.url).toBe(last);
      expect(browser.history[browser.index]?.key).toBe(browser.state.key);
      expect(browser.state.pending).toBeUndefined();
    }
    expect(browser.state.entries.size).toBeLessThanOrEqual(50);
    const changes = browser.log.flatMap((effect) => (effect.do === 'history' ? [effect.key] : []));
    expect(new Set(changes).size).toBe(changes.length);
    const started = browser.log.flatMap((effect) => (effect.do === 'wait' || effect.do === 'request' ? [effect.id] : []));
    expect(started.filter((id) => !browser.settled.has(id))).toEqual([]);
  });
});
