// `'use cache'` from source to answer: functions, components and files, who shares what, how long, and what ends it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, ironside, serve } from './lib/application.mjs';
import { launch } from './lib/browser.mjs';

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html> }';
const config = `export default { cacheComponents: true, cacheLife: { blink: { stale: 60, revalidate: 1, expire: 3600 } } }`;

// Every value that is made has the process and a number of its own in it, so that equal texts are one value.
const stamp = `let made = 0
export const stamp = () => process.pid + '.' + ++made + '.' + Date.now()`;

const files = {
  'next.config.mjs': config,
  'lib/stamp.js': stamp,
  'app/layout.jsx': layout,
  'app/page.jsx': 'export default function Page() { return <p>home</p> }',

  'lib/data.js': `'use cache'
import { cacheLife, cacheTag } from 'next/cache'
import { stamp } from './stamp.js'
export async function item(id) { cacheLife('hours'); cacheTag('items', 'item-' + id); return { id, stamp: stamp(), at: new Date(0), seen: new Set([id]) } }
export const list = async () => { cacheTag('items'); return [await item(1), await item(2)] }`,
  'lib/functions.js': `import { cacheLife, cacheTag } from 'next/cache'
import { stamp } from './stamp.js'
export async function blink(name) { 'use cache'; cacheLife('blink'); return name + ' ' + stamp() }
export async function slow(name) { 'use cache'; await new Promise((r) => setTimeout(r, 300)); return stamp() }
export async function flaky() { 'use cache'; throw new Error('out of paint ' + stamp()) }
export async function seconds() { 'use cache'; cacheLife('seconds'); return stamp() }`,

  // Static, since all of it is cached; the shortest lifetime of its parts is its own.
  'app/static/page.jsx': `import { item, list } from '../../lib/data.js'
export const metadata = { title: 'Static' }
export default async function Page() { const one = await item(1); return <p>stamp={one.stamp} set={String(one.seen.has(1))} date={one.at.getTime()} list={(await list()).map((x) => x.stamp).join()}</p> }`,
  'app/whole/page.jsx': `'use cache'
import { stamp } from '../../lib/stamp.js'
export async function generateMetadata() { return { title: 'Whole ' + stamp() } }
export default async function Page() { await new Promise((r) => setTimeout(r, 20)); return <p>stamp={stamp()}</p> }`,
  'app/post/[slug]/page.jsx': `import { notFound } from 'next/navigation'
import { cacheLife } from 'next/cache'
import { item } from '../../../lib/data.js'
async function slugs() { 'use cache'; return ['a'] }
async function exists(slug) { 'use cache'; cacheLife('max'); return slug !== 'gone' }
export async function generateStaticParams() { return (await slugs()).map((slug) => ({ slug })) }
export default async function Page({ params }) { const { slug } = await params; if (!(await exists(slug))) notFound(); const it = await item(slug); return <p>id={it.id} stamp={it.stamp}</p> }`,
  'app/tenant/[name]/[id]/page.jsx': `import { stamp } from '../../../../lib/stamp.js'
export default async function Page({ params }) {
  'use cache'
  const { name, id } = await params
  return <p>tenant={name} id={id} stamp={stamp()}</p>
}`,

  // Not static, each for a reason of its own.
  'app/io/page.jsx': `import { item } from '../../lib/data.js'
import { stamp } from '../../lib/stamp.js'
export default async function Page() { await new Promise((r) => setTimeout(r, 5)); return <p>live={stamp()} stamp={(await item(1)).stamp}</p> }`,
  'app/time/page.jsx': `export default function Page() { return <p>now={Date.now()}</p> }`,
  'app/down/page.jsx': `import { Suspense } from 'react'
async function Rows() { const r = await fetch('http://127.0.0.1:59871/rows'); return <p>{await r.text()}</p> }
export default function Page() { return <Suspense fallback="..."><Rows /></Suspense> }`,
  'app/short/page.jsx': `import { seconds } from '../../lib/functions.js'
export default async function Page() { return <p>stamp={await seconds()}</p> }`,
  'app/me/page.jsx': `import { Suspense } from 'react'
import { cookies } from 'next/headers'
import { item } from '../../lib/data.js'
async function Name() { return <b>user={(await cookies()).get('u')?.value ?? 'nobody'}</b> }
export default async function Page({ searchParams }) { return <main><Suspense fallback="..."><Name /></Suspense><p>q={(await searchParams).q ?? '-'} stamp={(await item('me')).stamp}</p></main> }`,

  'app/shell/layout.jsx': `'use cache'
import { stamp } from '../../lib/stamp.js'
export default async function Shell({ children, params }) { return <div>shell={stamp()} params={Object.keys(await params).length} {children}</div> }`,
  'app/shell/page.jsx': `import { Suspense } from 'react'
import { connection } from 'next/server'
import { stamp } from '../../lib/stamp.js'
async function Late({ promise }) { return <i>late={await promise}</i> }
async function Inner({ n }) { await new Promise((r) => setTimeout(r, 10)); return <b>inner={stamp()} n={n}</b> }
async function Outer() { 'use cache'; const promise = new Promise((r) => setTimeout(r, 20, stamp())); return <Suspense fallback="..."><Inner n={1} /><Late promise={promise} /></Suspense> }
export default async function Page() { await connection(); return <main>page={stamp()} <Outer /></main> }`,
  'app/missing/page.jsx': `import { notFound } from 'next/navigation'
async function find() { 'use cache'; notFound() }
export default async function Page() { await find(); return <p>found</p> }`,
  'app/moved/page.jsx': `import { redirect } from 'next/navigation'
async function Go() { 'use cache'; redirect('/static') }
export default function Page() { return <Go /> }`,

  'app/box/box.jsx': `import { stamp } from '../../lib/stamp.js'
export async function Box({ title, children }) { 'use cache'; return <section>title={title} box={stamp()} <div>{children}</div></section> }`,
  'app/box/page.jsx': `import { connection } from 'next/server'
import { stamp } from '../../lib/stamp.js'
import { Box } from './box.jsx'
import { Count } from './count.jsx'
export default async function Page() {
  await connection()
  return <Box title="T"><span>inside={stamp()}</span><Count from={3} /></Box>
}`,
  'app/box/count.jsx': `'use client'
export function Count({ from }) { return <i>count={from}</i> }`,
  'app/closed/page.jsx': `import { stamp } from '../../lib/stamp.js'
export default async function Page({ params, searchParams }) {
  const { tenant, n } = await searchParams
  const user = { tenant, secret: 's-' + tenant }
  async function load(n) { 'use cache'; return user.tenant + ':' + user.secret + ':' + n + ' ' + stamp() }
  const again = async () => { 'use cache'; return load(n) }
  return <p>load={await load(n)} again={await again()}</p>
}`,

  'app/act/actions.js': `'use server'
import { revalidatePath, revalidateTag, updateTag } from 'next/cache'
export async function update(form) { updateTag(form.get('tag')) }
export async function renewPath(form) { revalidatePath(form.get('tag')) }
export async function refreshLater(form) { revalidateTag(form.get('tag'), 'max') }`,
  'app/act/page.jsx': `import { update, refreshLater, renewPath } from './actions.js'
import { Panel } from './panel.jsx'
import { connection } from 'next/server'
import { item } from '../../lib/data.js'
export default async function Page() {
  await connection()
  const { stamp } = await item('act')
  async function viaClosure() { 'use server'; console.log('CLOSURE ' + (await read(stamp)).length) }
  async function read(text) { 'use cache'; return text + stamp }
  return <main><p>stamp={stamp}</p><form action={update}><input name="tag" /><button>update</button></form><form action={refreshLater}><input name="tag" /></form><form action={renewPath}><input name="tag" /></form><Panel action={viaClosure} /></main>
}`,

  'app/act/panel.jsx': `import { stamp } from '../../lib/stamp.js'
export async function Panel({ action }) { 'use cache'; const at = stamp(); async function inside() { 'use server'; console.log('INSIDE ' + at) }
  return <div>panel={at} <form id="c" action={action}><button>c</button></form><form id="d" action={inside}><button>d</button></form></div> }`,

  'app/api/item/[id]/route.js': `import { item } from '../../../../lib/data.js'
export async function GET(request, { params }) { const { id } = await params; return Response.json({ pid: process.pid, ...(await item(id)) }) }`,
  'app/api/still/route.js': `import { item } from '../../../lib/data.js'
export async function GET() { return Response.json(await item('still')) }`,
  'app/api/slow/route.js': `import { slow } from '../../../lib/functions.js'
export async function GET(request) { return Response.json({ pid: process.pid, q: request.nextUrl.search, stamp: await slow(request.nextUrl.searchParams.get('n')) }) }`,
  'app/api/blink/route.js': `import { blink } from '../../../lib/functions.js'
export async function GET(request) { return new Response(await blink(request.nextUrl.searchParams.get('n'))) }`,
  'app/api/flaky/route.js': `import { flaky } from '../../../lib/functions.js'
export async function GET(request) { request.url; try { return new Response(await flaky()) } catch (error) { return new Response(error.message, { status: 503 }) } }`,
  'app/api/cookies/route.js': `import { cookies } from 'next/headers'
async function who() { 'use cache'; return (await cookies()).get('u')?.value }
export async function GET(request) { request.url; try { return new Response(await who()) } catch (error) { return new Response(error.message, { status: 500 }) } }`,
  'app/api/draft/route.js': `import { draftMode } from 'next/headers'
import { stamp } from '../../../lib/stamp.js'
async function content() { 'use cache'; return (await draftMode()).isEnabled + ' ' + stamp() }
export async function GET(request) {
  const mode = await draftMode()
  if (request.nextUrl.searchParams.has('on')) { mode.enable(); return new Response('on') }
  return new Response(await content())
}`,
};

const field = (text, name) => new RegExp(`${name}=(?:<!-- -->)?([^ <]*)`).exec(text)?.[1];

describe('an application with cacheComponents', () => {
  let app, server, built;
  const get = async (path, init) => {
    const response = await fetch(server.base + path, init);
    return { response, text: await response.text() };
  };
  before(async () => {
    app = folder(files);
    built = ironside(['build', app.dir]);
    assert.equal(built.code, 0, built.all);
    server = await serve(app.dir, { build: false, args: ['--workers', '2'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  test('pages that wait for nothing but caches are made by the build, with the shortest lifetime of their parts', async () => {
    const { response, text } = await get('/static');
    assert.equal(response.headers.get('x-nextjs-cache'), 'HIT');
    assert.equal(response.headers.get('x-nextjs-prerender'), '1');
    // item() lives for hours, list() for the 15 minutes of the default profile.
    assert.match(response.headers.get('cache-control'), /^s-maxage=900, stale-while-revalidate=85500$/);
    assert.equal(response.headers.get('x-nextjs-stale-time'), '300');
    assert.match(text, /<title>Static<\/title>/);
    assert.deepEqual([field(text, 'set'), field(text, 'date')], ['true', '0']);
    assert.equal(field(text, 'stamp'), field(text, 'list').split(',')[0]);
    assert.equal((await get('/static')).text, text);
    const whole = await get('/whole');
    assert.equal(whole.response.headers.get('x-nextjs-cache'), 'HIT');
    assert.match(whole.text, /<title>Whole \d+/);
    const post = await get('/post/a');
    assert.match(post.response.headers.get('cache-control'), /^s-maxage=3600, stale-while-revalidate=82800$/);
    assert.equal((await get('/')).response.headers.get('x-nextjs-cache'), 'HIT');
    const payload = await get('/static?_rsc=1', { headers: { rsc: '1' } });
    assert.ok(payload.text.includes(field(text, 'stamp')));
  });

  test('pages that wait for anything else are rendered for each visitor, with their cached parts from the cache', async () => {
    const line = (path) => built.stdout.split('\n').find((text) => text.includes(` ${path} `)) ?? '';
    assert.match(line('/io'), /dynamic: it waits for something that is not cached/);
    assert.match(line('/time'), /dynamic: the time, or a random number/);
    assert.match(line('/short'), /dynamic: a part of it lives too short/);
    for (const path of ['/io', '/time', '/short', '/me']) {
      assert.match((await get(path)).response.headers.get('cache-control'), /private/, path);
    }
    const [one, two] = [(await get('/io')).text, (await get('/io')).text];
    assert.notEqual(field(one, 'live'), field(two, 'live'));
    assert.equal(field(one, 'stamp'), field(two, 'stamp'));
  });

  test('what a page needs of the request is there, inside of Suspense and outside', async () => {
    const { text } = await get('/me?q=x', { headers: { cookie: 'u=ada' } });
    assert.deepEqual([field(text, 'user'), field(text, 'q')], ['ada', 'x']);
    assert.equal(field((await get('/me')).text, 'user'), 'nobody');
  });

  test('two workers share one value, and concurrent calls make one', async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, async (_, n) => JSON.parse((await get(`/api/slow?n=shared&x=${n}`)).text)));
    assert.equal(new Set(answers.map(({ stamp }) => stamp)).size, 1);
    const processes = new Set(answers.map(({ pid }) => pid));
    for (let tries = 0; processes.size < 2 && tries < 200; tries++) processes.add(JSON.parse((await get('/api/slow?n=shared')).text).pid);
    assert.equal(processes.size, 2);
    assert.notEqual(JSON.parse((await get('/api/slow?n=other')).text).stamp, answers[0].stamp);
  });

  test('SEC-39 different arguments, tenants and captured values never share', async () => {
    const tenant = async (path) => (await get(`/tenant/${path}`)).text;
    const [a, b, again] = [await tenant('a/1'), await tenant('b/1'), await tenant('a/1')];
    assert.deepEqual([field(a, 'tenant'), field(b, 'tenant')], ['a', 'b']);
    assert.notEqual(field(a, 'stamp'), field(b, 'stamp'));
    assert.equal(field(a, 'stamp'), field(again, 'stamp'));
    const closed = async (query) => {
      const { text } = await get(`/closed?${query}`);
      return /<p>load=(.*?) again=(.*?)<\/p>/.exec(text.replaceAll('<!-- -->', '')).slice(1);
    };
    const [x, y] = [await closed('tenant=x&n=1'), await closed('tenant=y&n=1')];
    assert.match(x[0], /^x:s-x:1 /);
    assert.match(y[0], /^y:s-y:1 /);
    assert.match(y[1], /^y:s-y:1 /);
    assert.deepEqual(await closed('tenant=x&n=1'), x);
  });

  test('children of a cached component are not a part of its value', async () => {
    const [one, two] = [(await get('/box')).text, (await get('/box')).text];
    assert.equal(field(one, 'box'), field(two, 'box'));
    assert.notEqual(field(one, 'inside'), field(two, 'inside'));
    assert.match(two, /count=(<!-- -->)?3/);
  });

  test('layouts, components in components, and promises are kept as they are', async () => {
    const [one, two] = [(await get('/shell')).text, (await get('/shell')).text];
    for (const name of ['shell', 'inner', 'late']) {
      assert.match(field(one, name), /^\d+\./, name);
      assert.equal(field(two, name), field(one, name), name);
    }
    assert.notEqual(field(two, 'page'), field(one, 'page'));
  });

  test('notFound() and redirect() inside do what they do outside', async () => {
    assert.equal((await get('/missing')).response.status, 404);
    const moved = await get('/moved', { redirect: 'manual' });
    assert.deepEqual([moved.response.status, moved.response.headers.get('location')], [307, '/static']);
    assert.equal((await get('/post/gone')).response.status, 404);
    assert.equal((await get('/post/b')).response.status, 200);
    assert.equal((await get('/post/b')).response.headers.get('x-nextjs-cache'), 'HIT');
  });

  test('a value lives as long as its profile says, and is served once more while it is made anew', async () => {
    const first = (await get('/api/blink?n=1')).text;
    assert.equal((await get('/api/blink?n=1')).text, first);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal((await get('/api/blink?n=1')).text, first);
    let next = first;
    for (let tries = 0; next === first && tries < 100; tries++) next = (await get('/api/blink?n=1')).text;
    assert.notEqual(next, first);
  });

  const post = async (path, form, text) => {
    const action = new RegExp(`<form[^>]*>(?:(?!</form>).)*name="(\\$ACTION_[^"]*)"(?:(?!</form>).)*name="tag"`).exec(text);
    assert.ok(action, text);
    const names = [...text.matchAll(/name="(\$ACTION_ID_[^"]*)"/g)].map((match) => match[1]);
    const body = new FormData();
    body.set(names[form.index], '');
    body.set('tag', form.tag);
    return get(path, { method: 'POST', body, redirect: 'manual', headers: { origin: server.base } });
  };

  test('updateTag ends a value before the action is answered; revalidateTag with a profile lets it be served once more', async () => {
    const page = await get('/act');
    const before = field(page.text, 'stamp');
    assert.equal(field((await get('/act')).text, 'stamp'), before);
    const answered = await post('/act', { index: 0, tag: 'item-act' }, page.text);
    assert.equal(answered.response.status, 200, answered.text);
    const after = field((await get('/act')).text, 'stamp');
    assert.notEqual(after, before);
    assert.equal(field(answered.text, 'stamp'), after);
    // The page in the answer still has the old value, and has asked for a new one.
    const later = await post('/act', { index: 1, tag: 'item-act' }, page.text);
    assert.equal(field(later.text, 'stamp'), after);
    let next = after;
    for (let tries = 0; next === after && tries < 100; tries++) next = field((await get('/act')).text, 'stamp');
    assert.notEqual(next, after);
  });

  test('revalidatePath renews a page with what it reads', async () => {
    const before = field((await get('/post/a')).text, 'stamp');
    await post('/act', { index: 2, tag: '/post/a' }, (await get('/act')).text);
    assert.notEqual(field((await get('/post/a')).text, 'stamp'), before);
  });

  test('actions go through cached components, and may stand in them; they may capture cached functions', async () => {
    const browser = await launch();
    try {
      const page = await browser.page();
      await page.goto(`${server.base}/act`);
      for (const id of ['c', 'd']) {
        const answered = page.waitForResponse((response) => response.request().method() === 'POST');
        await page.locator(`#${id} button`).click();
        assert.equal((await answered).status(), 200);
      }
      assert.match(server.log, /CLOSURE \d+/);
      assert.match(server.log, /INSIDE \d+\.\d+/);
      await page.goto(`${server.base}/box`);
      await page.getByText('count=3').waitFor();
      await page.waitForLoadState('networkidle');
      assert.deepEqual(page.complaints, []);
    } finally {
      await browser.close();
    }
  });

  test('no cached function can be called from outside', async () => {
    const chunks = join(app.dir, '.ironside/build/server/rsc');
    const code = readdirSync(chunks, { recursive: true }).filter((name) => name.endsWith('.mjs')).map((name) => readFileSync(join(chunks, name), 'utf8')).join('\n');
    const ids = new Set(code.match(/(?<=")[89a-f][0-9a-f]{41}(?=")/g));
    assert.ok(ids.size > 8, `only ${ids.size} ids`);
    const call = (id) => get('/act', { method: 'POST', headers: { 'next-action': id, origin: server.base, 'content-type': 'text/plain;charset=UTF-8' }, body: '[]' });
    const unknown = await call(`c0${'0'.repeat(40)}`);
    assert.ok([404, 409].includes(unknown.response.status));
    for (const id of ids) {
      const { response, text } = await call(id);
      assert.deepEqual([response.status, text], [unknown.response.status, unknown.text], id);
    }
  });

  test('a tag of a part ends the pages that it is on', async () => {
    const before = field((await get('/static')).text, 'stamp');
    await post('/act', { index: 0, tag: 'item-1' }, (await get('/act')).text);
    const after = await get('/static');
    assert.notEqual(field(after.text, 'stamp'), before);
    assert.equal(field((await get('/static')).text, 'stamp'), field(after.text, 'stamp'));
  });

  test('handlers that wait for nothing but caches are made by the build, too', async () => {
    const { response } = await get('/api/still');
    assert.equal(response.headers.get('x-nextjs-cache'), 'HIT');
    assert.match(response.headers.get('cache-control'), /^s-maxage=3600, stale-while-revalidate=82800$/);
    const first = JSON.parse((await get('/api/item/7')).text);
    assert.equal(JSON.parse((await get('/api/item/7')).text).stamp, first.stamp);
  });

  test('errors are not kept', async () => {
    const [one, two] = [await get('/api/flaky'), await get('/api/flaky')];
    assert.match(one.text, /out of paint/);
    assert.notEqual(one.text, two.text);
  });

  test('the request is not there inside, and the error says where and what to do', async () => {
    const { text } = await get('/api/cookies');
    assert.match(text, /cookies\(\)/);
    assert.match(text, /who \(app\/api\/cookies\/route\.js\)/);
    assert.match(text, /pass what you need as an argument/);
  });

  test('drafts neither come from the cache nor go there', async () => {
    const plain = (await get('/api/draft')).text;
    assert.match(plain, /^false /);
    const cookie = (await get('/api/draft?on')).response.headers.get('set-cookie').split(';')[0];
    const draft = (await get('/api/draft', { headers: { cookie } })).text;
    assert.match(draft, /^true /);
    assert.notEqual((await get('/api/draft', { headers: { cookie } })).text, draft);
    assert.equal((await get('/api/draft')).text, plain);
  });
});

const refused = (name, page, more, ...expected) =>
  test(name, () => {
    const { dir, remove } = folder({ 'next.config.mjs': config, 'app/layout.jsx': layout, 'app/page.jsx': page, ...more });
    try {
      const { code, stderr } = ironside(['build', dir]);
      assert.equal(code, 1, stderr);
      for (const text of expected) assert.match(stderr, text);
    } finally {
      remove();
    }
  });

describe('a build refuses', () => {
  const page = "export default async function Page() {\n  'use cache'\n  return <p/>\n}";
  refused('the directive without cacheComponents', page, { 'next.config.mjs': 'export default {}' }, /cache-disabled/, /app\/page\.jsx:2/, /cacheComponents: true/);
  refused('functions that are not async', "export default function Page() {\n  'use cache'\n  return <p/>\n}", {}, /cache-not-async/, /app\/page\.jsx:1/, /async/);
  refused('a misspelt directive', "export default async function Page() {\n  'use cache:remote'\n  return <p/>\n}", {}, /did you mean `'use cache: remote'`/, /app\/page\.jsx:2/);
  refused('a cache that nobody knows', "export default async function Page() {\n  'use cache: fast'\n  return <p/>\n}", {}, /cache-unknown/, /cacheHandlers/);
  refused('other exports of a cached file', "'use cache'\nexport const limit = 3\nexport default async function Page() { return <p/> }", {}, /cache-export-invalid/, /app\/page\.jsx:2/);
  refused('segment config beside cacheComponents', "export const revalidate = 60\nexport default async function Page() { return <p/> }", {}, /segment-config-with-cache-components/, /app\/page\.jsx:1/);
  refused('a cached file in client code', "import { C } from './c.jsx'\nexport default function Page() { return <C /> }", { 'app/c.jsx': "'use client'\nimport { read } from './data.js'\nexport function C() { return <button onClick={() => read()}>x</button> }", 'app/data.js': "'use cache'\nexport async function read() { return 1 }" }, /cache-in-client/, /app\/data\.js:1/);
  refused('a cached page that reads the query', "export default async function Page({ searchParams }) {\n  'use cache'\n  return <p>{(await searchParams).q}</p>\n}", {}, /`searchParams` was called inside a cached function, Page \(app\/page\.jsx\)/, /pass what you need/);
});
