// `ironside cache`: what it says is what requests meet, and what it invalidates or makes is so for the next request; with a server
// and without one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, freePort, ironside, serve, binary } from './lib/application.mjs';

const files = {
  'ironside.toml': '[cache]\nheader = true\n',
  'next.config.mjs': `export default {
  redirects: async () => [{ source: '/old', destination: '/blog/a', permanent: true }],
  rewrites: async () => [{ source: '/news', destination: '/blog/a' }, { source: '/away', destination: 'https://example.com/x' }],
};\n`,
  'public/hello.txt': 'hello\n',
  'app/layout.jsx': 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html> }',
  'app/page.jsx': 'export default function Page() { return <p>home</p> }',
  'app/blog/[slug]/page.jsx': `import { unstable_cache } from 'next/cache'
export const revalidate = 300
export function generateStaticParams() { return [{ slug: 'a' }, { slug: 'b' }] }
const read = unstable_cache(async (slug) => slug + Math.random(), ['post'], { tags: ['posts'] })
export default async function Page({ params }) {
  const { slug } = await params
  if (slug === 'boom') throw new Error('out of ink')
  globalThis.renders = (globalThis.renders ?? 0) + 1
  return <p>post {await read(slug)} render {globalThis.renders} of {process.pid}</p>
}`,
  'app/quick/page.jsx': 'export const revalidate = 1\nexport default function Page() { return <p>quick {Date.now()}</p> }',
  'app/listed/[id]/page.jsx': 'export const dynamicParams = false\nexport const generateStaticParams = () => [{ id: "1" }]\nexport default function Page() { return <p>listed</p> }',
  'app/me/page.jsx': "import { cookies } from 'next/headers'\nexport default async function Page() { return <p>{(await cookies()).get('u')?.value}</p> }",
  'app/forced/page.jsx': "export const dynamic = 'force-dynamic'\nexport default function Page() { return <p>forced</p> }",
  'app/free/[id]/page.jsx': 'export default function Page() { return <p>free</p> }',
  'app/api/stamp/route.js': "export const dynamic = 'force-static'\nexport function GET() { return Response.json({ at: Date.now() }) }",
  'app/api/plain/route.js': 'export function GET() { return new Response("plain") }',
  'app/api/stale/route.js': "import { revalidateTag } from 'next/cache'\nexport function POST() { revalidateTag('posts', 'max'); return new Response('ok') }",
};

/** A question on the admin socket, or whatever else is sent there. */
function ask(options, path, { method = 'POST', body = '{}' } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ ...options, path, method }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(method === 'GET' ? undefined : body);
  });
}

const until = async (what, done) => {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((wait) => setTimeout(wait, 100))) {
    const found = await done();
    if (found) return found;
  }
  throw new Error(`this did not happen: ${what}`);
};

describe('ironside cache', () => {
  let app, server, port;
  before(async () => {
    app = folder(files);
    port = await freePort();
    server = await serve(app.dir, { args: ['--workers', '1', '--admin-listen', `127.0.0.1:${port}`] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  const cache = (...args) => ironside(['cache', ...args]);
  /** The JSON that a command prints. */
  const told = (command, ...args) => {
    const done = cache(command, ...args, app.dir, '--json');
    assert.equal(done.code, 0, done.all);
    return JSON.parse(done.stdout);
  };
  const explain = (url, ...args) => told('explain', url, ...args);
  const get = async (path, init) => {
    const response = await fetch(server.base + path, { redirect: 'manual', ...init });
    return { state: response.headers.get('x-nextjs-cache'), told: response.headers.get('x-ironside-cache'), text: await response.text() };
  };
  const fails = (args, code, ...expected) => {
    const done = cache(...args);
    assert.equal(done.code, code, `${args.join(' ')}\n${done.all}`);
    for (const text of expected) assert.match(done.stderr, text);
  };

  test('list: what the build has made, in memory once it was asked for, and on disk if it was made since', async () => {
    assert.equal((await get('/blog/a')).state, 'HIT');
    assert.equal((await get('/blog/on-demand')).state, 'MISS');
    const { entries, total, server: isServer } = await until('it is on disk', () => {
      const listing = told('list');
      return listing.entries.find((entry) => entry.name === '/blog/on-demand').places.includes('disk') && listing;
    });
    assert.equal(isServer, true);
    assert.equal(total, entries.length);
    const of = (name) => entries.find((entry) => entry.name === name);
    assert.deepEqual(of('/blog/a').places, ['memory', 'build']);
    assert.deepEqual(of('/blog/b').places, ['build']);
    assert.deepEqual(of('/blog/on-demand').places, ['memory', 'disk']);
    const { age, revalidateIn, expireIn, bytes, ...post } = of('/blog/a');
    assert.deepEqual(post, {
      kind: 'page', name: '/blog/a', route: '/blog/[slug]', params: [{ name: 'slug', values: ['a'] }], status: 200, places: ['memory', 'build'],
      outcome: 'hit', reason: 'fresh', revalidate: 300, expire: 31536000, tags: ['posts'],
      paths: ['layout /', 'layout /blog', 'layout /blog/[slug]', 'page /blog/[slug]', 'url /blog/a'],
    });
    assert.ok(bytes > 100 && age >= 0 && age + revalidateIn === 300 && age + expireIn === 31536000);
    assert.equal(of('/api/stamp').kind, 'handler');
    assert.ok(entries.some((entry) => entry.kind === 'function' && entry.tags.includes('posts') && /^[0-9a-f]{64}$/.test(entry.name)));
    assert.ok(!entries.some((entry) => ['/me', '/forced', '/api/plain'].includes(entry.name)));
  });

  test('list: by tag, path, route, kind and number; wrong ones are told', () => {
    const names = (...args) => told('list', ...args).entries.map((entry) => entry.name);
    assert.deepEqual(names('--path', '/blog', '--kind', 'page'), ['/blog/a', '/blog/b', '/blog/on-demand']);
    assert.deepEqual(names('--path', '/blog/[slug]'), ['/blog/a', '/blog/b', '/blog/on-demand']);
    assert.deepEqual(names('--path', '/blog/a'), ['/blog/a']);
    assert.deepEqual(names('--path', '/blo'), []);
    assert.equal(names('--tag', 'posts').length, 6, 'three pages and what they have read');
    assert.deepEqual(names('--tag', 'none'), []);
    const some = told('list', '--limit', '2');
    assert.ok(some.entries.length === 2 && some.total > 5);
    const table = cache('list', app.dir, '--kind', 'page', '--limit', '3');
    assert.match(table.stdout, /^Kind +What +State +Size +Age +Renewed +Gone +Where +Tags\npage +\/ +fresh +[\d.]+ k?B +.* never +never +/);
    assert.match(table.stderr, /3 of \d+ entries: --limit 0 lists all/);
    assert.equal(cache('list', app.dir, '--tag', 'none').stdout, 'nothing of that is stored\n');
    fails(['list', app.dir, '--kind', 'pages'], 2, /"pages"/, /hint: there are page, handler, metadata/);
    fails(['list', app.dir, '--path', 'blog'], 2, /"blog" is not a path/, /hint: a path begins with \//);
  });

  test('explain: a hit, with everything about it', () => {
    const told = explain('/blog/a?utm=1');
    assert.deepEqual([told.target, told.route, told.outcome, told.reason, told.entry.places[0]], ['page', '/blog/[slug]', 'hit', 'fresh', 'memory']);
    assert.deepEqual([told.key.kind, told.key.params], ['page', [{ name: 'slug', values: ['a'] }]]);
    assert.deepEqual([explain('/blog/a', '--rsc').form, explain('/blog/a', '--rsc').outcome], ['payload', 'hit']);
    assert.equal(explain('https://shop.example/blog/a').outcome, 'hit');
    const text = cache('explain', '/blog/a', app.dir).stdout;
    assert.match(text, /^GET \/blog\/a \(document\): the page \/blog\/\[slug\]\nhit: fresh\. It is stored/);
    assert.match(text, /\n {2}where +memory, build\n {2}age +\d+ \w+\n {2}renewed +after 5 min \(in \d+ \w+\)\n {2}gone +after 1 y .*\n {2}tags +posts\n {2}paths +layout \/,/);
  });

  test('explain starts no work, and a request then meets what it said', async () => {
    for (let times = 0; times < 2; times++) assert.equal(explain('/blog/cold').reason, 'absent');
    assert.equal(explain('/blog/cold').outcome, 'miss');
    const met = await get('/blog/cold');
    assert.equal(met.state, 'MISS');
    assert.match(met.told, /^miss; reason=absent; age=0; revalidate=300; expire=31536000; tags=.*posts/);
    assert.match((await get('/blog/cold')).told, /^hit; reason=fresh; age=\d+; /);
  });

  test('explain: stale by age', async () => {
    await get('/quick');
    const told = await until('it is old enough', () => [explain('/quick')].find(({ reason }) => reason === 'stale_age'));
    assert.deepEqual([told.outcome, told.entry.revalidateIn <= 0], ['stale', true]);
    const met = await get('/quick');
    assert.deepEqual([met.state, met.told.split('; age')[0]], ['STALE', 'stale; reason=stale_age']);
  });

  test('explain: stale and dead by tag', async () => {
    await fetch(`${server.base}/api/stale`, { method: 'POST' });
    assert.deepEqual([explain('/blog/a').outcome, explain('/blog/a').reason], ['stale', 'stale_tag:posts']);
    assert.match((await get('/blog/a')).told, /^stale; reason=stale_tag:posts; /);
    await until('it is renewed', () => explain('/blog/a').outcome === 'hit');
    assert.equal(told('purge', '--tag', 'posts').invalidated, 'tag posts');
    assert.deepEqual([explain('/blog/a').outcome, explain('/blog/a').reason], ['miss', 'dead_tag:posts']);
    assert.match((await get('/blog/a')).told, /^miss; reason=dead_tag:posts; /);
    assert.equal((await get('/blog/a')).state, 'HIT');
  });

  test('explain: why a visitor gets an answer of his own, in the words of the header and the metric', async () => {
    const cases = [
      ['/me', [], 'dynamic:cookies', /it calls cookies\(\)/],
      ['/forced', [], 'force_dynamic', /dynamic = 'force-dynamic'/],
      ['/free/1', [], 'params', /generateStaticParams/],
      ['/api/plain', [], 'handler', /not declared static/],
      ['/blog/a', ['--draft'], 'draft', /draft mode/],
      ['/blog/a', ['-X', 'POST'], 'method', /GET and HEAD/],
    ];
    for (const [url, args, reason, because] of cases) {
      const told = explain(url, ...args);
      assert.deepEqual([told.outcome, told.reason, told.entry], ['bypass', reason, null], url);
      assert.match(told.because, because);
      if (args.length === 0) assert.equal((await get(url)).told, `bypass; reason=${reason}`);
    }
    assert.equal(explain('/blog/a', '--header', 'Cookie: __prerender_bypass=forged').outcome, 'hit');
    const { text } = await ask({ socketPath: join(app.dir, '.ironside', 'admin.sock') }, '/metrics', { method: 'GET' });
    for (const word of ['result="bypass",reason="dynamic:cookies"', 'result="hit",reason="fresh"', 'result="stale",reason="stale_age"', 'result="miss",reason="dead_tag"']) {
      assert.match(text, new RegExp(`ironside_cache_requests_total\\{${word}\\} [1-9]`));
    }
  });

  test('explain: what is no page', () => {
    const cases = [
      ['/old', 'redirect', { location: '/blog/a', status: 308, phase: 'config_redirects' }],
      ['/blog/a/', 'redirect', { location: '/blog/a', phase: 'trailing_slash' }],
      ['/hello.txt', 'public-file', {}],
      ['/away', 'outside', {}],
      ['/nowhere', 'not-found', { outcome: 'hit', route: '/_not-found', status: 404 }],
      ['/_next/static/none.js', 'not-found', {}],
      ['/listed/2', 'not-found', { route: '/listed/[id]' }],
      ['/a%zz', 'refused', { status: 400, phase: 'canonical_url' }],
      ['/news', 'page', { rewritten: '/blog/a', outcome: 'hit', route: '/blog/[slug]' }],
      ['/listed/1', 'page', { outcome: 'hit' }],
      ['/api/stamp', 'handler', { outcome: 'hit' }],
    ];
    for (const [url, target, more] of cases) {
      const told = explain(url);
      assert.equal(told.target, target, `${url}: ${JSON.stringify(told)}`);
      for (const [name, value] of Object.entries(more)) assert.equal(told[name], value, `${url}: ${name}`);
      assert.ok(told.about.length > 5);
      if (!('outcome' in more)) assert.equal(told.outcome, null, url);
    }
    assert.match(explain('/away').about, /https:\/\/example\.com\/x/);
    assert.equal(explain('/api/stamp', '-X', 'DELETE').status, 405);
    fails(['explain', 'blog', app.dir], 2, /"blog" is not a URL/, /hint: give the path/);
    fails(['explain', '/', app.dir, '--header', 'x'], 2, /"x", which is not a header/, /Cookie: a=1/);
    fails(['explain', '/', app.dir, '--method', 'G T'], 2, /not a method/);
    fails(['explain'], 2, /URL/);
  });

  test('purge: by tag, path, page and layout; the next request is a miss and fresh', async () => {
    for (const [args, invalidated] of [
      [['--tag', 'posts'], 'tag posts'],
      [['--path', '/blog/a'], 'url /blog/a'],
      [['--path', '/blog/[slug]', '--type', 'page'], 'page /blog/[slug]'],
      [['--path', '/blog', '--type', 'layout'], 'layout /blog'],
      [['--all'], 'everything'],
    ]) {
      await get('/blog/a');
      const before = await get('/blog/a');
      assert.equal(before.state, 'HIT');
      const purged = told('purge', ...args);
      assert.deepEqual([purged.invalidated, purged.entries >= 1, purged.untold, purged.lasting], [invalidated, true, null, true], args.join(' '));
      const then = await get('/blog/a');
      assert.deepEqual([then.state, then.text === before.text], ['MISS', false], args.join(' '));
    }
    assert.equal(told('purge', '--tag', 'nothing-has-this').entries, 0);
    assert.match(cache('purge', app.dir, '--path', '/blog/a').stdout, /^invalidated url \/blog\/a: 1 entry\n$/);
    assert.equal((await get('/')).state, 'MISS', 'everything was purged: what the build has made, too');
    assert.equal((await get('/')).state, 'HIT');
  });

  test('purge: what makes no sense is refused', () => {
    fails(['purge', app.dir], 2, /--tag/, /--path/, /--all/);
    fails(['purge', app.dir, '--tag', 'a', '--all'], 2, /cannot be used with/);
    fails(['purge', app.dir, '--tag', 'a', '--type', 'page'], 2, /a type is said of a path/);
    fails(['purge', app.dir, '--tag', ''], 2, /empty/);
    fails(['purge', app.dir, '--tag', 'x'.repeat(257)], 2, /256 characters/);
    fails(['purge', app.dir, '--path', 'blog'], 2, /not a path/);
    fails(['purge', app.dir, '--path', '/blog/[slug]'], 2, /pattern of a route/, /--type page/);
    fails(['purge', app.dir, '--path', '/blog', '--type', 'pages'], 2, /"pages"/, /page or layout/);
  });

  test('stats: numbers of memory, disk, requests and events', async () => {
    await get('/');
    const stats = await until('it is on disk', () => [told('stats')].find(({ disk }) => disk.entries >= 1));
    assert.ok(stats.entries.page >= 1 && stats.memory.entries >= 1 && stats.memory.bytes > 0 && stats.memory.maxBytes === 128 * 1024 * 1024);
    assert.ok(stats.disk.entries >= 1 && stats.disk.bytes > 0 && stats.disk.errors === 0);
    const count = (outcome, reason) => stats.requests.find((one) => one.outcome === outcome && one.reason === reason)?.count ?? 0;
    assert.ok(count('hit', 'fresh') >= 3 && count('stale', 'stale_age') >= 1 && count('bypass', 'dynamic:cookies') >= 1);
    assert.ok(stats.events.invalidated >= 6 && stats.events.stored >= 3);
    assert.ok(stats.oldest.age >= 0 && stats.memory.evictions === 0 && stats.filling === 0);
    const text = cache('stats', app.dir).stdout;
    assert.match(text, /^Entries +\d+: /);
    assert.match(text, /\nMemory +\d+ entries, [\d.]+ \w+ of 134\.2 MB, 0 evicted\nDisk +\d+ entries, /);
    assert.match(text, /\n {2}hit +\d+ \(\d+ fresh\)\n/);
  });

  test('warm: everything that is known beforehand; then it is there', async () => {
    told('purge', '--all');
    const done = cache('warm', app.dir, '--json', '--concurrency', '3');
    assert.equal(done.code, 0, done.all);
    const report = JSON.parse(done.stdout);
    const paths = report.results.filter(({ how }) => how === 'filled').map(({ url }) => url).sort();
    assert.deepEqual(paths, ['/', '/_not-found', '/api/stamp', '/blog/a', '/blog/b', '/listed/1', '/quick']);
    assert.deepEqual(report.results.filter(({ how }) => how === 'dynamic').map(({ url, reason }) => [url, reason]), [['/me', 'dynamic:cookies']]);
    assert.deepEqual(report.dynamicRoutes.find(({ route }) => route === '/forced'), { route: '/forced', reason: 'force_dynamic' });
    assert.ok(report.onDemand.includes('/blog/[slug]') && report.failed === 0);
    for (const path of ['/', '/blog/b', '/api/stamp']) assert.equal((await get(path)).state, 'HIT', path);
    const again = cache('warm', app.dir, '--quiet').stdout;
    assert.match(again, /there already/);
    assert.match(again, /dynamic +\/me +cookies\(\)/);
  });

  test('warm: URLs that are given; what failed ends with code 1', async () => {
    const list = join(app.dir, 'urls.txt');
    writeFileSync(list, '# what people ask for\n/blog/one\n\n/blog/two?x=1\nhttps://shop.example/old\n/hello.txt\n/me\n');
    const report = JSON.parse(cache('warm', app.dir, '--from', list, '--url', '/blog/zero', '--json').stdout);
    const how = Object.fromEntries(report.results.map((one) => [one.url, one.how]));
    assert.deepEqual(how, {
      '/blog/zero': 'filled', '/blog/one': 'filled', '/blog/two?x=1': 'filled', 'https://shop.example/old': 'other', '/hello.txt': 'other', '/me': 'dynamic',
    });
    for (const path of ['/blog/zero', '/blog/one', '/blog/two']) assert.equal((await get(path)).state, 'HIT', path);
    const failing = cache('warm', app.dir, '--url', '/blog/boom', '--url', '/blog/one');
    assert.equal(failing.code, 1, failing.all);
    assert.match(failing.stdout, /failed +\/blog\/boom +out of ink\n0 made, 1 there already, 1 failed/);
    fails(['warm', app.dir, '--from', join(app.dir, 'none.txt')], 2, /none\.txt can't be read/);
    fails(['warm', app.dir, '--url', 'blog'], 2, /"blog" is not a URL/, /hint: /);
    fails(['warm', app.dir, '--concurrency', '0'], 2, /1\.\.=32/);
  });

  test('the socket answers its owner in JSON, also what it does not understand; the TCP address tells nothing of the cache', async () => {
    const socketPath = join(app.dir, '.ironside', 'admin.sock');
    const json = ({ status, headers, text }) => [status, headers['content-type'], Object.keys(JSON.parse(text)).sort()];
    assert.deepEqual(json(await ask({ socketPath }, '/cache/stats')).slice(0, 2), [200, 'application/json']);
    assert.deepEqual(json(await ask({ socketPath }, '/cache/everything')), [400, 'application/json', ['error', 'hint']]);
    assert.deepEqual(json(await ask({ socketPath }, '/cache/purge', { body: '{"tags":["a"]}' })), [400, 'application/json', ['error']]);
    assert.deepEqual(json(await ask({ socketPath }, '/cache/purge', { body: 'tag=a' })), [400, 'application/json', ['error']]);
    assert.deepEqual(json(await ask({ socketPath }, '/cache/stats', { method: 'GET' })), [405, 'application/json', ['error']]);
    assert.deepEqual(json(await ask({ socketPath }, '/cache/list', { body: 'x'.repeat(300_000) })), [413, 'application/json', ['error']]);
    const host = { host: '127.0.0.1', port };
    for (const path of ['/cache/list', '/cache/purge', '/cache/stats']) assert.equal((await ask(host, path)).status, 403, path);
    assert.equal((await fetch(`${server.base}/cache/stats`, { method: 'POST' })).status, 404);
  });

  test('without a server: what is on disk and in the build; what is purged stays so when one starts', async () => {
    await get('/blog/kept');
    await until('it is on disk', () => told('list', '--path', '/blog/kept').entries[0]?.places.includes('disk'));
    await server.stop();
    const listing = told('list', '--path', '/blog/kept');
    assert.deepEqual([listing.server, listing.entries[0].places], [false, ['disk']]);
    assert.match(cache('list', app.dir).stderr, /no server answers for this application/);
    assert.deepEqual([explain('/blog/kept').outcome, explain('/blog/kept').entry.places], ['hit', ['disk']]);
    assert.equal(explain('/forced').reason, 'force_dynamic');
    assert.ok(told('stats').disk.entries >= 1);
    assert.match(cache('stats', app.dir).stdout, /^Entries +\d+: .*\nDisk +\d+ entries/);
    fails(['warm', app.dir], 69, /no server answers on .*admin\.sock/, /hint: start it with `ironside start`/);

    server = await serve(app.dir, { build: false, args: ['--workers', '1'] });
    assert.equal((await get('/blog/kept')).state, 'HIT', 'looking at it has changed nothing');
    await get('/blog/other');
    await until('it is on disk', () => told('list', '--path', '/blog/other').entries[0]?.places.includes('disk'));
    await server.stop();
    const purged = cache('purge', app.dir, '--path', '/blog/kept');
    assert.match(purged.stdout, /invalidated url \/blog\/kept: 1 entry; it holds when a server starts/);
    server = await serve(app.dir, { build: false, args: ['--workers', '1'] });
    assert.deepEqual([(await get('/blog/kept')).state, (await get('/blog/other')).state], ['MISS', 'HIT']);
    await server.stop();
    assert.ok(told('purge', '--all').entries >= 2);
    assert.equal(told('stats').disk.entries, 0);
    server = await serve(app.dir, { build: false, args: ['--workers', '1'] });
    assert.deepEqual([(await get('/blog/other')).state, (await get('/listed/1')).state], ['MISS', 'MISS'], 'the build\'s own, too');
    await server.stop();
  });

  test('a server without a socket is told from none; a folder without a build as well', async () => {
    server = await serve(app.dir, { build: false, args: ['--workers', '1'], env: { IRONSIDE_ADMIN: '0' } });
    fails(['list', app.dir], 69, /does not answer on its admin socket/, /hint: .*IRONSIDE_ADMIN=0/);
    await server.stop();
    const empty = folder({ 'app/page.jsx': 'export default () => null' });
    try {
      fails(['list', empty.dir], 2, /there is no build/, /ironside build/);
      fails(['list', join(empty.dir, 'none')], 2, /there is no folder/);
    } finally {
      empty.remove();
    }
  });

  test('a server that is not asked to tell has no header; in development it says what `ironside start` would do', async () => {
    writeFileSync(join(app.dir, 'ironside.toml'), '[cache]\nrenewals = 2\n');
    server = await serve(app.dir, { build: false, args: ['--workers', '1'] });
    assert.equal((await get('/')).told, null);
    await server.stop();
    const dev = await freePort();
    const child = spawn(binary, ['dev', app.dir, '-p', String(dev)], { cwd: app.dir, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    try {
      const header = async (path) => (await fetch(`http://localhost:${dev}${path}`).catch(() => null))?.headers.get('x-ironside-cache');
      await until('it is built', () => header('/'));
      assert.equal(await header('/forced'), 'bypass; reason=development; start=force_dynamic');
      assert.equal(await header('/free/1'), 'bypass; reason=development; start=params');
      assert.equal(await header('/hello.txt'), null);
      await until('it was seen that it is static', async () => (await header('/blog/a')) === 'bypass; reason=development; start=shared; unless=dynamic:searchParams; revalidate=300; expire=31536000; tags=posts');
      await until('it was seen to read the request', async () => (await header('/me')) === 'bypass; reason=development; start=dynamic:cookies');
    } finally {
      process.kill(-child.pid, 'SIGTERM');
      await new Promise((resolve) => child.on('exit', resolve));
    }
  });
});
