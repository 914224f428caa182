// A client that leaves takes its work with it: the code that works for it hears of it, and nothing is left behind. All the while
// others are served, at an even pace, and each of their answers is checked to the byte. IRONSIDE_LONG=1: 100,000 clients leave.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { until } from '../e2e/lib/browser.mjs';
import { baseLoad, loadFiles } from './lib/base-load.mjs';

const long = process.env.IRONSIDE_LONG === '1';

const files = {
  ...loadFiles,
  'lib/counts.ts': `export const counts: Record<string, number> = ((globalThis as any).counts ??= { begun: 0, aborted: 0, cancelled: 0, late: 0, renders: 0, rendersAborted: 0, acted: 0, actionsAborted: 0 });
export const heard = (signal: AbortSignal, what: string) => { signal.addEventListener('abort', () => { counts[what]! += 1; }); };
`,
  'app/counts/route.ts': "import { counts } from '../../lib/counts';\nexport const dynamic = 'force-dynamic';\nexport const GET = () => Response.json(counts);\n",
  'app/pid/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => Response.json({ pid: process.pid });\n",
  'app/heap/route.ts': "import { setFlagsFromString } from 'node:v8';\nimport { runInNewContext } from 'node:vm';\nsetFlagsFromString('--expose-gc');\nconst collect = runInNewContext('gc') as () => void;\nexport const dynamic = 'force-dynamic';\nexport const GET = () => { collect(); return Response.json({ heap: process.memoryUsage().heapUsed, handles: (process as any).getActiveResourcesInfo().length }); };\n",
  'app/events/route.ts': `import { counts, heard } from '../../lib/counts';
export function GET(request: Request) {
  counts.begun! += 1;
  heard(request.signal, 'aborted');
  let timer: ReturnType<typeof setInterval>;
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('data: begun\\n\\n'));
      timer = setInterval(() => controller.enqueue(new TextEncoder().encode('data: tick\\n\\n')), 20);
    },
    cancel() { clearInterval(timer); counts.cancelled! += 1; },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
`,
  // Hears nothing of its client, and goes on: the next `enqueue` throws where nobody can catch it.
  'app/deaf-events/route.ts': `export function GET() {
  const body = new ReadableStream({
    start(controller) {
      let left = 20;
      const timer = setInterval(() => {
        if (--left === 0) clearInterval(timer);
        controller.enqueue(new TextEncoder().encode('data: tick\\n\\n'));
      }, 10);
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
`,
  'app/waiting/route.ts': `import { counts } from '../../lib/counts';
export async function POST(request: Request) {
  counts.acted! += 1;
  request.signal.addEventListener('abort', () => { counts.actionsAborted! += 1; });
  await new Promise((resolve) => { const timer = setTimeout(resolve, 30_000); request.signal.addEventListener('abort', () => { clearTimeout(timer); resolve(null); }); });
  return new Response('late');
}
`,
  'app/stream/page.tsx': `import { Suspense } from 'react';
import { counts } from '../../lib/counts';
async function Late() {
  counts.renders! += 1;
  await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
  return <p>{'late '.repeat(2_000)}</p>;
}
export const dynamic = 'force-dynamic';
export default function Page() { return <main>{Array.from({ length: 5 }, (_, at) => <Suspense key={at} fallback={<i>waiting</i>}><Late /></Suspense>)}</main>; }
`,
};

/** Opens a connection, asks, and leaves after so many milliseconds, in one of the ways in which clients leave. */
function leave(port, bytes, ms, how) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write(bytes));
    socket.on('error', () => {});
    socket.on('close', resolve);
    if (how !== 'deaf') socket.resume();
    setTimeout(() => (how === 'reset' ? socket.resetAndDestroy() : socket.destroy()), ms);
  });
}

async function crowd(count, width, run) {
  let at = 0;
  await Promise.all(Array.from({ length: width }, async () => { while (at < count) await run(at++); }));
}

describe('clients that leave', () => {
  let app, server, load;
  const counts = async () => (await fetch(`${server.base}/counts`)).json();
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
    load = baseLoad(server.base);
  });
  after(async () => {
    await load?.stop();
    await server?.stop();
    app?.remove();
  });

  test('P6 an event stream whose reader is gone is aborted and cancelled, each one once', async () => {
    const gone = 50;
    await crowd(gone, 10, async () => {
      const leaving = new AbortController();
      const answer = await fetch(`${server.base}/events`, { signal: leaving.signal });
      await answer.body.getReader().read();
      leaving.abort();
    });
    const { begun, aborted, cancelled } = await until(counts, (seen) => seen.aborted >= gone && seen.cancelled >= gone);
    assert.deepEqual({ begun, aborted, cancelled }, { begun: gone, aborted: gone, cancelled: gone });
  });

  test('P6 a source that goes on after its reader has gone throws into nobody, and ends no worker', async () => {
    const worker = async () => (await (await fetch(`${server.base}/pid`)).json()).pid;
    const before = await worker();
    await crowd(20, 10, async () => {
      const leaving = new AbortController();
      const answer = await fetch(`${server.base}/deaf-events`, { signal: leaving.signal });
      await answer.body.getReader().read();
      leaving.abort();
    });
    await until(() => server.log, (log) => log.split('Controller is already closed').length > 20);
    assert.equal(await worker(), before);
  });

  test('P6 work that waits hears that its caller has gone, however it goes and whatever of its body was sent', async () => {
    const before = await counts();
    const gone = 60;
    const whole = 'POST /waiting HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello';
    const half = 'POST /waiting HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nhello';
    await crowd(gone, 10, (at) => leave(server.port, at % 2 ? whole : half, 100 + (at % 7) * 20, ['close', 'reset', 'deaf'][at % 3]));
    const seen = await until(counts, ({ acted, actionsAborted }) => acted === actionsAborted && acted >= before.acted + gone);
    assert.equal(seen.acted, before.acted + gone);
  });

  test(`P6 nothing is left of ${long ? '100,000' : '2,000'} clients that left at some time or other`, { timeout: long ? 3_600_000 : 60_000 }, async () => {
    const asked = [
      'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /stream HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\n\r\n',
      'POST /waiting HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
      'GET /steady HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /str',
    ];
    // No more at once than the worker may have under way: what is over that is refused, which is another promise.
    const storm = (count) => crowd(count, 12, (at) => leave(server.port, asked[at % asked.length], (at * 7) % 60, ['close', 'reset', 'deaf'][at % 3]));
    const settled = async () => {
      await until(counts, (seen) => seen.begun === seen.cancelled && seen.acted === seen.actionsAborted);
      // Renders that nobody waits for any more end by their own timers.
      let last = Infinity;
      return until(async () => (await fetch(`${server.base}/heap`)).json(), ({ handles }) => { const calm = handles >= last; last = handles; return calm; });
    };
    const resident = () => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.pid)], { encoding: 'utf8' })) * 1024;
    // The first storm fills caches and pools; what the second leaves is a leak.
    const total = long ? 100_000 : 2_000;
    await storm(total / 2);
    const first = { ...(await settled()), resident: resident() };
    await storm(total / 2);
    const second = { ...(await settled()), resident: resident() };
    const growth = { heap: second.heap - first.heap, handles: second.handles - first.handles, resident: second.resident - first.resident };
    if (long) console.log(growth);
    assert.ok(growth.heap < 8 * 1024 * 1024, `the worker's heap grew by ${growth.heap} bytes`);
    assert.ok(growth.handles < 20, `${growth.handles} timers and sockets more`);
    assert.ok(growth.resident < 32 * 1024 * 1024, `the server grew by ${growth.resident} bytes`);
  });

  test('P6 all the while nobody else got a wrong, cut or missing answer', async () => {
    const { asked, wrong } = await load.stop();
    assert.deepEqual(wrong, [], server.log.split('\n').filter((line) => /"status":50\d/.test(line) && !line.includes('/waiting')).slice(-5).join('\n'));
    assert.ok(asked > 100, `${asked} requests`);
  });
});
