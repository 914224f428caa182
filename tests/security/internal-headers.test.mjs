// Headers that only the server may set are worth nothing when a client sets them: a page behind the proxy stays behind it,
// and the application never sees them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { internal } from './lib/internal-names.mjs';

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n';
const files = {
  'app/layout.tsx': layout,
  'app/page.tsx': 'export default () => <p>open</p>;\n',
  'app/secret/page.tsx': 'export default () => <p>the secret</p>;\n',
  'app/seen/route.ts': 'export const GET = (request: Request) => Response.json([...request.headers.keys()]);\n',
  'proxy.ts': "import { NextResponse } from 'next/server';\nexport default () => new NextResponse('refused', { status: 401 });\nexport const config = { matcher: '/secret/:path*' };\n",
};

const values = ['1', 'proxy', 'middleware', 'src/middleware', Array(5).fill('middleware').join(':'), Array(5).fill('src/middleware').join(':'), '/secret', '/', '200', '{}'];

describe('internal headers', () => {
  let app, server;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  test('SEC-20 no internal header with any value gets past the proxy', async () => {
    for (const name of internal) {
      const answers = await Promise.all(values.map((value) => fetch(`${server.base}/secret`, { headers: { [name]: value } })));
      for (const [at, answer] of answers.entries()) {
        assert.equal(answer.status, 401, `${name}: ${values[at]}`);
        assert.equal(await answer.text(), 'refused');
      }
    }
  });

  test('SEC-20 none of them reaches the application, in whatever case', async () => {
    const headers = { 'x-mine': 'stays' };
    for (const [at, name] of internal.entries()) headers[at % 2 ? name.toUpperCase() : name] = 'middleware';
    const seen = await (await fetch(`${server.base}/seen`, { headers })).json();
    assert.ok(seen.includes('x-mine'));
    assert.deepEqual(seen.filter((name) => internal.includes(name)), []);
  });
});
