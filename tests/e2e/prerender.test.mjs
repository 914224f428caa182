// What `ironside build` renders beforehand, what fails it, and that it is served as it was made.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { folder, ironside, serve } from './lib/application.mjs';
import { ask, keyed } from './lib/ask.mjs';

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html> }';
const files = {
  'app/layout.jsx': layout,
  'app/page.jsx': "export default function Page() { return <p>made {Date.now()} {'<in ' + process.env.NEXT_PHASE + '>'}</p> }",
  'app/blog/[slug]/page.jsx': `export const revalidate = 300
export function generateStaticParams() { return [{ slug: 'a' }, { slug: 'b c' }] }
export default async function Page({ params }) { return <p>post {(await params).slug} {Math.random()}</p> }`,
  'app/shelf/[kind]/layout.jsx': "export function generateStaticParams() { return [{ kind: 'x' }, { kind: 'y' }] }\nexport default ({ children }) => children",
  'app/shelf/[kind]/[...rest]/page.jsx': `export const dynamicParams = false
export function generateStaticParams({ params }) { return [{ rest: [params.kind + '1', 'z'] }] }
export default async function Page({ params }) { const { kind, rest } = await params; return <p>shelf {kind} {rest.join('+')}</p> }`,
  // No list: the option is inherited from a layout, as applications do that mean other routes by it.
  'app/unlisted/layout.jsx': "export const dynamicParams = false\nexport default ({ children }) => children",
  'app/unlisted/[id]/page.jsx': 'export default async function Page({ params }) { return <p>unlisted {(await params).id}</p> }',
  'app/me/page.jsx': `import { cookies } from 'next/headers'
export default async function Page() { const jar = await cookies(); if (!jar.has('u')) throw new Error('nobody'); return <p>me {jar.get('u').value}</p> }`,
  'app/api/stamp/route.js': "export const dynamic = 'force-static'\nexport function GET() { return Response.json({ at: Date.now() }) }",
  'app/slow/[id]/page.jsx': `export const revalidate = 600
export function generateStaticParams() { return [] }
export default async function Page({ params }) { globalThis.renders = (globalThis.renders ?? 0) + 1; await new Promise((r) => setTimeout(r, 500)); return <p>slow {(await params).id} no {globalThis.renders}</p> }`,
  'app/gone/[k]/page.jsx': `import { redirect } from 'next/navigation'
export const revalidate = 600
export const generateStaticParams = () => [{ k: 'a' }]
let made = 0
export default async function Page({ params }) { made++; await 0; console.log('gone ' + (await params).k + ' ' + made); redirect('/blog/a') }`,
  'app/sitemap.js': "export default () => [{ url: 'https://example.com/' }]",
};

let app;
let built;
let server;
before(async () => {
  app = folder(files);
  built = ironside(['build', app.dir]);
  assert.equal(built.code, 0, built.all);
  server = await serve(app.dir, { build: false });
});
after(async () => {
  await server?.stop();
  app?.remove();
});
const get = (path, init) => fetch(server.base + path, init);

test('the build says of each route how it answers, and why it is dynamic', () => {
  const line = (path) => built.stdout.split('\n').find((text) => text.includes(` ${path} `)) ?? '';
  assert.match(line('/'), /static/);
  assert.match(line('/blog/[slug]'), /ISR, renewed after 5 min/);
  assert.match(line('/me'), /dynamic: cookies\(\)/);
  assert.match(line('/api/stamp'), /static/);
  assert.match(built.stdout, /\/blog\/b%20c/);
});

test('what was made at build is the first answer', async () => {
  const began = Date.now();
  const home = await get('/');
  const text = await home.text();
  assert.equal(home.headers.get('x-nextjs-cache'), 'HIT');
  assert.equal(home.headers.get('x-nextjs-prerender'), '1');
  assert.match(text, /phase-production-build/);
  assert.ok(Number(/made <!-- -->(\d+)|made (\d+)/.exec(text)?.slice(1).find(Boolean)) < began);
  const stamp = await get('/api/stamp');
  assert.equal(stamp.headers.get('x-nextjs-cache'), 'HIT');
  assert.equal((await get('/sitemap.xml')).headers.get('x-nextjs-cache'), 'HIT');
});

test('HTML, payload and every encoding are of one render; the ETag answers 304', async () => {
  const path = '/blog/a';
  const mark = async (response) => /0\.\d+/.exec(await response.text())?.[0];
  const plain = await get(path, { headers: { 'accept-encoding': 'identity' } });
  const etag = plain.headers.get('etag');
  const first = await mark(plain);
  assert.ok(first);
  for (const encoding of ['gzip', 'br']) {
    const response = await get(path, { headers: { 'accept-encoding': encoding } });
    assert.equal(await mark(response), first, encoding);
  }
  const payload = await get(`${path}?_rsc`, { headers: { rsc: '1' } });
  assert.match(payload.headers.get('content-type'), /^text\/x-component/);
  assert.equal(await mark(payload), first);
  assert.equal((await get(path, { headers: { 'if-none-match': etag } })).status, 304);
});

test('a redirect is made once, for documents and for navigations in the browser, at build and on demand', async () => {
  for (const [k, first] of [['a', 'HIT'], ['b', 'MISS']]) {
    const payload = await get(`/gone/${k}?_rsc`, { headers: { rsc: '1' }, redirect: 'manual' });
    assert.deepEqual([payload.status, payload.headers.get('x-nextjs-cache'), payload.headers.get('location')], [200, first, null]);
    assert.match(await payload.text(), /NEXT_REDIRECT;replace;\/blog\/a;307/);
    const document = await get(`/gone/${k}`, { redirect: 'manual' });
    assert.deepEqual([document.status, document.headers.get('x-nextjs-cache'), document.headers.get('location')], [307, 'HIT', '/blog/a']);
  }
  assert.equal(server.log.match(/gone b/g).length, 1);
});

test('inner generateStaticParams get the outer parameters, and nothing else is answered under dynamicParams = false', async () => {
  for (const kind of ['x', 'y']) {
    const response = await get(`/shelf/${kind}/${kind}1/z`);
    assert.deepEqual([response.status, response.headers.get('x-nextjs-cache')], [200, 'HIT']);
  }
  for (const path of ['/shelf/x/y1/z', '/shelf/z/z1/z', '/shelf/x/x1']) assert.equal((await get(path)).status, 404, path);
});

test('without a list dynamicParams = false leaves a page dynamic', async () => {
  const response = await get('/unlisted/a');
  assert.equal(response.status, 200);
  assert.match(response.headers.get('cache-control'), /private/);
});

test('only a prefetch of the first kind is a part of a page: what else is asked for ahead brings its data', async () => {
  const brings = async (kind) => {
    const headers = { rsc: '1', cookie: 'u=ada', ...(kind ? { 'next-router-prefetch': kind } : {}) };
    const { status, text } = await ask(server.base, { path: keyed('/me', headers), headers });
    assert.equal(status, 200);
    return text.includes('ada');
  };
  assert.deepEqual(await Promise.all(['1', '2', '3', 'other', ''].map(brings)), [false, true, true, true, true]);
});

test('a page for one visitor is rendered for him', async () => {
  const response = await get('/me', { headers: { cookie: 'u=ada' } });
  assert.match(await response.text(), /ada/);
  assert.match(response.headers.get('cache-control'), /private/);
});

test('1,000 requests for one cold page are one render', async () => {
  const all = await Promise.all(Array.from({ length: 1000 }, async () => (await get('/slow/one')).text()));
  assert.equal(new Set(all).size, 1);
  assert.match(all[0], /slow/);
});

const failing = (name, page, ...expected) =>
  test(name, () => {
    const { dir, remove } = folder({ 'app/layout.jsx': layout, 'app/page.jsx': page });
    try {
      const { code, stderr } = ironside(['build', dir]);
      assert.equal(code, 1, stderr);
      for (const text of expected) assert.match(stderr, text);
      assert.equal(ironside(['build', dir, '--no-prerender']).code, 0);
    } finally {
      remove();
    }
  });

failing('a page that throws fails the build, with its place and digest', "export default function Page() {\n  throw new Error('out of paint')\n}", /out of paint/, /app\/page\.jsx:2/, /digest: \d+/, /hint/);
/** What a build that fails says. */
function failedBuild(files) {
  const { dir, remove } = folder({ 'app/layout.jsx': layout, ...files });
  try {
    const { code, stderr } = ironside(['build', dir]);
    assert.equal(code, 1, stderr);
    return stderr;
  } finally {
    remove();
  }
}

test('a prop that cannot be sent fails the build with the name of its component', () => {
  const stderr = failedBuild({
    'app/button.jsx': "'use client';\nexport function Button({ onPress }) { return <button onClick={onPress}>press</button> }",
    'app/page.jsx': "import { Button } from './button';\nexport default () => <Button onPress={() => 1} />",
  });
  assert.match(stderr, /prop `onPress` of <Button> of app\/button\.jsx is a function[^]*app\/page\.jsx:2[^]*'use server'/);
});
failing("dynamic = 'error' with an API of the request fails the build and names it", "import { cookies } from 'next/headers'\nexport const dynamic = 'error'\nexport default async function Page() { await cookies(); return <p/> }", /cookies\(\)/, /dynamic = 'error'/);

test('a Client Component that throws fails the build with the components around it, and without frames of our own', () => {
  const stderr = failedBuild({
    'app/page.jsx': "import { Around } from './parts'\nexport default function Page() { return <main><Around /></main> }",
    'app/parts.jsx': "'use client'\nexport function Frame({ children }) { return <div>{children}</div> }\nexport function Broken() { throw new Error('out of glue') }\nexport function Around() { return <Frame><Broken /></Frame> }",
  });
  const lines = stderr.split('\n').map((line) => line.trim()).filter((line) => /^(at|in) /.test(line));
  assert.match(lines[0], /^at Broken \(app\/parts\.jsx:3:/);
  const components = lines.filter((line) => line.startsWith('in '));
  assert.deepEqual(components.map((line) => line.split(' ')[1]).slice(0, 4), ['Broken', 'div', 'Frame', 'Around']);
  assert.match(components[2], /\(app\/parts\.jsx:2:/);
  assert.ok(!lines.some((line) => /react-dom|react-server-dom|node:internal/.test(line)), lines.join('\n'));
});
