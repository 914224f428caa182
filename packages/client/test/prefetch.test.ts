import { describe, expect, it } from 'vitest';
import type { Payload } from '../src/payload.ts';
import { Prefetches } from '../src/router/prefetch.ts';
import type { Answer } from '../src/router/request.ts';
import { haveHeader } from '../src/router/have.ts';
import { answer } from './site.ts';

const target = (path: string, search = '') => ({ path, search, hash: '' });

function setup() {
  const asked: { url: string; give: (payload: Payload | undefined, varies?: boolean) => Promise<void> }[] = [];
  let now = 1_000_000;
  const prefetches = new Prefetches({
    now: () => now,
    staticStale: 300,
    dynamicStale: 0,
    ask: ({ path, search }) => new Promise<Answer>((resolve) => {
      asked.push({
        url: path + search,
        give: async (payload, varies = false) => {
          resolve(payload ? { kind: 'payload', payload, target: undefined, varies } : { kind: 'other' });
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
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) prefetches.wish(target(`/${name}`), 'auto', '/');
    await start();
    expect(asked.map(({ url }) => url)).toEqual(['/1', '/2', '/3', '/4']);
    prefetches.cancel(target('/7'));
    await asked[0]?.give(answer({ path: '/a', search: '' }));
    expect(asked.map(({ url }) => url)).toEqual(['/1', '/2', '/3', '/4', '/6']);
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
    expect(prefetches.find(target('/a'), '/b')).toEqual({ payload });
    later(299);
    expect(prefetches.find(target('/a'), '/')).toEqual({ payload });
    later(2);
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
  });

  it('keeps what the server gives a short life for at least thirty seconds', async () => {
    const { prefetches, asked, start, later } = setup();
    prefetches.wish(target('/a'), 'auto', '/');
    await start();
    await asked[0]?.give({ ...answer({ path: '/a', search: '' }), stale: 1 });
    later(29);
    expect(prefetches.find(target('/a'), '/')).toHaveProperty('payload');
    later(2);
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
  });

  it('gives what an interception may change only to who comes from the same path', async () => {
    const { prefetches, asked, start } = setup();
    prefetches.wish(target('/pics/1'), 'auto', '/pics');
    await start();
    await asked[0]?.give(answer({ path: '/pics/1', search: '', from: '/pics' }), true);
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

  it('keeps the answers to navigations that may be used again, as long as the server says', () => {
    const { prefetches, later } = setup();
    prefetches.keep(target('/a'), answer({ path: '/a', search: '' }), '/', false);
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
    prefetches.keep(target('/a'), { ...answer({ path: '/a', search: '' }), stale: 10 }, '/', false);
    expect(prefetches.find(target('/a'), '/')).toHaveProperty('payload');
    later(11);
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
  });

  it('forgets everything when something was invalidated, and tells who had wished', async () => {
    const { prefetches, asked, start } = setup();
    const told: string[] = [];
    prefetches.wish(target('/a'), 'auto', '/', () => told.push('a'));
    await start();
    await asked[0]?.give(answer({ path: '/a', search: '' }));
    prefetches.purge();
    expect(prefetches.find(target('/a'), '/')).toBeUndefined();
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
