// A few clients cannot have all the places of the workers: whoever asks for hundreds of slow answers at once waits for itself, and
// everybody else is answered as before. Clients are addresses of the loopback network, of which none is trusted here.
import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { until } from '../e2e/lib/browser.mjs';

const files = {
  'app/layout.tsx': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default () => <p>open</p>;\n',
  'app/hang/route.ts': `const counts = ((globalThis as any).counts ??= { hanging: 0 });
export const dynamic = 'force-dynamic';
export async function GET(request: Request) {
  counts.hanging += 1;
  await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
  counts.hanging -= 1;
  return new Response('late');
}
`,
  'app/ok/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = async (request: Request) => { await new Promise((resolve) => setTimeout(resolve, 20)); return new Response('fine'); };\n",
  'app/counts/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => Response.json((globalThis as any).counts ?? { hanging: 0 });\n",
  'ironside.toml': '[listen]\ntrusted-proxies = ["none"]\nhostname = "127.0.0.1"\n',
};
/** Places of one worker. */
const places = 64;

describe('the share of one client', () => {
  let app, server;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  /** A connection of HTTP/2 from an address. */
  function session(address) {
    const opened = http2.connect(`http://127.0.0.1:${server.port}`, { createConnection: () => net.connect({ port: server.port, host: '127.0.0.1', localAddress: address }) });
    opened.on('error', () => {});
    return opened;
  }
  function ask(opened, path) {
    return new Promise((resolve) => {
      const stream = opened.request({ ':path': path });
      let status;
      stream.on('response', (headers) => { status = headers[':status']; });
      stream.on('error', () => {});
      stream.on('close', () => resolve(status));
      stream.resume();
    });
  }
  /** A request over HTTP/1.1 from an address, on a connection of its own. */
  function get(path, address) {
    return new Promise((resolve, reject) => {
      const request = http.get({ port: server.port, host: '127.0.0.1', path, localAddress: address, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (bytes) => (text += bytes));
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
      });
      request.on('error', reject);
    });
  }
  const hanging = async () => JSON.parse((await get('/counts', '127.0.0.9')).text).hanging;

  test('P5 one that asks for a thousand answers without end gets half of the places, and others are served', async () => {
    const greedy = Array.from({ length: 4 }, () => session('127.0.0.2'));
    try {
      for (const opened of greedy) for (let at = 0; at < 250; at += 1) void ask(opened, '/hang');
      const held = await until(hanging, (now) => now >= places / 2 - 1);
      assert.ok(held <= places / 2, `${held} of ${places} places`);
      for (let round = 0; round < 5; round += 1) {
        const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => get('/ok', `127.0.0.${10 + at}`)));
        assert.deepEqual(answers.filter(({ status, text }) => status !== 200 || text !== 'fine'), []);
      }
    } finally {
      for (const opened of greedy) opened.destroy();
    }
    await until(hanging, (now) => now === 0);
  });

  test('P5 neither have three of them all', async () => {
    const greedy = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map(session);
    try {
      for (const opened of greedy) for (let at = 0; at < 200; at += 1) void ask(opened, '/hang');
      await until(hanging, (now) => now > places / 2);
      for (let round = 0; round < 3; round += 1) {
        const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => get('/ok', `127.0.0.${10 + at}`)));
        assert.deepEqual(answers.filter(({ status }) => status !== 200), []);
      }
    } finally {
      for (const opened of greedy) opened.destroy();
    }
    await until(hanging, (now) => now === 0);
  });

  test('P5 a burst of one client waits for itself and is answered whole', async () => {
    const burst = session('127.0.0.5');
    const answers = await Promise.all(Array.from({ length: 240 }, () => ask(burst, '/ok')));
    burst.destroy();
    assert.deepEqual(answers.filter((status) => status !== 200), []);
  });

  test('P5 what waits in a client that leaves is gone', async () => {
    const greedy = session('127.0.0.6');
    for (let at = 0; at < 240; at += 1) void ask(greedy, '/hang');
    await until(hanging, (now) => now >= places / 2 - 1);
    greedy.destroy();
    await until(hanging, (now) => now === 0);
    const again = session('127.0.0.6');
    assert.equal(await ask(again, '/ok'), 200);
    again.destroy();
    assert.doesNotMatch(server.log, /panicked/);
  });
});
