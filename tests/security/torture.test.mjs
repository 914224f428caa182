// Some hundred requests that are none. Each is answered with an error or its connection is closed; none is answered as if it
// were good, none hangs, none brings the server down, and good requests are answered afterwards.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { ambiguous, malformed as http1 } from './lib/malformed-http1.mjs';
import { answered, malformed as http2Cases } from './lib/malformed-http2.mjs';
import { parallel, statuses, talk } from './lib/raw.mjs';

const files = {
  'app/layout.tsx': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default () => <p>open</p>;\n',
  'lib/hits.ts': 'export const hits: { smuggled: number } = ((globalThis as any).hits ??= { smuggled: 0 });\n',
  'app/ok/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => new Response('fine');\n",
  'app/echo/route.ts': 'export const POST = async (request: Request) => new Response(await request.arrayBuffer());\n',
  'app/smuggled/route.ts': "import { hits } from '../../lib/hits';\nexport const dynamic = 'force-dynamic';\nexport const GET = () => { hits.smuggled += 1; return new Response('smuggled'); };\n",
  'app/hits/route.ts': "import { hits } from '../../lib/hits';\nexport const dynamic = 'force-dynamic';\nexport const GET = () => Response.json(hits);\n",
};

describe('what is no request', () => {
  let app, server;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  async function alive() {
    assert.equal(server.child.exitCode, null, 'the server has ended');
    assert.doesNotMatch(server.log, /panicked|RUST_BACKTRACE|stack overflow/);
    const answer = await fetch(`${server.base}/ok`);
    assert.deepEqual([answer.status, await answer.text()], [200, 'fine']);
    const echoed = await fetch(`${server.base}/echo`, { method: 'POST', body: 'hello' });
    assert.equal(await echoed.text(), 'hello');
    const session = http2.connect(server.base);
    const status = await new Promise((resolve, reject) => {
      session.on('error', reject);
      session.request({ ':path': '/ok' }).on('response', (headers) => resolve(headers[':status'])).on('error', reject).resume();
    });
    session.close();
    assert.equal(status, 200);
    assert.deepEqual(await (await fetch(`${server.base}/hits`)).json(), { smuggled: 0 });
  }

  test('SEC-17 SEC-50 HTTP/1: no malformed or ambiguous request is answered as a good one', async () => {
    const cases = http1();
    assert.ok(cases.length >= 200, `${cases.length} cases`);
    const wrong = [];
    await parallel(cases, 24, async ([name, bytes]) => {
      const { answer, hung } = await talk(server.port, bytes);
      const seen = statuses(answer);
      if (hung) wrong.push(`${name}: hung`);
      if (seen.some((status) => status < 300)) wrong.push(`${name}: ${seen}`);
    });
    assert.deepEqual(wrong, []);
    await alive();
  });

  test('SEC-17 HTTP/1: a head that can be read in two ways is refused, and nothing behind it is read', async () => {
    const cases = ambiguous();
    assert.ok(cases.length >= 100, `${cases.length} cases`);
    const wrong = [];
    await parallel(cases, 24, async ({ name, before: good, bytes }) => {
      const { answer, hung, closedByServer } = await talk(server.port, bytes, { quiet: 1_000 });
      const seen = statuses(answer);
      const refused = seen.slice(good);
      if (hung || !closedByServer) wrong.push(`${name}: its connection stays open`);
      if (seen.slice(0, good).some((status) => status !== 200) || refused.length !== 1 || refused[0] < 400 || refused[0] > 499) wrong.push(`${name}: ${seen}`);
    });
    assert.deepEqual(wrong, []);
    await alive();
  });

  test('SEC-17 HTTP/2: no broken connection is served, and no flood harms others', async () => {
    const cases = http2Cases();
    assert.ok(cases.length >= 100, `${cases.length} cases`);
    const wrong = [];
    await parallel(cases, 12, async ({ name, bytes, refused }) => {
      const { answer, hung } = await talk(server.port, bytes);
      if (hung) wrong.push(`${name}: hung`);
      if (refused && answered(answer) > 0) wrong.push(`${name}: answered with 200`);
    });
    assert.deepEqual(wrong, []);
    await alive();
  });
});
