// What two requests have to have in common to share something: the route and its parameters, never the text of a URL, and of a
// fetch or a function everything that its answer may depend on.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask } from '../e2e/lib/ask.mjs';
import { cached, isShareable, shownIn } from './lib/cached-app.mjs';
import { send } from './lib/attacked.mjs';
import { dice, parallel } from './lib/raw.mjs';

describe('keys of what is cached', () => {
  let it, agent;
  const get = (path, headers = {}, more = {}) => ask(it.server.base, { path, headers, agent, ...more });
  const post = (path, headers, body) => get(path, headers, { method: 'POST', body });
  before(async () => {
    it = await cached();
    agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  });
  after(async () => {
    agent?.destroy();
    await it?.close();
  });

  test('SEC-35 only answers that mean the same for everybody are kept', async () => {
    for (const code of [201, 202, 204, 205, 206, 226, 400, 405, 409, 418, 425, 429, 500, 502, 503, 504]) {
      const answers = [await get(`/status/${code}`), await get(`/status/${code}`), await get(`/status/${code}`, {}, { method: 'HEAD' })];
      for (const answer of answers) {
        assert.equal(answer.status, code, answer.text);
        assert.notEqual(answer.headers['x-nextjs-cache'], 'HIT', String(code));
        assert.ok(!isShareable(answer), `${code}: ${answer.headers['cache-control']}`);
      }
      assert.ok(Number(answers[1].headers['x-made']) > Number(answers[0].headers['x-made']), `${code} is made anew`);
    }
    for (const code of [200, 301, 308, 404, 410]) {
      await get(`/status/${code}`);
      const again = await get(`/status/${code}`);
      assert.deepEqual([again.status, again.headers['x-nextjs-cache']], [code, 'HIT']);
    }
  });

  test('SEC-35 a first request that wants less leaves nothing less for the next', async () => {
    const first = [
      ['HEAD', {}], ['GET', { range: 'bytes=0-0' }], ['GET', { 'if-none-match': '*' }], ['GET', { 'if-modified-since': 'Mon, 01 Jan 2035 00:00:00 GMT' }], ['OPTIONS', {}], ['POST', {}], ['PUT', {}], ['DELETE', {}],
      ['GET', { 'accept-encoding': 'br;q=1, *;q=0' }], ['GET', { 'accept-encoding': 'nonsense' }], ['GET', { accept: 'image/png' }], ['GET', { expect: '100-continue' }], ['GET', { 'x-http-method-override': 'DELETE' }], ['GET', { 'sec-fetch-dest': 'image' }],
    ];
    for (const [at, [method, headers]] of first.entries()) {
      for (const path of [`/isr/less${at}`, `/headers/less${at}`]) {
        await get(path, headers, { method });
        const answer = await get(path);
        assert.equal(answer.status, 200, `${path} after ${method} ${JSON.stringify(headers)}`);
        assert.equal(answer.headers['content-encoding'], undefined);
        if (path.startsWith('/isr')) assert.deepEqual(shownIn(answer.text).params, { slug: `less${at}` });
        else assert.match(answer.text, /^made \d+ null /);
      }
    }
  });

  const relay = (url, { method = 'POST', headers = {}, body = '' } = {}) => post('/relay', { 'x-url': url, 'x-method': method, 'x-headers': JSON.stringify(headers) }, body);

  test('SEC-37 fetches that differ in any byte of URL, method, headers or body never share an answer', async () => {
    const bytes = (...list) => Buffer.from(list);
    const form = (boundary, text) => [{ 'content-type': `multipart/form-data; boundary=${boundary}` }, `--${boundary}\r\ncontent-disposition: form-data; name="a"\r\n\r\n${text}\r\n--${boundary}--\r\n`];
    const cases = [
      ...[bytes(0xff), bytes(0xfe), bytes(0xef, 0xbf, 0xbd), bytes(0xc3, 0x28), bytes(0xc3), bytes(0x80), bytes(0), bytes(0, 0), bytes(0xed, 0xa0, 0x80), bytes(0xff, 0xfe), '', ' ', 'null', 'undefined', '{}', '[object Object]', 'caf\u00e9', 'cafe\u0301'].map((body) => ['/b', { body }]),
      ...[0xf8, 0xf9].map((last) => ['/b', { body: Buffer.concat([Buffer.alloc(5_000, 0xff), bytes(last)]) }]),
      ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method) => ['/b', { method, body: method === 'GET' ? undefined : 'x' }]),
      ['/b', { body: 'x' }], ['/b?', { body: 'x' }], ['/b?a=1', { body: 'x' }], ['/b?a=1&a=1', { body: 'x' }], ['/B', { body: 'x' }], ['/b/', { body: 'x' }], ['/%62', { body: 'x' }],
      ...[{ authorization: 'one' }, { authorization: 'two' }, { cookie: 'a=1' }, { cookie: 'a=2' }, { 'x-more': 'a' }, { 'x-more': 'a, b' }, { 'accept-language': 'de' }, { 'content-type': 'a/b' }].map((headers) => ['/b', { headers, body: 'x' }]),
      // A header's text must not be able to pass for another one, or for the body.
      ['/b', { headers: { 'x-more': 'a","authorization","b' }, body: 'x' }], ['/b', { headers: { 'x-more': 'a' }, body: '\0x' }], ['/b', { body: '\0x' }],
      // Nor may the boundary of a form, which a client chooses, make two bodies one.
      ...[['a', 'xay'], ['a', 'xboundaryy'], ['----formdata-undici-012345678901', 'x----formdata-undici-012345678901y'], ['----formdata-undici-012345678901', 'xboundaryy'], ['boundary', 'x']].map(([boundary, text]) => { const [headers, body] = form(boundary, text); return ['/b', { headers, body }]; }),
    ];
    const own = (asked) => JSON.stringify([asked.url, asked.method, asked.headers.authorization, asked.headers.cookie, asked.headers['x-more'], asked.headers['accept-language'], asked.headers['content-type'], asked.body.toString('base64')]);
    const said = new Map();
    for (const [at, [url, request]] of cases.entries()) {
      const before = it.behind.asked.length;
      const answer = await relay(url, request);
      assert.equal(answer.status, 200, `${at}: ${answer.text}`);
      if (it.behind.asked.length === before) {
        const other = JSON.parse(answer.text).number - 1;
        assert.fail(`${JSON.stringify(cases[at])} got the answer to ${own(it.behind.asked[other])}`);
      }
      said.set(at, answer.text);
    }
    const asked = it.behind.asked.length;
    for (const [at, [url, request]] of cases.entries()) assert.equal((await relay(url, request)).text, said.get(at), `again ${at}`);
    assert.equal(it.behind.asked.length, asked, 'all of them are kept');
  });

  test('SEC-37 cookies that a fetch was answered with are not kept', async () => {
    it.behind.headers = { 'set-cookie': 'of=the-first' };
    const first = await relay('/cookie');
    it.behind.headers = {};
    assert.equal(first.headers['x-cookies'], '1');
    assert.equal((await relay('/cookie')).headers['x-cookies'], undefined);
  });

  const tricks = [
    '/isr/a', '/isr/%61', '/isr/A', '/ISR/a', '/Static', '/static', '/static.', '/static;x', '/static%20', '/static%09', '/static%3Fa', '/static%23', '/static%00', '/static%0a', '/static%5c', '/static%2f', '/static/..%2fisr%2fa', '/isr/..%2fstatic', '/isr/%2e%2e%2fstatic',
    '/isr/%252e%252e%252fstatic', '/isr/..%5cstatic', '/isr/a%2Fb', '/isr/a%252Fb', '/isr/a%2fb', '/isr/a/b', '/isr/a.rsc', '/isr/a.html', '/isr/a.json', '/isr/a.meta', '/isr/a.body', '/isr/a.prefetch.rsc', '/isr/a.segments', '/isr/a.segments/_tree.segment.rsc', '/static.rsc', '/static.html', '/static.meta', '/static.txt',
    '/index', '/index.html', '/_index', '/%5Findex', '/page', '/404', '/500', '/_not-found', '/_not-found/page', '/%5fnot-found', '/isr/[slug]', '/isr/%5Bslug%5D', '/[...rest]', '/%5B...rest%5D', '/isr/_N_T_/static', '/isr/_N_T_%2Fstatic', '/isr/isr', '/isr/static', '/rest', '/rest/isr/a', '/news', '/isr',
    '/isr/caf%C3%A9', '/isr/cafe%CC%81', '/isr/caf%c3%a9', '/isr/%E2%84%AA', '/isr/K', '/isr/%C4%B0', '/isr/i', '/isr/%EF%BD%81', '/isr/%C2%A0', '/isr/%F0%9F%92%A9', '/isr/__proto__', '/isr/constructor', '/isr/toString', '/isr/undefined', '/isr/null', '/isr/0', '/isr/00', '/isr/-0', '/isr/a,b', '/isr/a%2Cb', '/isr/a:b', '/isr/a%3Ab', '/isr/a=b', '/isr/a&b', '/isr/a+b', '/isr/a%2Bb', '/isr/a%20b', "/isr/a'b", '/isr/%22', '/isr/%3Cscript%3E',
    '/isr/CON', '/isr/nul.txt', '/isr/~', '/isr/.', '/isr/%2e', '/isr/...', '/isr/.env', '/isr/a%00b', '/isr/C:%5Cx', '/isr/%2Fetc%2Fpasswd', '/%2Fetc%2Fpasswd', '/etc/passwd', '/isr/' + 'a'.repeat(300), '/isr/' + 'a'.repeat(300) + 'b', '/a/b/c', '/a%2Fb/c', '/a/b%2Fc', '/a,b/c', '/a/b,c', '//static', '/.//static', '/./static', '/x/../static', '/isr/../static', '/isr//a',
    '/photo/a', '/feed', '/status/200', '/declared/a', '/declared/static', '/news/a',
  ];

  /** What a path means: dots and slashes of the path itself are resolved by the server, by redirect or at once. */
  function meant(path) {
    const parts = path.split('/').slice(1).map((part) => decodeURIComponent(part));
    if (path === '/' || path === '') return { route: 'home', params: {} };
    const [first, second] = parts;
    if (parts.length === 1 && ['static', 'feed'].includes(first)) return { route: first, params: {} };
    if (parts.length === 2 && { isr: 1, declared: 1, news: 1 }[first] === 1) return { route: first, params: { slug: second } };
    if (parts.length === 2 && first === 'photo') return { route: 'photo', params: { id: second } };
    if (parts.length === 2 && first === 'status') return undefined;
    return { route: 'rest', params: { rest: parts } };
  }
  const decoded = (params) => Object.fromEntries(Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? value.map(decodeURIComponent) : decodeURIComponent(value)]));
  const segments = (path) => path.split('/').map((part) => decodeURIComponent(part));
  const isPlain = (path) => !path.includes('//') && !segments(path).some((part) => part === '.' || part === '..');

  test('SEC-38 whatever a path looks like, it gets its own page or none, and poisons no other', async () => {
    const roll = dice(38);
    const shuffled = (list) => list.map((item) => [roll(1 << 20), item]).sort(([a], [b]) => a - b).map(([, item]) => item);
    const counts = new Map();
    const check = async (path) => {
      const { status, headers, body } = await send(it.server.port, { path });
      counts.set(status, (counts.get(status) ?? 0) + 1);
      const text = Buffer.from(body, 'latin1').toString();
      assert.ok(status < 500, `${path}: ${status}`);
      const shown = shownIn(text);
      if (shown && isPlain(path)) {
        const wanted = meant(path);
        assert.deepEqual({ route: shown.route, params: decoded(shown.params) }, wanted, path);
      } else if (shown) {
        // Resolved at once: it has to be the page of the resolved path.
        const resolved = new URL(path.replace(/\/{2,}/g, '/'), 'http://x').pathname;
        assert.deepEqual({ route: shown.route, params: decoded(shown.params) }, meant(resolved), path);
      } else {
        assert.ok([200, 301, 307, 308, 400, 404].includes(status), `${path}: ${status}`);
        assert.ok(status !== 200 || path === '/status/200', `${path}: ${text.slice(0, 100)}`);
        if (status > 300 && status < 309) assert.match(headers.get('location'), /^\/(?!\/)/, path);
      }
    };
    for (let round = 0; round < 3; round++) await parallel(shuffled(tricks), 12, check);
    assert.ok((counts.get(200) ?? 0) > tricks.length, JSON.stringify([...counts]));
  });

  test('SEC-38 no parameter of the query takes the place of one of the path', async () => {
    const queries = ['slug=evil', 'nxtPslug=evil', 'nxtIslug=evil', '_nextParam=evil', 'rest=evil&rest=evil', 'nxtPrest=evil', '__nextLocale=evil', '__nextDefaultLocale=evil', '__nextDataReq=1', '__nextFallback=1', '__nextNotFoundSrcPage=/evil', 'amp=1', '_rsc=evil', 'x[slug]=evil', 'slug%00=evil', 'params=%7B%22slug%22%3A%22evil%22%7D'];
    for (const [at, query] of queries.entries()) {
      for (const [path, wanted] of [[`/isr/q${at}`, { slug: `q${at}` }], [`/q${at}/rest`, { rest: [`q${at}`, 'rest'] }], [`/declared/q${at}`, { slug: `q${at}` }]]) {
        for (const url of [`${path}?${query}`, path, `${path}?${query}&b=2`]) {
          const answer = await get(url);
          assert.equal(answer.status, 200, url);
          assert.deepEqual(shownIn(answer.text).params, wanted, url);
          assert.doesNotMatch(answer.text, /evil/, url);
        }
      }
    }
  });

  const call = async (body) => {
    const answer = await post('/function', { 'content-type': 'application/json' }, JSON.stringify(body));
    assert.equal(answer.status, 200, `${JSON.stringify(body)}: ${answer.text}`);
    return answer.text;
  };

  test('SEC-39 a cached function that calls another one is kept for each argument', async () => {
    const tenants = ['a', 'b', 'a,b', '["a"]', 'a","b', '', '0', 'null', 'undefined', 'A', 'caf\u00e9', 'cafe\u0301', '\0', 'a\0b', 'inner of a'];
    for (let round = 0; round < 2; round++) {
      await Promise.all(tenants.map(async (tenant) => assert.equal(await call({ tenant }), `inner of ${tenant} 7`)));
    }
  });

  test('SEC-39 arguments that are told apart by a function are told apart by its key', async () => {
    const values = ['one', 'text', 'none', 'undefined', 'null', 'nan', 'infinite', 'list', 'two', 'map', 'mapOther', 'set', 'setOther', 'object', 'search', 'searchOther', 'deep', 'deepOther', 'hole', 'holeNull', 'missing'];
    const cold = [];
    for (const value of values) cold.push(await call({ value }));
    for (const [at, value] of values.entries()) assert.equal(await call({ value }), cold[at], value);
    const same = values.filter((_, at) => cold.indexOf(cold[at]) !== at);
    assert.deepEqual(same, [], `got the answer of another one: ${same.map((value) => `${value}: ${cold[values.indexOf(value)]}`).join('; ')}`);
  });

  test('SEC-39 the parts of a key are not run together', async () => {
    for (const parts of [['a', 'b'], ['a,b'], ['a', '', 'b'], ['a,', 'b'], ['a","b'], [], ['']]) assert.equal(await call({ parts }), `parts ${JSON.stringify(parts)}`);
  });
});
