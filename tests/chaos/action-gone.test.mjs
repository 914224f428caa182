// Work of an action stops when nobody waits for it any more: its client has gone, or its time is up. What was sent is whole, so
// nothing but the connection tells. All the while others are served.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { until } from '../e2e/lib/browser.mjs';
import { baseLoad, loadFiles } from './lib/base-load.mjs';

const rounds = process.env.IRONSIDE_LONG === '1' ? 600 : 36;

const page = (more = '') => `import Calls from '../calls';
import { wait } from '../actions';
${more}export const dynamic = 'force-dynamic';
export default () => <main><form action={wait}><input name="text" /></form><Calls /></main>;
`;

const files = {
  ...loadFiles,
  'lib/counts.ts': 'export const counts: Record<string, number> = ((globalThis as any).counts ??= { begun: 0, AbortError: 0, TimeoutError: 0, left: 0, items: 0, closed: 0, cancelled: 0 });\n',
  'app/counts/route.ts': "import { counts } from '../../lib/counts';\nexport const dynamic = 'force-dynamic';\nexport const GET = () => Response.json(counts);\n",
  'app/actions.ts': `'use server';
import { actionSignal, createAction } from 'ironside/actions';
import { counts } from '../lib/counts';
/** Work that goes on for half a minute, unless it hears that it is not wanted. */
function work(signal: AbortSignal) {
  counts.begun! += 1;
  return new Promise<string>((resolve) => {
    const timer = setTimeout(() => { counts.left! += 1; resolve('late'); }, 30_000);
    signal.addEventListener('abort', () => { counts[signal.reason.name]! += 1; clearTimeout(timer); resolve('aborted'); });
  });
}
export async function wait(form?: FormData) { await work(actionSignal()); }
export const made = createAction({}, async (_input: unknown, { signal }) => work(signal));
/** Says one thing, and the next when its time has come. */
export async function* speak() {
  counts.begun! += 1;
  try {
    for (;;) { yield 'item'; counts.items! += 1; await new Promise((resolve) => setTimeout(resolve, 20)); }
  } finally { counts.closed! += 1; }
}
export async function pour() {
  counts.begun! += 1;
  let timer: ReturnType<typeof setInterval>;
  return new ReadableStream({
    start(controller) { timer = setInterval(() => controller.enqueue('piece'), 20); },
    cancel() { clearInterval(timer); counts.cancelled! += 1; },
  });
}
`,
  'app/calls.tsx': "'use client';\nimport { wait, made, speak, pour } from './actions';\nexport default () => <button onClick={() => { void wait(); void made({}); void speak(); void pour(); }}>call</button>;\n",
  'app/work/page.tsx': page(),
  'app/short/page.tsx': page('export const maxDuration = 1;\n'),
};

describe('clients that leave while an action runs', () => {
  let app, server, load, ids;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
    const { actions } = JSON.parse(readFileSync(join(app.dir, '.ironside/build/manifest.json'), 'utf8'));
    ids = Object.fromEntries(Object.entries(actions).map(([id, action]) => [action.name, id]));
    load = baseLoad(server.base);
  });
  after(async () => {
    await load?.stop();
    await server?.stop();
    app?.remove();
  });

  const counts = async () => (await fetch(`${server.base}/counts`)).json();
  const request = (headers, body) => `POST /work HTTP/1.1\r\nHost: localhost:${server.port}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const byFetch = (name) => request(`Next-Action: ${ids[name]}\r\nContent-Type: text/plain;charset=UTF-8\r\n`, '[]');
  const byForm = () => {
    const part = (name, value) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    return request('Content-Type: multipart/form-data; boundary=x\r\n', `${part(`$ACTION_ID_${ids.wait}`, '')}${part('text', 'hello')}--x--\r\n`);
  };

  /** Sends all of a request, waits until the work has begun (and, if it is to answer, for the first of it), and leaves. */
  async function leave(bytes, how, { answers = false } = {}) {
    const { begun } = await counts();
    const socket = net.connect({ port: server.port, host: 'localhost' }, () => socket.write(bytes));
    let text = '';
    socket.on('error', () => {});
    if (how !== 'deaf') socket.on('data', (piece) => (text += piece));
    await until(counts, (seen) => seen.begun > begun);
    if (answers && how !== 'deaf') await until(() => text, (seen) => /item|piece/.test(seen));
    if (how === 'reset') socket.resetAndDestroy();
    else socket.destroy();
    return socket;
  }

  for (const [what, bytes] of [['a call', () => byFetch('wait')], ['a call of createAction', () => byFetch('made')], ['a form without JavaScript', byForm]]) {
    test(`P6 ${what} that is whole hears by its signal that its client has gone`, async () => {
      const before = await counts();
      for (let round = 0; round < rounds / 6; round++) await leave(bytes(), ['close', 'reset', 'deaf'][round % 3]);
      const seen = await until(counts, ({ begun, AbortError }) => begun - before.begun === AbortError - before.AbortError);
      assert.ok(seen.begun > before.begun);
      assert.equal(seen.left, 0);
    });
  }

  test('P6 a call on HTTP/2 hears that its stream was reset, and the others of its connection go on', async () => {
    const before = await counts();
    const connection = http2.connect(server.base);
    const ask = (headers, body) => {
      const stream = connection.request({ ':method': 'POST', ':path': '/work', 'content-type': 'text/plain', ...headers });
      stream.on('error', () => {});
      stream.end(body);
      return stream;
    };
    const calls = Array.from({ length: 6 }, () => ask({ 'next-action': ids.wait }, '[]'));
    await until(counts, ({ begun }) => begun - before.begun === 6);
    for (const stream of calls.slice(1)) stream.close(http2.constants.NGHTTP2_CANCEL);
    const seen = await until(counts, ({ AbortError }) => AbortError - before.AbortError === 5);
    assert.equal(seen.begun - before.begun, 6);
    assert.ok(!calls[0].destroyed);
    connection.destroy();
    await until(counts, ({ AbortError }) => AbortError - before.AbortError === 6);
  });

  for (const [what, name, ended] of [['a generator', 'speak', 'closed'], ['a stream', 'pour', 'cancelled']]) {
    test(`P6 ${what} that an action has answered with is ended when its reader has gone`, async () => {
      const before = await counts();
      for (let round = 0; round < rounds / 6; round++) await leave(byFetch(name), ['close', 'reset', 'deaf'][round % 3], { answers: true });
      await until(counts, (seen) => seen.begun - before.begun === seen[ended] - before[ended]);
    });
  }

  test('P6 an action that takes longer than its maxDuration is told so and answered with 504, by fetch and by form', async () => {
    const before = await counts();
    const call = await fetch(`${server.base}/short`, { method: 'POST', headers: { 'next-action': ids.wait, 'content-type': 'text/plain' }, body: '[]' });
    const data = new FormData();
    data.append(`$ACTION_ID_${ids.wait}`, '');
    const form = await fetch(`${server.base}/short`, { method: 'POST', body: data });
    assert.deepEqual([call.status, form.status], [504, 504]);
    const seen = await until(counts, ({ TimeoutError }) => TimeoutError - before.TimeoutError === 2);
    assert.equal(seen.AbortError, before.AbortError);
    await Promise.all([call.text(), form.text()]);
  });

  test('P6 all the while nobody else got a wrong, cut or missing answer', async () => {
    const { asked, wrong } = await load.stop();
    assert.deepEqual(wrong, []);
    assert.ok(asked > 50, `${asked} requests`);
  });
});
