/** fetch, unstable_cache and invalidation over a front in memory. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runAfter } from '../src/after.ts';
import { ironsideFetch, type NextFetchInit } from '../src/cache/fetch.ts';
import { unstable_noStore } from '../src/cache/no-store.ts';
import { flushRevalidations, refresh, revalidatePath, revalidateTag, updateTag } from '../src/cache/revalidate.ts';
import { unstable_cache } from '../src/cache/unstable-cache.ts';
import { cookies } from '../src/cookies.ts';
import type { RequestStore } from '../src/request-store.ts';
import { setTestApp } from './support/app.ts';
import { inRequest, memoryFront, testStore, type MemoryFront } from './support/store.ts';

let server: Server;
let base: string;
let hits = 0;
let status = 200;
let front: MemoryFront;

beforeAll(async () => {
  server = createServer((request, response) => {
    hits++;
    response.writeHead(status, { 'content-type': 'text/plain', 'x-hit': String(hits) });
    request.resume().on('end', () => response.end(`${request.method} ${request.url} ${hits}`));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => { server.closeAllConnections(); server.close(); });
beforeEach(() => {
  setTestApp();
  hits = 0;
  status = 200;
  front = memoryFront();
});

const get = (store: RequestStore, init?: NextFetchInit, path = '/') => inRequest(store, async () => (await ironsideFetch(`${base}${path}`, init)).text());

describe('fetch', () => {
  test('is not cached by default, and equal ones of a render are one', async () => {
    const store = testStore('render', {}, front);
    expect(await get(store)).toBe(await get(store));
    expect(hits).toBe(1);
    expect(await get(store, {}, '/other')).toContain('/other 2');
    await get(testStore('render', {}, front));
    expect(hits).toBe(3);
    expect(store.dynamic).toBeUndefined();
    expect(front.entries.size).toBe(0);
  });

  test('is not memoised in actions, nor with a signal', async () => {
    const store = testStore('action', {}, front);
    await get(store);
    await get(store);
    const render = testStore('render', {}, front);
    await get(render, { signal: new AbortController().signal });
    await get(render, { signal: new AbortController().signal });
    expect(hits).toBe(4);
  });

  test('force-cache, revalidate and tags are answered by the shared cache', async () => {
    const init: NextFetchInit = { next: { revalidate: 60, tags: ['posts'] } };
    const first = testStore('render', {}, front);
    const text = await get(first, init);
    const response = await inRequest(testStore('render', {}, front), () => ironsideFetch(`${base}/`, init));
    expect([await response.text(), response.status, response.url, response.headers.get('x-hit')]).toEqual([text, 200, `${base}/`, '1']);
    expect(hits).toBe(1);
    expect([...first.tags]).toEqual(['posts']);
    expect(first.revalidate).toBe(60);
    expect([...front.entries.values()][0]).toMatchObject({ tags: ['posts'], revalidate: 60 });
    expect(front.permits.size).toBe(0);
    await get(testStore('render', {}, front), { cache: 'force-cache', headers: { a: 'b' } });
    expect(hits).toBe(2);
  });

  test('the body is part of the key, and still sent', async () => {
    const post = (body: string) => get(testStore('action', {}, front), { method: 'POST', body, cache: 'force-cache' });
    expect(await post('a')).toBe(await post('a'));
    expect(await post('b')).toBe('POST / 2');
  });

  test('no-store makes the answer dynamic', async () => {
    const store = testStore('render', {}, front);
    await get(store, { cache: 'no-store' });
    expect(store.dynamic).toBe('fetch');
    const again = testStore('render', {}, front);
    await get(again, { next: { revalidate: 0 } });
    expect(again.dynamic).toBe('fetch');
  });

  test.each([
    { cache: 'force-cache', next: { revalidate: 0 } }, { cache: 'no-store', next: { revalidate: 5 } }, { cache: 'no-store', next: { revalidate: false } },
  ] satisfies NextFetchInit[])('options that contradict each other keep nothing, and make the answer dynamic: %o', async (init) => {
    const store = testStore('render', {}, front);
    await get(store, init);
    expect([store.dynamic, front.entries.size]).toEqual(['fetch', 0]);
  });

  test('a Request is the same request as its URL, and as a URL object', async () => {
    const store = testStore('render', {}, front);
    const inputs = [`${base}/`, new URL(`${base}/`), new Request(`${base}/`), new Request(`${base}/`, { headers: { a: 'b' } })];
    const texts = await Promise.all(inputs.map((input) => inRequest(store, async () => (await ironsideFetch(input)).text())));
    expect(texts).toEqual(['GET / 1', 'GET / 1', 'GET / 1', 'GET / 2']);
  });

  test('only status 200 is stored, and the permit is given back', async () => {
    status = 503;
    await get(testStore('render', {}, front), { cache: 'force-cache' });
    expect([front.entries.size, front.permits.size]).toEqual([0, 0]);
    status = 200;
    await get(testStore('render', {}, front), { cache: 'force-cache' });
    expect(front.entries.size).toBe(1);
  });

  test('a stale answer is given, and made anew beside it; a prerender waits for the new one', async () => {
    const init: NextFetchInit = { next: { tags: ['t'], revalidate: 60 } };
    await get(testStore('render', {}, front), init);
    await front.revalidate([{ kind: 'tag', value: 't', scope: 'none', mode: 'stale' }]);
    const store = testStore('render', {}, front);
    expect(await get(store, init)).toBe('GET / 1');
    await inRequest(store, () => runAfter(store));
    expect(await get(testStore('render', {}, front), init)).toBe('GET / 2');
    await front.revalidate([{ kind: 'tag', value: 't', scope: 'none', mode: 'stale' }]);
    expect(await get(testStore('prerender', { permit: 1 }, front), init)).toBe('GET / 3');
  });

  test('draft mode neither reads nor writes', async () => {
    const store = testStore('render', {}, front);
    store.draft = true;
    await get(store, { cache: 'force-cache' });
    expect(front.entries.size).toBe(0);
  });

  test('a reload without cache expires everything once, while the application is developed', async () => {
    const reload = () => testStore('render', { headers: [['cache-control', 'no-cache']] }, front);
    await get(reload(), { cache: 'force-cache' });
    expect(front.revalidations).toEqual([]);
    vi.stubEnv('NODE_ENV', 'development');
    const store = reload();
    await Promise.all([get(store, { cache: 'force-cache' }, '/a'), get(store.derive({ isolated: true }), { cache: 'force-cache' }, '/b')]);
    await get(testStore('render', {}, front), { cache: 'force-cache' });
    vi.unstubAllEnvs();
    expect(front.revalidations).toEqual([{ kind: 'path', value: '/', scope: 'layout', mode: 'expire' }]);
  });

  test("the segment's fetchCache counts, and contradictions throw", async () => {
    const store = testStore('render', {}, front);
    store.config = { fetchCache: 'default-cache' };
    await get(store);
    expect(front.entries.size).toBe(1);
    const only = testStore('render', {}, front);
    only.config = { fetchCache: 'only-cache' };
    await expect(get(only, { cache: 'no-store' })).rejects.toThrow(/only-cache/);
    await expect(get(testStore('render', {}, front), { next: { revalidate: -1 } })).rejects.toThrow(TypeError);
  });

  test("what a segment's fetchCache forces is kept without limit, also where the fetch asks for the opposite", async () => {
    const store = testStore('render', {}, front);
    store.config = { fetchCache: 'force-cache' };
    await get(store, { next: { revalidate: 0 } });
    expect([...front.entries.values()].map(({ revalidate }) => revalidate)).toEqual([undefined]);
    expect([store.dynamic, store.revalidate]).toEqual([undefined, undefined]);
  });

  test('tags have 256 characters, whatever these are', async () => {
    const tag = '日'.repeat(256);
    await get(testStore('render', {}, front), { cache: 'force-cache', next: { tags: [tag, '日'.repeat(257)] } });
    expect([...front.entries.values()].map(({ tags }) => tags)).toEqual([[tag]]);
    const store = testStore('handler', {}, front);
    inRequest(store, () => revalidateTag(tag));
    expect(store.revalidations.map(({ value }) => value)).toEqual([tag]);
  });
});

describe('unstable_cache', () => {
  test('runs once for equal arguments, and keeps JSON', async () => {
    let runs = 0;
    const read = unstable_cache(async (id: number) => ({ id, at: new Date(0), n: ++runs }), ['read'], { tags: ['items'], revalidate: 30 });
    const store = testStore('render', {}, front);
    await inRequest(store, () => read(1));
    expect(await inRequest(testStore('render', {}, front), () => read(1))).toEqual({ id: 1, at: '1970-01-01T00:00:00.000Z', n: 1 });
    await inRequest(store, () => read(2));
    expect(runs).toBe(2);
    expect([[...store.tags], store.revalidate]).toEqual([['items'], 30]);
  });

  test('undefined and errors', async () => {
    const nothing = unstable_cache(async () => undefined, ['nothing']);
    await inRequest(testStore('render', {}, front), () => nothing());
    expect(await inRequest(testStore('render', {}, front), () => nothing())).toBeUndefined();
    const failing = unstable_cache(async () => { throw new Error('no'); }, ['failing']);
    await expect(inRequest(testStore('render', {}, front), () => failing())).rejects.toThrow('no');
    expect([front.entries.size, front.permits.size]).toEqual([1, 0]);
  });

  test('what depends on one visitor throws inside; nested ones just run', async () => {
    const personal = unstable_cache(async () => (await cookies()).get('a')?.value, ['personal']);
    await expect(inRequest(testStore('render', {}, front), () => personal())).rejects.toThrow(/cached function/);
    const inner = unstable_cache(async () => 1, ['inner']);
    const outer = unstable_cache(async () => (await inner()) + 1, ['outer']);
    expect(await inRequest(testStore('render', {}, front), () => outer())).toBe(2);
    expect(front.entries.size).toBe(1);
  });

  test('mistakes are named when it is made', () => {
    expect(() => unstable_cache(async () => 1, [], { revalidate: 0 })).toThrow(/never be cached/);
  });
});

describe('invalidation', () => {
  test('is noted, sent in one call, and asks for fresh UI in actions', async () => {
    const store = testStore('action', {}, front);
    inRequest(store, () => {
      revalidateTag('a');
      revalidateTag('a');
      revalidateTag('b', 'max');
      revalidateTag('c', { expire: 0 });
      revalidatePath('/blog/[slug]', 'page');
      revalidatePath('/');
    });
    await flushRevalidations(store);
    expect(front.revalidations).toEqual([
      { kind: 'tag', value: 'a', scope: 'none', mode: 'expire' },
      { kind: 'tag', value: 'b', scope: 'none', mode: 'stale', expireSeconds: 31536000 },
      { kind: 'tag', value: 'c', scope: 'none', mode: 'expire' },
      { kind: 'path', value: '/blog/[slug]', scope: 'page', mode: 'expire' },
      { kind: 'path', value: '/', scope: 'none', mode: 'expire' },
    ]);
    expect(store.refresh).toBe(1);
    expect(store.revalidated.length).toBe(5);
  });

  test('a request reads its own writes', async () => {
    let n = 0;
    const read = unstable_cache(async () => ++n, ['own'], { tags: ['own'] });
    const store = testStore('action', {}, front);
    expect(await inRequest(store, () => read())).toBe(1);
    expect(await inRequest(store, () => { updateTag('own'); return read(); })).toBe(2);
  });

  test('it does so with a profile too, by which others are given the old value once more', async () => {
    let n = 0;
    const read = unstable_cache(async () => ++n, ['mine'], { tags: ['mine'] });
    const store = testStore('handler', {}, front);
    expect(await inRequest(store, () => read())).toBe(1);
    expect(await inRequest(store, () => { revalidateTag('mine', 'max'); return read(); })).toBe(2);
    const other = testStore('handler', {}, front);
    await front.revalidate([{ kind: 'tag', value: 'mine', scope: 'none', mode: 'stale' }]);
    expect(await inRequest(other, () => read())).toBe(2);
  });

  test('a profile alone leaves the UI as it is; an unknown one throws at once', () => {
    const store = testStore('action', {}, front);
    inRequest(store, () => revalidateTag('b', 'max'));
    expect(store.refresh).toBe(0);
    expect(() => inRequest(store, () => revalidateTag('b', 'nope'))).toThrow(/no such cache profile/);
    inRequest(store, () => refresh());
    expect(store.refresh).toBe(2);
  });

  test.each(['render', 'prerender', 'cache'] as const)('cannot be called while in phase %s', (phase) => {
    const store = testStore(phase, {}, front);
    for (const call of [() => revalidateTag('a'), () => revalidatePath('/'), () => updateTag('a'), () => refresh()]) {
      expect(() => inRequest(store, call)).toThrow(/Server Action/);
    }
  });

  test('handlers may revalidate, but not updateTag() nor refresh()', () => {
    const store = testStore('handler', {}, front);
    inRequest(store, () => revalidateTag('a'));
    expect(() => inRequest(store, () => updateTag('a'))).toThrow(/Server Action/);
    expect(() => inRequest(store, refresh)).toThrow(/useRouter/);
    expect(store.refresh).toBe(0);
  });

  test('tags that cannot be used are refused', () => {
    const store = testStore('action', {}, front);
    for (const tag of ['', '\u0001url:/', 7 as unknown as string]) {
      expect(() => inRequest(store, () => revalidateTag(tag))).toThrow(TypeError);
    }
    inRequest(store, () => revalidateTag('x'.repeat(257)));
    expect(store.revalidations).toEqual([]);
  });
});

test('unstable_noStore() makes the answer dynamic', () => {
  const store = testStore('render', {}, front);
  inRequest(store, unstable_noStore);
  expect(store.dynamic).toBe('noStore');
  expect(() => unstable_noStore()).not.toThrow();
});
