import { describe, expect, it } from 'vitest';
import type { Payload } from '../src/payload.ts';
import { Prefetches } from '../src/router/prefetch.ts';
import type { PrefetchOptions, Wish } from '../src/router/prefetch.ts';
import type { Answer, Answered } from '../src/router/request.ts';
import { haveHeader } from '../src/router/have.ts';
import { answer } from './site.ts';

const target = (path: string, search = '') => ({ path, search, hash: '' });

const answered = (payload: Payload, more: Partial<Answered> = {}): Answered => (
  { kind: 'payload', payload, target: undefined, varies: false, prerendered: false, stale: undefined, bytes: () => 1000, ...more }
);

function setup(options: Partial<PrefetchOptions> = {}) {
  const asked: { url: string; wish: Wish; give: (payload: Payload | undefined, more?: Partial<Answered>) => Promise<void> }[] = [];
  let now = 1_000_000;
  const prefetches = new Prefetches({
    now: () => now,
    staticStale: 300,
    dynamicStale: 0,
    ...options,
    ask: ({ path, search }, wish) => new Promise<Answer>((resolve) => {
      asked.push({
        url: path + search, wish,
        give: async (payload, more) => {
          resolve(payload ? answered(payload, more) : { kind: 'other' });
          for (let i = 0; i < 5; i++) await Promise.resolve();
        },
      });
    }),
  });
  const start = async (): Promise<void> => { for (let i = 0; i < 5; i++) await Promise.resolve(); };
  return { prefetches, asked, start, later: (seconds: number) => { now += seconds * 1000; } };
}

describe('prefetching', () => {
  it('loads four at once, the newest wish first, and not what nobody wishes any more', async () => {
    const { prefetches, asked, start } = setup();
    const link = (): void => undefined;
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) prefetches.wish(target(`/${name}`), 'auto', '/', link);
    await start();
    expect(asked.map(({ url }) => url)).toEqual(['/1', '/2', '/3', '/4']);
    prefetches.cancel(target('/7'), link);
    await asked[0]?.give(answer({ path: '/a', search: '' }));
    expect(asked.map(({ url }) => url)).toEqual(['/1', '/2', '/3', '/4', '/6']);
  });

  it('goes on with what somebody else wishes too', async () => {
    const { prefetches, asked, start } = setup();
    const [one, other] = [(): void => undefined, (): void => undefined];
    for (const name of ['1', '2', '3', '4']) prefetches.wish(target(`/${name}`), 'auto', '/');
    for (const name of ['5', '6', '7']) prefetches.wish(target(`/${name}`), 'auto', '/', one);
    prefetches.wish(target('/5'), 'auto', '/', other);
    prefetches.wish(target('/6'), 'auto', '/');
    for (const name of ['5', '6', '7']) prefetches.cancel(target(`/${name}`), one);
    await start();
    for (const { give } of asked.slice(0, 4)) await give(answer({ path: '/a', search: '' }));
    expect(asked.map(({ url }) => url).slice(4).sort()).toEqual(['/5', '/6']);
  });

  it('serves first what is pointed at', async () => {
    const { prefetches, asked, start } = setup();
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) prefetches.wish(target(`/${name}`), 'auto', '/');
    prefetches.wish(target('/5'), 'auto', '/');
    await start();
    await asked[0]?.give(answer({ path: '/a', search: '' }));
    expect(asked.at(-1)?.url).toBe('/5');
  });

  it('fetches in full what was only fetched to its loading shell', async () => {
    const { prefetches, asked, start } = setup();
    prefetches.wish(target('/b/1'), 'auto', '/');
    await start();
    await asked[0]?.give(answer({ path: '/b/1', search: '', partial: true }));
    prefetches.wish(target('/b/1'), 'full', '/');
    await start();
    expect(asked.map(({ wish }) => wish)).toEqual(['auto', 'full']);
    expect(prefetches.find(target('/b/1'), '/')).toMatchObject({ whole: true });
    prefetches.wish(target('/b/1'), 'auto', '/');
    await start();
    expect(asked).toHaveLength(2);
  });

  it('keeps no more than so many bytes, and what was used last', async () => {
    const { prefetches, asked, start } = setup({ mostBytes: 2500 });
    for (const name of ['1', '2', '3']) {
      prefetches.wish(target(`/${name}`), 'auto', '/');
      await start();
      await asked.at(-1)?.give(answer({ path: `/${name}`, search: '' }));
      prefetches.find(target('/1'), '/');
    }
    expect(['1', '2', '3'].filter((name) => prefetches.find(target(`/${name}`), '/'))).toEqual(['1', '3']);
  });

  it('gives the place that redirects led to', async () => {
    const { prefetches, asked, start } = setup();
    prefetches.wish(target('/old'), 'auto', '/');
    await start();
    await asked[0]?.give(answer({ path: '/a', search: '' }), { target: target('/a') });
    expect(prefetches.find(target('/old'), '/')).toMatchObject({ target: { path: '/a' } });
  });

  it('asks once for what several wish', async () => {
    const { prefetches, asked, start } = setup();
    prefetches.wish(target('/a'), 'auto', '/');
    prefetches.wish(target('/a'), 'auto', '/');
    await start();
    expect(asked).toHaveLength(1);
  });

  it('gives what is there until it is stale', async () => {
    const { prefetches, asked, start, later } = setup();
    const payload = answer({ path: '/a', search: '' });
    prefetches.wish(target('/a'), 'auto', '/');
    await start();
    expect(prefetches.find(target('/a'), '/')).toHaveProperty('coming');
    await asked[0]?.give(payload);
    expect(prefetches.find(target('/a'), '/b')).toEqual({ payload, target: undefined });
    later(299);
    expect(prefetches.find(target('/a'), '/')).toEqual({ payload, target: undefined });
    later(2);
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
  });

  it('keeps what the server gives a short life for at least thirty seconds', async () => {
    const { prefetches, asked, start, later } = setup();
    prefetches.wish(target('/a'), 'auto', '/');
    await start();
    await asked[0]?.give(answer({ path: '/a', search: '' }), { stale: 1 });
    later(29);
    expect(prefetches.find(target('/a'), '/')).toHaveProperty('payload');
    later(2);
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
  });

  it('gives what an interception may change only to who comes from the same path', async () => {
    const { prefetches, asked, start } = setup();
    prefetches.wish(target('/pics/1'), 'auto', '/pics');
    await start();
    await asked[0]?.give(answer({ path: '/pics/1', search: '', from: '/pics' }), { varies: true });
    expect(prefetches.find(target('/pics/1'), '/')).toBeUndefined();
    expect(prefetches.find(target('/pics/1'), '/pics')).toHaveProperty('payload');
  });

  it('gives the loading shell of another search, and no whole page of one', async () => {
    const { prefetches, asked, start } = setup();
    prefetches.wish(target('/b/1'), 'auto', '/');
    prefetches.wish(target('/a'), 'auto', '/');
    await start();
    await asked[0]?.give(answer({ path: asked[0].url, search: '', partial: asked[0].url === '/b/1' }));
    await asked[1]?.give(answer({ path: asked[1].url, search: '', partial: asked[1].url === '/b/1' }));
    expect(prefetches.find(target('/b/1', '?q=1'), '/')).toMatchObject({ payload: { partial: true } });
    expect(prefetches.find(target('/a', '?q=1'), '/')).toBeUndefined();
  });

  it('does not ask again and again for what is no page', async () => {
    const { prefetches, asked, start, later } = setup();
    prefetches.wish(target('/api'), 'auto', '/');
    await start();
    await asked[0]?.give(undefined);
    prefetches.wish(target('/api'), 'auto', '/');
    await start();
    expect(asked).toHaveLength(1);
    expect(prefetches.find(target('/api'), '/')).toBeUndefined();
    later(31);
    prefetches.wish(target('/api'), 'auto', '/');
    await start();
    expect(asked).toHaveLength(2);
  });

  it('keeps answers to navigations: static pages for their time, dynamic ones as long as the setting or the server says', () => {
    const life = (answer: Answered, options: Partial<PrefetchOptions> = {}): number => {
      const { prefetches, later } = setup(options);
      prefetches.keep(target('/a'), answer, '/');
      for (let seconds = 0; ; seconds += 5) {
        if (!prefetches.find(target('/a'), '/')) return seconds;
        later(5);
      }
    };
    const payload = answer({ path: '/a', search: '' });
    expect(life(answered(payload))).toBe(0);
    expect(life(answered(payload), { dynamicStale: 10 })).toBe(15);
    expect(life(answered(payload, { stale: 20 }))).toBe(25);
    expect(life(answered(payload, { prerendered: true }))).toBe(305);
    expect(life(answered(payload, { prerendered: true }), { staticStale: 60 })).toBe(65);
    expect(life(answered(payload, { prerendered: true, stale: 1 }))).toBe(35);
    expect(life(answered(payload, { prerendered: true }), { staticStale: 0 })).toBe(35);
  });

  it('tells who waits that a page has to be fetched anew from where the reader is now', async () => {
    const { prefetches, asked, start } = setup();
    const told: string[] = [];
    for (const name of ['/a', '/b', '/pics/1']) prefetches.wish(target(name), 'auto', '/', () => told.push(name));
    await start();
    for (const { url, give } of asked) await give(answer({ path: url, search: '' }), { varies: url === '/pics/1' });
    prefetches.review('/c', (payload) => payload.url.path !== '/b');
    await start();
    expect(told.sort()).toEqual(['/b', '/pics/1']);
    expect(prefetches.find(target('/a'), '/c')).toHaveProperty('payload');
    expect(prefetches.find(target('/b'), '/c')).toBeUndefined();
  });

  it('tells who waits for a page that was visited meanwhile', async () => {
    const { prefetches, asked, start } = setup({ dynamicStale: 10 });
    const told: string[] = [];
    prefetches.wish(target('/a'), 'auto', '/', () => told.push('a'));
    await start();
    await asked[0]?.give(answer({ path: '/a', search: '', partial: true }));
    prefetches.keep(target('/a'), answered(answer({ path: '/a', search: '' })), '/');
    prefetches.purge();
    await start();
    expect([told, prefetches.generation]).toEqual([['a'], 1]);
  });

  it('forgets everything when something was invalidated, and tells who had wished', async () => {
    const { prefetches, asked, start } = setup();
    const told: string[] = [];
    prefetches.wish(target('/a'), 'auto', '/', () => told.push('a'));
    await start();
    await asked[0]?.give(answer({ path: '/a', search: '' }));
    prefetches.purge();
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
    await start();
    expect(told).toEqual(['a']);
  });
});

describe('Ironside-Have', () => {
  it('holds FNV-1a hashes in hex, at most 64', () => {
    // Known values of the hash: of nothing, of `a`, of `foobar`.
    expect(haveHeader(['', 'a', 'foobar'])).toBe('811c9dc5,e40c292c,bf9cf968');
    expect(haveHeader(Array.from({ length: 99 }, (_, i) => `L/${i}`)).split(',')).toHaveLength(64);
  });
});
