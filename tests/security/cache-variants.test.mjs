// The forms of an answer, and what caches in front of the server may keep of them: nothing of one visitor, nothing empty, never one
// form in place of another, whatever headers somebody makes up.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask, isOfVariant, keyed, variants } from '../e2e/lib/ask.mjs';
import { cached, isShareable, privatePages, shownIn } from './lib/cached-app.mjs';
import { internal } from './lib/internal-names.mjs';
import { parallel } from './lib/raw.mjs';

const names = Object.keys(variants);
const VARY = ['rsc', 'next-router-state-tree', 'next-router-prefetch', 'next-router-segment-prefetch'];

describe('variants of what is cached', () => {
  let it, agent;
  const get = (path, headers = {}, more = {}) => ask(it.server.base, { path, headers, agent, ...more });
  before(async () => {
    it = await cached();
    agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  });
  after(async () => {
    agent?.destroy();
    await it?.close();
  });

  const prefetches = ['1', '2', '3', '', 'true', '1, 1'].flatMap((prefetch) =>
    [undefined, '/_tree', '/__PAGE__', '/_index', '/isr/__PAGE__', '/nowhere', '/%2e%2e/static'].map((segment) => ({ rsc: '1', 'next-router-prefetch': prefetch, ...(segment === undefined ? {} : { 'next-router-segment-prefetch': segment }) })));
  const somePages = ['/', '/static', '/isr/p', '/rest/of/it', '/go/a', '/gone/a', '/nowhere-at-all.txt', '/tree/a', '/news/p', ...Object.keys(privatePages).map((name) => `/${name}`)];

  test('SEC-30 no empty answer to a prefetch may be kept by others', async () => {
    const asked = somePages.flatMap((path) => prefetches.flatMap((headers) => [['GET', path, headers], ['HEAD', path, headers]]));
    await parallel(asked, 16, async ([method, path, headers]) => {
      const answer = await get(keyed(path, headers), headers, { method });
      const said = `${method} ${path} ${JSON.stringify(headers)}: ${answer.status} ${answer.headers['cache-control']}`;
      assert.ok(answer.complete, said);
      for (const name of VARY) assert.ok((answer.headers.vary ?? '').includes(name), `${said}: vary: ${answer.headers.vary}`);
      if (method === 'GET' && answer.text === '') assert.ok(!isShareable(answer), said);
      // What HEAD tells is what GET has: a body, if others may keep it.
      if (method === 'HEAD' && isShareable(answer)) assert.ok(Number(answer.headers['content-length'] ?? 1) > 0, said);
    });
  });

  test('SEC-30 a request that has no right to its URL is sent elsewhere, and others may not keep that', async () => {
    for (const path of somePages) {
      for (const key of ['', '?_rsc=wrong', '?_rsc=', '?_rsc']) {
        const headers = { rsc: '1', 'next-router-prefetch': '1' };
        const answer = await get(path + key, headers);
        assert.equal(answer.status, 307, `${path}${key}: ${answer.status}`);
        assert.ok(answer.headers.location.endsWith(keyed(path, headers)), answer.headers.location);
        assert.ok(!isShareable(answer));
      }
    }
  });

  const crafted = [
    ...internal.flatMap((name) => [[name, '1'], [name, '/static']]),
    ['x-nextjs-data', '1'], ['x-now-route-matches', '1'], ['x-matched-path', '/static'], ['x-invoke-status', '200'], ['x-prerender-revalidate', 'a'], ['x-middleware-prefetch', '1'],
    ['purpose', 'prefetch'], ['sec-purpose', 'prefetch'], ['x-moz', 'prefetch'], ['x-vercel-id', '1'], ['x-cache-control', 's-maxage=1'], ['cache-control', 's-maxage=99, public'], ['cdn-cache-control', 'max-age=99'],
    ['surrogate-control', 'max-age=99'], ['x-forwarded-host', 'localhost'], ['x-http-method-override', 'HEAD'], ['next-resume', '1'], ['next-url', '/static'], ['next-router-state-tree', '%5B%22%22%5D'],
    ['accept', '*/*'], ['if-none-match', '*'], ['if-modified-since', 'Mon, 01 Jan 2035 00:00:00 GMT'], ['range', 'bytes=0-1'], ['cookie', '__prerender_bypass=x'], ['cookie', '__next_preview_data=x'], ['x-nextjs-cache', 'HIT'], ['x-nextjs-prerender', '1'],
  ];

  test('SEC-31 what belongs to one visitor is never said to be everybody\'s, with whatever header', async () => {
    const pages = [...Object.keys(privatePages).map((name) => `/${name}`), '/handler'];
    const asked = crafted.flatMap((header, index) => pages.map((path, at) => [header, path, names[(index + at) % 3]]));
    await parallel(asked, 16, async ([[name, value], path, variant]) => {
      const base = path === '/handler' ? { path, headers: {} } : variants[variant](path);
      const headers = { ...base.headers, [name]: value };
      const answer = await get(base.headers.rsc ? keyed(path, headers) : path, headers);
      const said = `${variant} ${path} with ${name}: ${value}: ${answer.status} ${answer.headers['cache-control']}`;
      assert.ok(answer.complete && answer.status < 500, said);
      assert.ok(!isShareable(answer), said);
      assert.doesNotMatch(answer.headers['cache-control'] ?? '', /s-maxage|public/, said);
      assert.equal(answer.headers['x-nextjs-cache'], undefined, said);
      if (answer.status === 200 && path !== '/handler') assert.match(answer.headers['cache-control'] ?? '', /private.*no-store/, said);
    });
  });

  test('SEC-31 a page that turns out to be one visitor\'s at run time is said to be so from its first answer on', async () => {
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(names.map((variant) => get(variants[variant](`/tree/${round}`).path, variants[variant](`/tree/${round}`).headers)));
      for (const answer of answers) assert.match(answer.headers['cache-control'], /private.*no-store/);
    }
  });

  test('SEC-32 racing requests for all forms of pages that are invalidated meanwhile each get their own form', async () => {
    const routes = { '/static': 'static', '/isr/race': 'isr', '/isr/other': 'isr', '/rest/race': 'rest', '/go/race': undefined, '/gone/race': undefined, '/photo/race': 'photo' };
    const paths = Object.keys(routes);
    await parallel(Array.from({ length: 3_000 }, (_, at) => at), 24, async (at) => {
      const [path, variant] = [paths[at % paths.length], names[(at * 7 + (at >> 3)) % 3]];
      if (at % 40 === 0) return void (await get('/invalidate', {}, { method: 'POST', body: path }));
      const wanted = variants[variant](path);
      const answer = await get(wanted.path, wanted.headers);
      const said = `${variant} of ${path}: ${answer.status} ${answer.headers['content-type']} ${answer.text.slice(0, 60)}`;
      const isRedirect = variant === 'html' && path === '/go/race';
      assert.ok(isRedirect ? answer.text === '' : isOfVariant(variant, answer), said);
      // A payload that tells that there is nothing has the one status or the other.
      const statuses = isRedirect ? [307] : path !== '/gone/race' ? [200] : variant === 'html' ? [404] : [200, 404];
      assert.ok(statuses.includes(answer.status), said);
      assert.equal(answer.headers.location, isRedirect ? '/isr/race' : undefined, said);
      assert.equal(shownIn(answer.text)?.route, routes[path], said);
    });
  });

  test('SEC-33 a URL without its key gives HTML or nothing, whatever RSC header comes with it, and says what it depends on', async () => {
    for (const value of ['1', '0', '', 'true', '1, 1', ' 1', '01', '1;q=1']) {
      for (const path of ['/static', '/isr/vary', '/private/cookies']) {
        const answer = await get(path, { rsc: value });
        assert.ok(answer.status === 307 ? answer.text === '' : isOfVariant('html', answer), `rsc: ${value}: ${answer.status} ${answer.text.slice(0, 60)}`);
        for (const name of VARY) assert.ok(answer.headers.vary.includes(name), `${path}: vary: ${answer.headers.vary}`);
      }
    }
    // The key alone makes no payload either.
    assert.ok(isOfVariant('html', await get('/static?_rsc')));
  });

  test('SEC-33 an ETag of one form never says that another is unchanged', async () => {
    const answers = await Promise.all(names.map((variant) => get(variants[variant]('/isr/etag').path, variants[variant]('/isr/etag').headers)));
    const [html, payload] = answers.map((answer) => answer.headers.etag);
    assert.notEqual(html, payload);
    for (const [variant, etag, status] of [['html', html, 304], ['html', payload, 200], ['payload', html, 200], ['payload', payload, 304], ['prefetch', html, 200]]) {
      const { path, headers } = variants[variant]('/isr/etag');
      const answer = await get(path, { ...headers, 'if-none-match': etag });
      assert.equal(answer.status, status, `${variant} with ${etag}`);
      for (const name of VARY) assert.ok(answer.headers.vary.includes(name));
    }
  });

  test('SEC-33 a page that is shown inside of another one and the page on its own are two, whoever comes first', async () => {
    const inside = { rsc: '1', 'next-url': '/feed' };
    await parallel(Array.from({ length: 400 }, (_, at) => at), 16, async (at) => {
      const path = `/photo/${at >> 3}`;
      const form = ['html', 'inside', 'payload', 'inside', 'forged', 'html', 'payload', 'inside'][(at * 3 + (at >> 3)) % 8];
      const answer = await { html: () => get(path), payload: () => get(keyed(path, {}), { rsc: '1' }), inside: () => get(keyed(path, inside), inside), forged: () => get(path, { 'next-url': '/feed', 'ironside-from': '/feed' }) }[form]();
      assert.equal(answer.status, 200);
      assert.equal(shownIn(answer.text).route, form === 'inside' ? 'modal' : 'photo', `${form} of ${path}`);
      assert.deepEqual(shownIn(answer.text).params, { id: String(at >> 3) });
      assert.match(answer.headers.vary, /next-url/);
    });
  });

  test('SEC-34 requests with the same short key, which is a weak hash, get each their own answer', async () => {
    // The short key is what earlier versions of the router send. Two that share it are found by trying.
    const short = (text) => {
      let hash = 5381;
      for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 33) + text.charCodeAt(at)) >>> 0;
      return hash.toString(36).split('').slice(0, 5).join('');
    };
    const tree = (at) => encodeURIComponent(JSON.stringify(['', { children: [`from${at}`, {}] }]));
    const inside = new Map(Array.from({ length: 20_000 }, (_, at) => [short(`0,0,${tree(at)},/feed`), at]));
    let other = 0;
    while (!inside.has(short(`0,0,${tree(other)},/static`))) other += 1;
    const key = short(`0,0,${tree(other)},/static`);
    const [first, second] = [['/feed', inside.get(key), 'modal'], ['/static', other, 'photo']];
    for (const id of ['collides-1', 'collides-2', 'collides-1']) {
      for (const [from, at, route] of id === 'collides-1' ? [first, second, first] : [second, first, second]) {
        const answer = await get(`/photo/${id}?_rsc=${key}`, { rsc: '1', 'next-router-state-tree': tree(at), 'next-url': from });
        assert.equal(answer.status, 200);
        assert.equal(shownIn(answer.text).route, route, `from ${from} with ${key}`);
        for (const name of [...VARY, 'next-url']) assert.ok(answer.headers.vary.includes(name));
      }
    }
  });

  test('SEC-36 a redirect is one where it is asked for as a document, and data where it is not, whoever came first', async () => {
    const extra = [{}, { 'x-nextjs-data': '1' }, { 'x-nextjs-redirect': '/evil' }, { 'x-middleware-prefetch': '1' }, { 'x-nextjs-rewrite': '/evil' }, { accept: 'application/json' }];
    let at = 0;
    for (const first of names) {
      for (const headers of extra) {
        const slug = `r${at++}`;
        for (const variant of [first, ...names]) {
          const wanted = variants[variant](`/go/${slug}`);
          const answer = await get(wanted.path, { ...wanted.headers, ...headers });
          const said = `${variant} after ${first} with ${JSON.stringify(headers)}: ${answer.status}`;
          assert.equal(answer.status, variant === 'html' ? 307 : 200, said);
          assert.equal(answer.headers.location, variant === 'html' ? `/isr/${slug}` : undefined, said);
          assert.equal(answer.headers['x-nextjs-redirect'], undefined, said);
          assert.ok(variant === 'html' ? answer.text === '' : isOfVariant(variant, answer), said);
        }
      }
    }
  });

  test('SEC-36 redirects of the configuration and of the proxy are the same with a header of data requests', async () => {
    for (const [path, location] of [['/moved/a', '/isr/a'], ['/proxied', '/isr/proxied']]) {
      for (const headers of [{}, { 'x-nextjs-data': '1' }, { 'x-middleware-prefetch': '1' }, { 'x-nextjs-data': '1', purpose: 'prefetch' }]) {
        const answer = await get(path, headers);
        assert.equal(answer.status, 307, JSON.stringify(headers));
        assert.equal(new URL(answer.headers.location, 'http://x').pathname, location);
        assert.equal(answer.headers['x-nextjs-redirect'], undefined);
        assert.ok(!isShareable(answer));
      }
    }
  });
});
