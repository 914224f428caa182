// What a proxy guards stays guarded, however a path is written and whatever form of the page is asked for. The property: if a
// request with the pass gets the secret, the same request without it is refused.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attacked, send } from './lib/attacked.mjs';
import { parallel } from './lib/raw.mjs';

const hex = (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** Spellings of a path: each letter encoded once and twice, dots, slashes, backslashes, case, endings. */
function spellings(path) {
  const found = new Set([path]);
  for (let at = 1; at < path.length; at += 1) {
    const put = (text) => found.add(path.slice(0, at) + text + path.slice(at + 1));
    put(hex(path[at]));
    put(hex(path[at]).toUpperCase());
    put(`%25${hex(path[at]).slice(1)}`);
    put(path[at].toUpperCase());
  }
  for (const before of ['/', '//', '/./', '/x/../', '/x/%2e%2e/', '/%2e/', '/x/.%2e/', '\\', '/\\', '/x\\..\\', '/;/', '/.;/', '/x/..;/', '/%2f', '/%5c', '/%00/', '/ /', '/%20/', '/en/', '/index/', '/_next/..', '/_next/static/../..', '/_next/data/build', '/inside/../'])
    found.add(before + path.slice(1)).add(before + path);
  for (const behind of ['/', '//', '/.', '/./', '/x/..', '/%2e', '/%2f', '%2f', '%00', '%20', '.', '..', ';', ';x=y', '/;', '.rsc', '.txt', '.json', '.html', '.segments/_tree.segment.rsc', '.segments/$d$id.segment.rsc', '/__PAGE__', '/page', '/route', '/index', '/index.rsc', '/opengraph-image', '?', '??', '?_rsc', '?_rsc=1', '?x=/../..', '#', '#x', '%23', '%3f', '%3fx', '\\', '/..\\'])
    found.add(path + behind);
  found.add(path.split('').map((letter) => (letter === '/' ? '/' : hex(letter))).join(''));
  found.add(path.replaceAll('/', '//')).add(path.replaceAll('/', '\\')).add(path.replaceAll('/', '/./')).add(path.toUpperCase());
  return [...found].filter((spelling) => !/ /.test(spelling));
}

const internal = { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy', 'x-middleware-next': '1', 'x-matched-path': '/', 'x-invoke-path': '/secret', 'x-nextjs-data': '1', 'next-resume': '1', 'x-now-route-matches': '1=x', 'x-action-forwarded': '1', 'x-ironside-route': '1', 'x-prerender-revalidate': '1' };
const tree = encodeURIComponent(JSON.stringify(['', { children: ['secret', { children: ['__PAGE__', {}] }] }, null, null, true]));
const variants = [
  {},
  { rsc: '1' },
  { rsc: '1', 'next-router-prefetch': '1' },
  { rsc: '1', 'next-router-prefetch': '2' },
  { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_tree' },
  { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/secret/__PAGE__' },
  { rsc: '1', 'next-router-state-tree': tree },
  { rsc: '1', 'next-url': '/open/1' },
  { rsc: '1', 'ironside-from': '/open/1' },
  { rsc: '1', 'ironside-have': '/secret' },
  { 'next-action': 'a'.repeat(42) },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'sec-fetch-dest': 'image' },
  { 'x-http-method-override': 'OPTIONS' },
  { upgrade: 'h2c', connection: 'upgrade, http2-settings', 'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA' },
  { purpose: 'prefetch' },
  { range: 'bytes=0-10' },
  { 'if-none-match': '*' },
  ...Object.entries(internal).map(([name, value]) => ({ [name]: value })),
  internal,
];

describe('what the proxy guards', () => {
  let site;
  before(async () => { site = await attacked(); });
  after(() => site?.close());

  /** Follows redirects of its own, as a client would that looks for a way in. */
  async function get(path, headers, method = 'GET', left = 4) {
    const answer = await send(site.server.port, { path, headers, method });
    const location = answer.headers.get('location');
    if (answer.status >= 300 && answer.status < 400 && location?.startsWith('/') && left > 0) return get(location, headers, method, left - 1);
    return answer;
  }

  /** Tries requests with and without the pass; returns how many of them led to the secret with it. */
  async function tryAll(list) {
    let found = 0;
    await parallel(list, 24, async ([path, headers, method]) => {
      const without = await get(path, headers, method);
      assert.doesNotMatch(without.text, /the-secret-of/, `${method ?? 'GET'} ${path} ${JSON.stringify(headers)} shows the secret`);
      const holding = await get(path, { ...headers, cookie: 'pass=yes' }, method);
      if (!/the-secret-of/.test(holding.body)) return;
      found += 1;
      assert.equal(without.status, 401, `${path} ${JSON.stringify(headers)}`);
    });
    return found;
  }

  test('SEC-22 SEC-28 no spelling of a path is read in one way by the matcher and in another by the router', async () => {
    const paths = ['/secret', '/secret/7', '/api/secret'].flatMap(spellings);
    assert.ok(paths.length > 300, `${paths.length} spellings`);
    const found = await tryAll(paths.map((path) => [path, {}]));
    assert.ok(found > 50, `only ${found} spellings led anywhere: the test proves nothing`);
  });

  test('SEC-23 every form of a guarded page is guarded: documents, payloads, prefetches, segments, actions', async () => {
    const endings = ['', '.rsc', '?_rsc=', '?_rsc=abc', '.segments/_tree.segment.rsc', '.segments/secret/__PAGE__.segment.rsc', '.prefetch.rsc', '/index.rsc'];
    const list = ['/secret', '/secret/7', '/api/secret', '/%73ecret', '//secret'].flatMap((path) => endings.flatMap((ending) => variants.map((headers) => [path + ending, headers])));
    assert.ok((await tryAll(list)) > 100);
  });

  test('SEC-20 SEC-23 every method is guarded, and so is a body that could run an action', async () => {
    const methods = ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'];
    const list = ['/secret', '/api/secret'].flatMap((path) => methods.flatMap((method) => variants.map((headers) => [path, headers, method])));
    assert.ok((await tryAll(list)) > 20);
    const seen = await parallel(methods.filter((method) => method !== 'HEAD'), 4, (method) => send(site.server.port, { path: '/secret', method }));
    for (const answer of seen) assert.equal(answer.status, 401);
  });

  test('SEC-24 parameters come from the path alone', async () => {
    const keys = ['id', 'nxtPid', 'nxtIid', 'nxtP1', 'nextParamid', '1', '__nextLocale', '__nextDefaultLocale', '__nextInferredLocaleFromDefault', '__nextDataReq', '__nextSsgPath', '_nextData', 'params', 'params[id]', 'slug', '__proto__', 'constructor', 'ironside-params'];
    const headers = [{}, { 'x-now-route-matches': '1=injected&id=injected' }, { 'x-matched-path': '/open/injected' }, { 'x-nextjs-route-params': 'id=injected' }, { 'x-invoke-query': encodeURIComponent('{"id":"injected"}') }, { 'x-ironside-params': 'id=injected' }];
    const list = keys.flatMap((key) => headers.map((more) => [`/open/real?${encodeURIComponent(key)}=injected&${encodeURIComponent(key)}=injected`, more]));
    await parallel(list, 16, async ([path, more]) => {
      const { body, status } = await send(site.server.port, { path, headers: more });
      assert.equal(status, 200, path);
      assert.match(body, /id=real;/, `${path} ${JSON.stringify(more)}`);
    });
  });

  test('SEC-22 a rewrite that leads to a guarded page is the application\'s own doing, and shows that these tests can fail', async () => {
    assert.match((await send(site.server.port, { path: '/inside/7' })).body, /the-secret-of/);
  });
});
