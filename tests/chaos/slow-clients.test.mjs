// Slow clients cannot hold slots: thousands of connections that say nothing, or say it a byte at a time, cost little memory, and
// everybody else is served as before. IRONSIDE_LONG=1 opens ten thousand of each kind and prints what one costs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { until } from '../e2e/lib/browser.mjs';

const long = process.env.IRONSIDE_LONG === '1';
const crowd = long ? 10_000 : 1_000;
/** What one idle connection may cost, in KB (promise P5). */
const cost = 16;

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n';
const files = {
  'app/layout.tsx': layout,
  'app/page.tsx': 'export default () => <p>open</p>;\n',
  'app/hello/route.ts': "export const GET = (request: Request) => Response.json({ hello: new URL(request.url).search });\n",
  'app/upload/route.ts': 'export const POST = async (request: Request) => new Response(String((await request.arrayBuffer()).byteLength));\n',
  'app/large/route.ts': `export function GET() {
  const piece = new Uint8Array(1 << 20).fill(120);
  let left = 200;
  return new Response(new ReadableStream({ pull(controller) { if (left-- > 0) controller.enqueue(piece); else controller.close(); } }));
}
`,
  'ironside.toml': '[http]\nbody-timeout = "2s"\nbody-grace = "1s"\nwrite-timeout = "2s"\nmax-connections = 19000\n',
};

function open(port, first) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      if (first) socket.write(first);
      // Whoever asks for something has been answered before others come.
      if (first?.startsWith('GET /hello') && first.endsWith('\r\n\r\n')) socket.once('data', () => resolve(socket));
      else resolve(socket);
    });
  });
}

/** Opens them a hundred at a time. */
async function openAll(port, count, first) {
  const sockets = [];
  while (sockets.length < count) {
    const some = Math.min(100, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => open(port, first)))));
  }
  return sockets;
}

const resident = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

/** What this many bytes more are for each connection. Memory that was free in the process already counts for nothing, so this is a bound from below. */
const each = (before, now, count) => Math.round((now - before) / count);

describe('slow clients', () => {
  let app, server;
  const served = async () => {
    for (let at = 0; at < 20; at += 1) {
      const answer = await fetch(`${server.base}/hello?${at}`);
      assert.deepEqual(await answer.json(), { hello: `?${at}` });
    }
  };
  const warm = async () => {
    for (let at = 0; at < 5; at += 1) await served();
  };
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
    await warm();
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  const kinds = [
    ['say nothing', null, null],
    ['send a head a byte at a time', 'GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', 'x'],
    ['have asked once and wait', 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n', null],
  ];
  for (const [name, first, trickle] of kinds) {
    test(`P5 ${crowd} connections that ${name} cost less than ${cost} KB each and disturb nobody`, { timeout: long ? 120_000 : 25_000 }, async () => {
      const empty = resident(server.pid);
      const sockets = await openAll(server.port, crowd, first);
      try {
        const cheap = async () => {
          let bytes;
          // A connection that was used puts its buffers away when it has rested for a while.
          await until(async () => {
            await served();
            bytes = each(empty, resident(server.pid), crowd);
            return `${bytes} bytes each`;
          }, () => bytes < cost * 1024, { timeout: 12_000 });
          if (long) console.log(`${crowd} connections that ${name}: ${bytes} bytes each`);
        };
        for (let round = 0; trickle && round < 3; round += 1) {
          for (const socket of sockets) socket.write(trickle);
          await served();
        }
        await cheap();
      } finally {
        for (const socket of sockets) socket.destroy();
      }
      await served();
    });
  }

  test('P5 a body that trickles and an answer that nobody takes do not hold the worker', { timeout: 25_000 }, async () => {
    const uploads = await openAll(server.port, 50, 'POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nstart');
    const trickling = setInterval(() => uploads.forEach((socket) => socket.write('x')), 100);
    const deaf = await openAll(server.port, 20, 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n');
    for (const socket of deaf) socket.pause();
    try {
      await served();
      // Each of them is given up: its connection ends though the client would go on for ever.
      const ended = () => [...uploads, ...deaf].filter((socket) => socket.destroyed || socket.readableEnded || socket.closed).length;
      for (const socket of uploads) socket.resume();
      await until(async () => ended(), (count) => count >= uploads.length);
      await served();
    } finally {
      clearInterval(trickling);
      for (const socket of [...uploads, ...deaf]) socket.destroy();
    }
  });
});
