// Results of cached functions are everybody's: so nobody may get one that was made for other arguments, for another tenant or for
// a draft.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { dice, parallel } from './lib/raw.mjs';

const files = {
  'next.config.mjs': 'export default { cacheComponents: true }',
  'app/layout.jsx': 'export default function Layout({ children }) { return <html><body>{children}</body></html> }',
  'app/page.jsx': 'export default function Page() { return <p>home</p> }',
  // What the function saw has to be what this very request gave it.
  'app/api/echo/route.js': `import { inspect } from 'node:util'
const text = (value) => inspect(value, { depth: 20, maxArrayLength: null, maxStringLength: null, breakLength: Infinity })
const revive = ([kind, value]) => {
  switch (kind) {
    case 'number': return Number(value)
    case 'minus zero': return -0
    case 'bigint': return BigInt(value)
    case 'undefined': return undefined
    case 'date': return new Date(value)
    case 'list': return value.map(revive)
    case 'set': return new Set(value.map(revive))
    case 'map': return new Map(value.map(([key, item]) => [revive(key), revive(item)]))
    case 'object': return Object.fromEntries(value.map(([key, item]) => [key, revive(item)]))
    case 'bytes': return Uint8Array.from(value)
    case 'shorts': return Int16Array.from(value)
    case 'buffer': return Uint8Array.from(value).buffer
    case 'promise': return Promise.resolve(revive(value))
    default: return value
  }
}
const settled = async (value) => (value instanceof Promise ? text([await value]) : text(value))
export async function POST(request) {
  const { args, captured } = await request.json()
  const around = revive(captured)
  async function seen(...given) { 'use cache'; return (await Promise.all(given.map(settled))).join(', ') + ' in ' + text(around) }
  async function outer(first) { 'use cache'; return seen(first) }
  const values = args.map(revive)
  const wanted = (await Promise.all(values.map(settled))).join(', ') + ' in ' + text(around)
  const [first] = values
  return Response.json({
    wanted, seen: await seen(...values),
    nested: args.length > 0 ? [await outer(first), (await settled(first)) + ' in ' + text(around)] : ['', ''],
  })
}`,
  'app/[tenant]/[page]/page.jsx': `let made = 0
export default async function Page({ params }) {
  const { tenant, page } = await params
  async function Inner() { 'use cache'; return <b>[inner {tenant} {++made}]</b> }
  async function Outer({ name }) { 'use cache'; return <div>[outer {tenant} {name}]<Inner /></div> }
  return <main><Outer name={page} /></main>
}`,
  'app/api/draft/route.js': `import { draftMode } from 'next/headers'
async function content(n) { 'use cache'; const { isEnabled } = await draftMode(); await new Promise((r) => setTimeout(r, 60)); return n + (isEnabled ? ' secret' : ' public') }
export async function GET(request) {
  const { searchParams } = request.nextUrl
  const mode = await draftMode()
  if (searchParams.has('on')) { mode.enable(); return new Response('on') }
  return new Response(await content(searchParams.get('n')))
}`,
};

describe('results of cached functions', () => {
  let app, server;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '2'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  const one = (roll, list) => list[roll(list.length)];

  /** Few different parts, so that values that look alike are frequent. React sends no properties that are `undefined`. */
  function value(roll, depth = 0) {
    const item = () => value(roll, depth + 1);
    const items = () => Array.from({ length: roll(3) }, item);
    const name = () => one(roll, ['a', 'b', '$1', 'then', 'toJSON', '__proto__x', '']);
    const leaves = [
      () => ['string', one(roll, ['', '1', 'a', 'null', 'undefined', '$', '$1', '$$', '$D2020-01-01T00:00:00.000Z', '$n1', '$Q1', '$undefined', '[]', '{}', '2020-01-01T00:00:00.000Z', '\u2028', '\ud83d\ude00'])],
      () => ['number', one(roll, ['0', '1', '1.5', 'NaN', 'Infinity', '-Infinity'])], () => ['minus zero'], () => ['bigint', one(roll, ['0', '1', '-1'])],
      () => ['boolean', one(roll, [true, false])], () => ['null', null], () => ['undefined'],
      () => ['date', one(roll, ['2020-01-01T00:00:00.000Z', '1970-01-01T00:00:00.001Z'])],
      () => ['bytes', one(roll, [[], [0], [1], [255, 254], [49]])], () => ['shorts', one(roll, [[], [0], [1], [49]])], () => ['buffer', one(roll, [[], [0], [1], [49]])],
    ];
    const nodes = [() => ['list', items()], () => ['set', items()], () => ['map', items().map((key) => [key, item()])], () => ['object', [...new Map(items().filter(([kind]) => kind !== 'undefined').map((part) => [name(), part]))]]];
    return one(roll, depth > 2 ? leaves : [...leaves, ...nodes, ...nodes])();
  }

  test('SEC-39 a function sees its own arguments and captured values, whatever others were called with', async () => {
    const roll = dice(39);
    const calls = Array.from({ length: process.env.IRONSIDE_LONG ? 20_000 : 400 }, () => ({
      args: Array.from({ length: roll(3) }, () => (roll(8) === 0 ? ['promise', value(roll)] : value(roll))), captured: value(roll),
    }));
    await parallel(calls, 8, async (call) => {
      const response = await fetch(`${server.base}/api/echo`, { method: 'POST', body: JSON.stringify(call) });
      const answer = await response.json();
      assert.equal(answer.seen, answer.wanted, JSON.stringify(call));
      assert.equal(answer.nested[0], answer.nested[1], JSON.stringify(call));
    });
  });

  test('SEC-39 tenants share nothing, however deep the cached component stands', async () => {
    const shown = async (tenant, page) => (await (await fetch(`${server.base}/${tenant}/${page}`)).text()).replaceAll('<!-- -->', '');
    for (const page of ['one', 'two']) {
      for (const tenant of ['ada', 'bob', 'ada', 'bob', 'ad']) {
        const text = await shown(tenant, page);
        assert.ok(text.includes(`[outer ${tenant} ${page}]`), text);
        assert.match(text, new RegExp(`\\[inner ${tenant} \\d+\\]`));
      }
    }
  });

  test('SEC-39 drafts neither join what is being made for others nor lead them', async () => {
    const cookie = (await fetch(`${server.base}/api/draft?on`)).headers.get('set-cookie').split(';')[0];
    for (const n of ['a', 'b']) {
      const ask = async (draft) => [draft, await (await fetch(`${server.base}/api/draft?n=${n}`, { headers: draft ? { cookie } : {} })).text()];
      // Whoever comes first has the permit.
      const order = Array.from({ length: 16 }, (_, at) => (at % 2 === 0) === (n === 'a'));
      for (const [draft, text] of await Promise.all(order.map(ask))) assert.equal(text, `${n} ${draft ? 'secret' : 'public'}`);
      assert.deepEqual(await ask(false), [false, `${n} public`]);
    }
  });
});
