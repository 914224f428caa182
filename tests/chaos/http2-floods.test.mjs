// Clients that abuse HTTP/2: streams that are reset as soon as they are opened, headers without end, settings and pings without
// number, streams that wait for ever. They get their connections closed or their answers refused, and everybody else is served
// as before, each answer checked to the byte.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { until } from '../e2e/lib/browser.mjs';
import { floods } from '../security/lib/malformed-http2.mjs';
import { baseLoad, loadFiles } from './lib/base-load.mjs';

const long = process.env.IRONSIDE_LONG === '1';

const files = {
  ...loadFiles,
  'app/ok/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => new Response('fine');\n",
  'app/echo/route.ts': `const counts = ((globalThis as any).counts ??= { waiting: 0 });
export async function POST(request: Request) {
  counts.waiting += 1;
  try { return new Response(await request.arrayBuffer()); } finally { counts.waiting -= 1; }
}
`,
  'app/counts/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => Response.json((globalThis as any).counts ?? { waiting: 0 });\n",
};

describe('floods of HTTP/2', () => {
  let app, server, load;
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

  /** Keeps a flood going on some connections at once; a connection that the server closes is opened again. */
  async function flood(bytes, { connections, rounds }) {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (let round = 0; round < rounds; round += 1) {
          await new Promise((resolve) => {
            const socket = net.connect({ port: server.port, host: '127.0.0.1' }, () => socket.write(bytes));
            socket.on('error', () => {});
            socket.on('close', resolve);
            socket.resume();
            setTimeout(() => socket.destroy(), 200);
          });
        }
      }),
    );
  }

  for (const [name, bytes] of floods()) {
    test(`P5 ${name}, from 8 clients again and again`, { timeout: 60_000 }, async () => {
      await flood(bytes, { connections: 8, rounds: long ? 100 : 3 });
      assert.equal(server.child.exitCode, null);
      const answer = await fetch(`${server.base}/ok`);
      assert.equal(await answer.text(), 'fine');
    });
  }

  test('P5 afterwards no slot is held: nothing waits in the worker', async () => {
    await until(async () => (await (await fetch(`${server.base}/counts`)).json()).waiting, (waiting) => waiting === 0);
    assert.doesNotMatch(server.log, /panicked/);
  });

  test('P5 all the while nobody else got a wrong, cut or missing answer', async () => {
    const { asked, wrong } = await load.stop();
    assert.deepEqual(wrong, []);
    assert.ok(asked > 50, `${asked} requests`);
  });
});
