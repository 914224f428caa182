/** `'use cache'` as the compiler leaves it, in a real worker over a front with a cache in memory. */
import type { Call, Reply } from '@ironside/protocol/generated.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frontOver, type Answer, type Front } from './support/front.ts';
import { buildWorker, type WorkerBuild } from './support/worker-build.ts';

/** Every handler answers with what its `run` returns, as JSON; errors by their message. */
const handler = (body: string, more = ''): string => `
  import { createElement as h, cache as reactCache } from 'react';
  import { cacheLife, cacheTag, revalidateTag, unstable_cache } from 'next/cache';
  import { cookies, headers, draftMode } from 'next/headers';
  import { connection } from 'next/server';
  import { cached } from 'ironside:references';
  ${more}
  let runs = 0;
  async function run() { ${body} }
  const answer = async () => {
    try { return Response.json({ value: await run() ?? null }); } catch (error) { return Response.json({ error: error.message, digest: error.digest }); }
  };
  export const GET = answer;
  export const POST = answer;`;

/** Shown with their types, as JSON does not. */
const SHOW = `const show = (value) => value instanceof Map ? ['Map', ...value] : value instanceof Set ? ['Set', ...value] : value instanceof Date ? ['Date', value.getTime()]
  : typeof value === 'bigint' ? value + 'n' : value === undefined ? 'undefined' : value instanceof Uint8Array ? ['bytes', ...value] : Object.is(value, -0) ? '-0' : value;`;

const HANDLERS = {
  values: handler(`
    const values = [new Map([['a', 1]]), new Set([2]), new Date(5), 12n, undefined, -0, NaN, 'text', { deep: [null, { x: new Date(7) }] }, new Uint8Array([1, 2])];
    const out = [];
    for (const value of values) out.push(show(await echo(value)));
    const promised = await echo({ later: Promise.resolve(new Map([[1, 2]])) });
    return [runs, out.map((value) => Number.isNaN(value) ? 'NaN' : value), show((out[8].deep[1].x)), show(await promised.later)];`,
  `${SHOW} const echo = cached(async (value) => { runs++; return value; }, 'c0echo', 'default', 1, 0, 'echo (app/x.ts)');`),
  keys: handler(`
    const calls = [[1], ['1'], [1n], [new Date(1)], ['1970-01-01T00:00:00.001Z'], [{ a: 1 }], [[['a', 1]]], [new Map([['a', 1]])], [[1, 2]], [1, 2], [null], [], [undefined], ['$1'], [NaN], [0], [-0], [new Uint8Array([1])], [new Uint8Array([2])]];
    for (const args of calls) await f(...args);
    const first = runs;
    for (const args of calls) await f(...args);
    return [first, runs];`, `const f = cached(async (...args) => { runs++; return args.length; }, '80keys', 'default', -1, 0, 'f (app/x.ts)');`),
  extra: handler(`
    await Promise.all(['a', 'b'].map(f));
    await f('a', 'more', {});
    await f();
    await f(undefined);
    return runs;`, `const f = cached(async (x) => { runs++; return x; }, 'c0extra', 'default', 1, 0, 'f (app/x.ts)');`),
  captured: handler(`
    const bound = (x) => base.bind(null, [x]);
    return [await bound('a')(1), await bound('b')(1), await bound('a')(1), runs];`,
  `const base = cached(async ([x], y) => { runs++; return x + y; }, 'c0captured', 'default', 1, 1, 'f (app/x.ts)');`),
  functions: handler(`
    const bound = inner.bind(null, ['!']);
    const results = [await outer([bound], 1), await outer([bound], 1), await outer([inner.bind(null, ['?'])], 1), await direct(bound)];
    return [...results, runs];`,
  `const inner = cached(async ([mark], name) => name + mark, 'e0inner', 'default', 1, 1, 'inner (app/x.ts)');
   const outer = cached(async ([read], n) => { runs++; return read('n' + n); }, 'e0outer', 'default', 1, 1, 'outer (app/x.ts)');
   const direct = cached(async (read) => read('direct'), 'c0direct', 'default', 1, 0, 'direct (app/x.ts)');`),
  holes: handler(`
    const one = () => 1; const two = () => 2;
    class User { name = 'ada' }
    const user = new User();
    const made = [await box({ children: h('b', null, 'x'), call: one, user }), await box({ children: h('i', null, 'y'), call: two, user })];
    return [runs, made.map((element) => [element.type, element.props.children.type, element.props.data.call(), element.props.data.user === user])];`,
  `const box = cached(async ({ children, call, user }) => { runs++; return h('div', { data: { call, user } }, children); }, 'c0box', 'default', 1, 0, 'Box (app/x.ts)');`),
  opaque: handler(`return f(() => 1);`, `const f = cached(async (call) => call(), 'c0opaque', 'default', 1, 0, 'f (app/x.ts)');`),
  looked: handler(`class User { title = 'Dr' } return f({ user: new User() });`, `const f = cached(async ({ user }) => h('p', null, user.title), 'c0looked', 'default', 1, 0, 'Box (app/x.ts)');`),
  life: handler(`return [await f('hours'), await f({ stale: 40, revalidate: 50, expire: 600 }), await f(undefined)];`,
    `const f = cached(async (life) => { cacheTag('t:' + JSON.stringify(life ?? null), 'all'); if (life) cacheLife(life); return 1; }, 'c0life', 'default', 1, 0, 'f (app/x.ts)');`),
  nested: handler(`return [await outer(), await explicit()];`, `
    const inner = cached(async () => { cacheLife({ revalidate: 60, expire: 3600 }); cacheTag('inner'); return 1; }, '80n1', 'default', 0, 0, 'inner (app/x.ts)');
    const outer = cached(async () => { cacheTag('outer'); return inner(); }, '80n2', 'default', 0, 0, 'outer (app/x.ts)');
    const explicit = cached(async () => { cacheLife('max'); return inner(); }, '80n3', 'default', 0, 0, 'explicit (app/x.ts)');`),
  short: handler(`return f();`, `const f = cached(async () => { cacheLife('seconds'); return ++runs; }, '80short', 'default', 0, 0, 'f (app/x.ts)');`),
  never: handler(`return [await f(), await f()];`, `const f = cached(async () => { cacheLife({ revalidate: 0 }); return ++runs; }, '80never', 'default', 0, 0, 'f (app/x.ts)');`),
  profile: handler(`return f();`, `const f = cached(async () => { cacheLife('forever'); }, '80profile', 'default', 0, 0, 'f (app/x.ts)');`),
  order: handler(`return f();`, `const f = cached(async () => { cacheLife({ revalidate: 10, expire: 5 }); }, '80order', 'default', 0, 0, 'f (app/x.ts)');`),
  outside: handler(`cacheTag('x');`),
  outsideLife: handler(`cacheLife('hours');`),
  cookies: handler(`return f();`, `const f = cached(async () => (await cookies()).get('a'), '80cookies', 'default', 0, 0, 'getUser (lib/user.ts)');`),
  headers: handler(`return f();`, `const f = cached(async () => (await headers()).get('a'), '80headers', 'remote', 0, 0, 'f (app/x.ts)');`),
  connection: handler(`return f();`, `const f = cached(async () => { await connection(); }, '80connection', 'default', 0, 0, 'f (app/x.ts)');`),
  revalidates: handler(`return f();`, `const f = cached(async () => { revalidateTag('x'); }, '80revalidates', 'default', 0, 0, 'f (app/x.ts)');`),
  draft: handler(`return [await f(), runs];`, `const f = cached(async () => { runs++; return (await draftMode()).isEnabled; }, '80draft', 'default', 0, 0, 'f (app/x.ts)');`),
  toggles: handler(`return f();`, `const f = cached(async () => { (await draftMode()).enable(); }, '80toggles', 'default', 0, 0, 'f (app/x.ts)');`),
  fails: handler(`
    const told = [];
    for (let i = 0; i < 2; i++) await f().catch((error) => told.push(error === thrown, error.message));
    return [told, runs];`, `const thrown = new Error('out of paint'); const f = cached(async () => { runs++; throw thrown; }, '80fails', 'default', 0, 0, 'f (app/x.ts)');`),
  response: handler(`return f();`, `const f = cached(async () => new Response('x'), '80response', 'default', 0, 0, 'getPage (lib/page.ts)');`),
  private: handler(`return [await f(1), await f(1), await f(2), runs];`,
    `const f = cached(async (n) => { runs++; cacheLife('minutes'); return (await cookies()).get('a')?.value + n; }, 'c0private', 'private', 1, 0, 'mine (app/x.ts)');`),
  privateInside: handler(`return outer();`, `
    const f = cached(async () => 1, '80p1', 'private', 0, 0, 'mine (app/x.ts)');
    const outer = cached(async () => f(), '80p2', 'default', 0, 0, 'outer (app/x.ts)');`),
  remoteInside: handler(`return outer();`, `
    const f = cached(async () => 1, '80r1', 'remote', 0, 0, 'far (app/x.ts)');
    const outer = cached(async () => f(), '80r2', 'private', 0, 0, 'mine (app/x.ts)');`),
  isolated: handler(`
    memo(); memo();
    return [await f(), await f()];`, `
    const memo = reactCache(() => ++runs);
    const f = cached(async () => { const before = memo(); return [before === memo(), before]; }, '80isolated', 'default', 0, 0, 'f (app/x.ts)');`),
  fetches: handler(`return f();`, `const f = cached(async () => (await fetch('data:text/plain,hi', { next: { tags: ['from-fetch'], revalidate: 77 } })).text(), '80fetches', 'default', 0, 0, 'f (app/x.ts)');`),
  unstable: handler(`return f();`, `
    const inner = unstable_cache(async () => 'v', ['k'], { tags: ['unstable'], revalidate: 33 });
    const f = cached(async () => inner(), '80unstable', 'default', 0, 0, 'f (app/x.ts)');`),
  tags: handler(`return f();`, `const f = cached(async () => { for (let i = 0; i < 3; i++) cacheTag(...Array.from({ length: 50 }, (_, n) => i + '-' + n)); return ++runs; }, '80tags', 'default', 0, 0, 'f (app/x.ts)');`),
  declared: handler(`return [await declared(2), await declared(2), runs, declared.name];`, `
    async function implementation(n) { runs++; return n * 2; }
    async function declared(...args) { return cached(implementation, 'c0declared', 'default', 1, 0, 'declared (app/x.ts)')(...args); }
    cached(implementation, 'c0declared', 'default', 1, 0, 'declared (app/x.ts)', declared);`),
};

type Stored = { value: Uint8Array; tags: readonly string[]; revalidate: number | undefined; expire: number | undefined; stale?: boolean };

let build: WorkerBuild;
let child: ChildProcess;
let front: Front;
let store: Map<string, Stored>;
let permits: Set<number>;

beforeAll(async () => {
  build = await buildWorker(HANDLERS);
  child = spawn(process.execPath, [build.worker], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  front = frontOver(child.stdio[3] as Duplex, [], async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await front.boot({ manifest: join(build.folder, 'manifest.json'), keys: [new Uint8Array(32).fill(7)], environment: [] });
  let last = 0;
  front.onCall((call: Call): Reply => {
    const name = 'key' in call ? Buffer.from(call.key).toString('hex') : '';
    switch (call.op) {
      case 'cacheGet': {
        const found = call.kind === 'directive' ? store.get(name) : undefined;
        if (found && !found.stale) return { type: 'fresh', value: found.value };
        permits.add(++last);
        return found ? { type: 'stale', permit: last, value: found.value } : { type: 'miss', permit: last };
      }
      case 'cacheSet': {
        if (!permits.delete(call.permit ?? 0)) return { type: 'refused', reason: 'no permit' };
        if (call.kind === 'directive') store.set(name, { value: Buffer.from(call.value), tags: call.tags, revalidate: call.revalidate, expire: call.expire });
        return { type: 'done' };
      }
      case 'permitDrop':
        permits.delete(call.permit);
        return { type: 'done' };
      default:
        return { type: 'done' };
    }
  });
}, 60_000);
afterAll(() => front.close());
beforeEach(() => {
  store = new Map();
  permits = new Set();
});
// Whatever happens, nobody keeps the right to make a value.
afterEach(() => expect([...permits]).toEqual([]));

async function ask(name: keyof typeof HANDLERS, headers: [string, string][] = [], method = 'POST'): Promise<Answer & { json: { value?: never; error?: string } }> {
  const answer = await front.answer(front.start({ route: build.routes[name]!, path: `/${name}`, method, headers }));
  return { ...answer, json: JSON.parse(answer.body.toString()) as { error?: string } };
}

const valueOf = async (name: keyof typeof HANDLERS, headers: [string, string][] = []): Promise<unknown> => {
  const { json } = await ask(name, headers);
  if (json.error !== undefined) throw new Error(json.error);
  return json.value;
};

describe('values and keys', () => {
  const values = [['Map', ['a', 1]], ['Set', 2], ['Date', 5], '12n', 'undefined', '-0', 'NaN', 'text', { deep: [null, { x: '1970-01-01T00:00:00.007Z' }] }, ['bytes', 1, 2]];

  test('results are what the function returned, made now or found', async () => {
    expect(await valueOf('values')).toEqual([11, values, ['Date', 7], ['Map', [1, 2]]]);
    expect(await valueOf('values')).toEqual([11, values, ['Date', 7], ['Map', [1, 2]]]);
    expect(store.size).toBe(11);
  });

  test('different arguments have different keys', async () => {
    expect(await valueOf('keys')).toEqual([19, 19]);
  });

  test('arguments that are not declared are neither passed on nor in the key, and leaving one out is like undefined', async () => {
    expect(await valueOf('extra')).toBe(3);
  });

  test('captured values belong to the key', async () => {
    expect(await valueOf('captured')).toEqual(['a1', 'b1', 'a1', 2]);
  });

  test('cached functions may be captured and passed, with what is bound to them', async () => {
    expect(await valueOf('functions')).toEqual(['n1!', 'n1!', 'n1?', 'direct!', 2]);
  });

  test('what cannot be serialised is passed through, and everybody finds his own in the one result', async () => {
    expect(await valueOf('holes')).toEqual([1, [['div', 'b', 1, true], ['div', 'i', 2, true]]]);
    expect(store.size).toBe(1);
  });

  test('and nothing else can be done with it', async () => {
    expect((await ask('opaque')).json.error).toMatch(/f \(app\/x\.ts\) is cached and .* can only be passed through/);
    expect((await ask('looked')).json.error).toMatch(/Box \(app\/x\.ts\) is cached and looked into an argument/);
    expect(store.size).toBe(0);
  });

  test('a declaration calls the cache under its own name', async () => {
    expect(await valueOf('declared')).toEqual([4, 4, 1, 'declared']);
  });

  test('React.cache begins anew inside', async () => {
    expect(await valueOf('isolated')).toEqual([[true, 3], [true, 3]]);
  });
});

describe('lifetimes and tags', () => {
  const lives = () => [...store.values()].map(({ revalidate, expire }) => [revalidate, expire]);

  test('are those of cacheLife, and of the answer around it the shortest', async () => {
    const answer = await ask('life');
    expect(lives()).toEqual([[3600, 86400], [50, 600], [900, undefined]]);
    expect([...store.values()][0]?.tags).toEqual(['t:"hours"', 'all']);
    const { outcome } = answer;
    expect([outcome.stale, outcome.revalidate, outcome.expire, outcome.dynamic]).toEqual([40, 50, 600, undefined]);
    expect(outcome.tags).toContain('all');
    // Found, it says the same.
    expect((await ask('life')).outcome).toMatchObject({ stale: 40, revalidate: 50, expire: 600, tags: outcome.tags });
  });

  test('an inner one shortens the outer one, unless that says what it wants itself; tags go up in any case', async () => {
    await ask('nested');
    expect(lives()).toEqual([[60, 3600], [60, 3600], [2592000, 31536000]]);
    expect([...store.values()].map(({ tags }) => [...tags].sort())).toEqual([['inner'], ['inner', 'outer'], ['inner']]);
  });

  test('fetch and unstable_cache inside count for the whole', async () => {
    expect(await valueOf('fetches')).toBe('hi');
    expect(await valueOf('unstable')).toBe('v');
    expect([...store.values()].map(({ tags, revalidate }) => [tags, revalidate])).toEqual([[['from-fetch'], 77], [['unstable'], 33]]);
  });

  test('a short one makes what contains it dynamic, and is stored itself', async () => {
    expect((await ask('short', [], 'GET')).outcome.dynamic).toBe('cacheLife');
    expect(lives()).toEqual([[1, 60]]);
  });

  test('revalidate: 0 and too many tags are not stored', async () => {
    expect(await valueOf('never')).toEqual([1, 2]);
    expect(await valueOf('tags')).toBe(1);
    expect(store.size).toBe(0);
  });

  test('a stale result is given, and made anew beside the answer', async () => {
    expect(await valueOf('short')).toBe(2);
    for (const entry of store.values()) entry.stale = true;
    expect(await valueOf('short')).toBe(2);
    await expect.poll(() => [...store.values()][0]?.stale).toBeUndefined();
    expect(await valueOf('short')).toBe(3);
  });

  test('wrong calls say what is right', async () => {
    expect((await ask('profile')).json.error).toMatch(/"forever".*no such profile.*default/);
    expect((await ask('order')).json.error).toMatch(/expire.*shorter/);
    expect((await ask('outside')).json.error).toMatch(/cacheTag\(\).*outside of a cached function.*'use cache'/);
    expect((await ask('outsideLife')).json.error).toMatch(/cacheLife\(\).*outside of a cached function/);
  });
});

describe('what may not be done inside', () => {
  test('the request is not there, and the error says which function asked for it', async () => {
    expect((await ask('cookies')).json.error).toMatch(/cookies\(\).*getUser \(lib\/user\.ts\).*pass what you need as an argument/);
    expect((await ask('headers')).json.error).toMatch(/headers\(\).*cached function/);
    expect((await ask('connection')).json.error).toMatch(/connection\(\)/);
    expect((await ask('revalidates')).json.error).toMatch(/revalidateTag\(tag\).*cached function/);
    expect((await ask('toggles')).json.error).toMatch(/draftMode\(\)\.enable\(\).*cached function/);
    expect(store.size).toBe(0);
  });

  test('errors are those that were thrown, and are not stored', async () => {
    expect(await valueOf('fails')).toEqual([[true, 'out of paint', true, 'out of paint'], 2]);
    expect(store.size).toBe(0);
  });

  test('a result that cannot be stored says so with the name of the function', async () => {
    expect((await ask('response')).json.error).toMatch(/getPage \(lib\/page\.ts\).*can't be cached/);
    expect(store.size).toBe(0);
  });

  test('private and remote do not go into each other', async () => {
    expect((await ask('privateInside')).json.error).toMatch(/mine.*private.*outer/);
    expect((await ask('remoteInside')).json.error).toMatch(/far.*remote.*mine/);
  });
});

test('draft mode is readable; drafts are neither read from the cache nor stored', async () => {
  const { createHmac } = await import('node:crypto');
  const cookie = createHmac('sha256', new Uint8Array(32).fill(7)).update('ironside draft mode').digest('hex').slice(0, 32);
  expect(await valueOf('draft')).toEqual([false, 1]);
  expect(await valueOf('draft', [['cookie', `__prerender_bypass=${cookie}`]])).toEqual([true, 2]);
  expect(await valueOf('draft', [['cookie', `__prerender_bypass=${cookie}`]])).toEqual([true, 3]);
  expect(await valueOf('draft')).toEqual([false, 3]);
});

test('a private result is kept for one request, may read it, and makes the answer dynamic', async () => {
  const answer = await ask('private', [['cookie', 'a=x']]);
  expect(answer.json.value).toEqual(['x1', 'x1', 'x2', 2]);
  expect(answer.outcome.dynamic).toBe('private');
  expect(await valueOf('private', [['cookie', 'a=y']])).toEqual(['y1', 'y1', 'y2', 4]);
  expect(store.size).toBe(0);
});
