// proxy.ts and bodies, transports and matchers: it runs once for whatever a path is asked for, sees the body, and takes nothing from it.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from './lib/application.mjs';
import { until } from './lib/browser.mjs';

const echo = `import { createHash } from 'node:crypto';
export const dynamic = 'force-dynamic';
export async function POST(request: Request) { const bytes = Buffer.from(await request.arrayBuffer()); return Response.json({ size: bytes.length, hash: createHash('sha256').update(bytes).digest('hex'), read: request.headers.get('x-read') }); }
export const GET = (request: Request) => Response.json({ seen: request.headers.get('x-read') });
`;
const files = {
  'next.config.mjs': "export default { skipTrailingSlashRedirect: true, redirects: async () => [{ source: '/moved', destination: '/p', permanent: true }] };\n",
  'ironside.toml': '[handlers]\nproxy-body-limit = "30 MB"\n',
  'app/layout.tsx': 'export default function Layout({ children }: any) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default () => <p>ready</p>;\n',
  'app/p/page.tsx': "import { headers } from 'next/headers';\nexport default async function P() { return <p>{(await headers()).get('x-read')}</p>; }\n",
  'app/form/page.tsx': "import { headers } from 'next/headers';\nexport default async function P() { async function act() { 'use server'; console.log('ACTION'); } await headers(); return <form action={act}><button>go</button></form>; }\n",
  'app/api/echo/route.ts': echo,
  'app/free/route.ts': echo,
  'app/count/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => Response.json((globalThis as any).runs ?? []);\n",
  'proxy.ts': `import { NextResponse, type NextFetchEvent, type NextRequest } from 'next/server';
export async function proxy(request: NextRequest, event: NextFetchEvent) {
  const runs = ((globalThis as any).runs ??= []);
  runs.push(request.method + ' ' + request.nextUrl.pathname);
  event.waitUntil(new Promise((done) => setTimeout(done, 20)).then(() => runs.push('later')));
  const headers = new Headers(request.headers);
  headers.set('x-read', request.nextUrl.searchParams.has('read') ? String((await request.arrayBuffer()).byteLength) : 'no');
  return NextResponse.next({ request: { headers } });
}
export const config = { matcher: ['/p', '/form', '/moved', { source: '/api/:path*', missing: [{ type: 'header', key: 'x-skip' }] }, { source: '/free', has: [{ type: 'query', key: 'please', value: 'yes' }] }] };
`,
};

describe('proxy.ts', () => {
  let app, server;
  const get = (path, init) => fetch(server.base + path, init);
  const runs = async () => (await get('/count')).json();
  /** What ran while this was done. */
  async function during(work) {
    const before = await runs();
    await work();
    return (await runs()).slice(before.length).filter((run) => run !== 'later');
  }
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  test('leaves a body whole, read or not, however large', async () => {
    for (const size of [0, 1000, 3 << 20, 12 << 20]) {
      const body = randomBytes(size);
      const hash = createHash('sha256').update(body).digest('hex');
      for (const [query, read] of [['', 'no'], ['?read', String(size)]]) {
        assert.deepEqual(await (await get(`/api/echo${query}`, { method: 'POST', body })).json(), { size, hash, read });
      }
    }
  });

  test('that reads more than may be kept is told so, and so is the client', async () => {
    const body = new Uint8Array(31 << 20);
    assert.equal((await get('/api/echo?read', { method: 'POST', body })).status, 413);
    assert.equal((await (await get('/api/echo', { method: 'POST', body })).json()).size, body.length);
  });

  test('runs once for the document, the payload, a prefetch, an action and a handler', async () => {
    assert.deepEqual(await during(() => get('/p')), ['GET /p']);
    assert.deepEqual(await during(() => get('/p?_rsc', { headers: { rsc: '1' } })), ['GET /p']);
    assert.deepEqual(await during(() => get('/p?_rsc', { headers: { rsc: '1', 'next-router-prefetch': '1' } })), ['GET /p']);
    assert.deepEqual(await during(() => get('/p', { method: 'HEAD' })), ['HEAD /p']);
    assert.deepEqual(await during(() => get('/api/echo')), ['GET /api/echo']);
    const html = await (await get('/form')).text();
    const form = new FormData();
    for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g)) form.append(name, value ?? '');
    assert.deepEqual(await during(() => get('/form', { method: 'POST', body: form, headers: { origin: server.base } })), ['POST /form']);
    await until(() => server.log, (log) => log.includes('ACTION'));
  });

  test('does not run where its matcher does not apply', async () => {
    assert.deepEqual(await during(async () => {
      await get('/');
      await get('/free');
      await get('/free?please=no');
      await get('/api/echo', { headers: { 'x-skip': '1' } });
      await get('/nowhere');
    }), []);
    assert.deepEqual(await during(() => get('/free?please=yes')), ['GET /free']);
  });

  test('waits until what was promised is done, behind the answer', async () => {
    const before = (await runs()).filter((run) => run === 'later').length;
    await get('/p');
    await until(runs, (all) => all.filter((run) => run === 'later').length > before);
  });

  test('comes behind the redirects of next.config, which tell old clients, too', async () => {
    assert.deepEqual(await during(async () => {
      const moved = await get('/moved', { redirect: 'manual' });
      assert.deepEqual([moved.status, moved.headers.get('location'), moved.headers.get('refresh')], [308, '/p', '0;url=/p']);
    }), []);
  });

  test('with skipTrailingSlashRedirect both forms of a path are answered', async () => {
    for (const path of ['/p', '/p/']) assert.equal((await get(path, { redirect: 'manual' })).status, 200, path);
  });
});
