// Every combination of content type, method, origin, Sec-Fetch-Site and cookie that could call an action: it runs where the
// table of `csrf.rs` says so and nowhere else, and what is refused is refused before any code runs.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { start } from './lib/actions-app.mjs';
import { attacked, send } from './lib/attacked.mjs';
import { parallel } from './lib/raw.mjs';

const methods = ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const sites = [undefined, 'same-origin', 'same-site', 'cross-site', 'none'];

describe('calls of actions', () => {
  let site, port, id;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const acted = async () => (await (await fetch(`${site.server.base}/counts`)).json()).acted;
  before(async () => {
    site = await attacked();
    port = site.server.port;
    const html = (await send(port, { path: '/form' })).body;
    const form = html.slice(html.indexOf('id="act"'), html.indexOf('id="leave"'));
    id = /\$ACTION_ID_([0-9a-f]{42})/.exec(form)[1];
  });
  after(async () => {
    agent.destroy();
    await site?.close();
  });

  function request(method, headers, body) {
    return new Promise((resolve, reject) => {
      const sent = http.request({ agent, port, host: 'localhost', path: '/form', method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  test('SEC-68 5 ways to call × 7 methods × 9 origins × 5 Sec-Fetch-Site × cookie: 3,150 requests', async () => {
    const part = (name, value) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--\r\n`;
    const calls = [
      { type: 'text/plain;charset=UTF-8', header: true, body: '[]', runs: true },
      { type: 'application/json', header: true, body: '[]', runs: true },
      { type: 'application/x-www-form-urlencoded', header: true, body: `0=%5B%5D&%24ACTION_ID_${id}=`, runs: false },
      { type: 'multipart/form-data; boundary=b', header: true, body: part('0', '[]'), runs: true },
      { type: 'Multipart/Form-Data; charset=utf-8; boundary=b', header: false, body: part(`$ACTION_ID_${id}`, ''), runs: true },
    ];
    const origins = [
      { origin: undefined, good: ({ fetchSite, cookie }) => (fetchSite === undefined ? !cookie : fetchSite === 'same-origin' || fetchSite === 'none') },
      { origin: `http://localhost:${port}`, good: ({ fetchSite }) => fetchSite !== 'cross-site' },
      { origin: `HTTP://LOCALHOST:${port}`, good: ({ fetchSite }) => fetchSite !== 'cross-site' },
      { origin: 'null', good: () => false },
      { origin: 'https://evil.example', good: () => false },
      { origin: 'http://localhost:1', good: () => false },
      { origin: `http://app.localhost:${port}`, good: () => false },
      { origin: `http://localhost:${port}@evil.example`, good: () => false },
      { origin: `http://localhost.:${port}`, good: () => false },
    ];
    const cells = calls.flatMap((call) => methods.flatMap((method) => origins.flatMap(({ origin, good }) => sites.flatMap((fetchSite) => [true, false].map((cookie) => ({ call, method, origin, good, fetchSite, cookie }))))));
    assert.equal(cells.length, 3_150);
    const run = (cell) => {
      const headers = { 'content-type': cell.call.type };
      if (cell.call.header) headers['next-action'] = id;
      if (cell.origin !== undefined) headers.origin = cell.origin;
      if (cell.fetchSite !== undefined) headers['sec-fetch-site'] = cell.fetchSite;
      if (cell.cookie) headers.cookie = 'sid=1';
      return request(cell.method, headers, cell.call.body);
    };
    const told = ({ call, method, origin, fetchSite, cookie }) => `${method} ${call.type}${call.header ? ' by id' : ''} origin=${origin} site=${fetchSite} cookie=${cookie}`;

    const allowed = (cell) => cell.method === 'POST' && cell.good(cell);
    const before = await acted();
    const refused = cells.filter((cell) => !allowed(cell));
    const wrong = [];
    await parallel(refused, 16, async (cell) => {
      const status = await run(cell);
      if (cell.method === 'POST' && status !== 403) wrong.push(`${told(cell)}: ${status}`);
    });
    assert.deepEqual(wrong, []);
    assert.equal(await acted(), before, 'an action ran for a request that should have been refused');

    const good = cells.filter(allowed);
    const running = good.filter(({ call }) => call.runs);
    assert.ok(running.length >= 40);
    await parallel(good, 8, async (cell) => {
      const status = await run(cell);
      if (status >= 400 === cell.call.runs) wrong.push(`${told(cell)}: ${status}`);
    });
    assert.deepEqual(wrong, []);
    assert.equal(await acted(), before + running.length);
  });

  test('SEC-68 two origins, origins that are none, and parameters of the content type change nothing', async () => {
    const before = await acted();
    const types = ['text/plain', 'text/plain; charset=utf-8; x=multipart/form-data', 'multipart/form-data', 'multipart/form-data; boundary=""', ' multipart/form-data; boundary=b', 'multipart/form-data;boundary=b, text/plain', 'multipart/form-data\t; boundary=b', 'multipart/form-dataX; boundary=b', 'text/plain, multipart/form-data; boundary=b', ''];
    const origins = [['http://evil.example', `http://localhost:${port}`], [`http://localhost:${port}`, 'http://evil.example'], [`http://localhost:${port}, http://evil.example`], [''], ['null', 'null'], ['://localhost'], [`localhost:${port}`], [`http://localhost:${port}/path`], [`http://localhost:${port}?`], [`http://localhost:${port}\tx`], ['file://'], [`http://evil.example#localhost:${port}`], [`http://evil.example\\@localhost:${port}`]];
    const cases = types.flatMap((type) => origins.flatMap((list) => [true, false].map((header) => ({ type, list, header }))));
    await parallel(cases, 16, async ({ type, list, header }) => {
      const body = `--b\r\nContent-Disposition: form-data; name="$ACTION_ID_${id}"\r\n\r\n\r\n--b--\r\n`;
      const headers = [['Content-Type', type], ...list.map((origin) => ['Origin', origin]), ...(header ? [['Next-Action', id]] : [])];
      const { status } = await send(port, { method: 'POST', path: '/form', headers, body });
      if (header) assert.equal(status, 403, `${type} ${list}`);
    });
    assert.equal(await acted(), before);
  });
});

test('SEC-68 what the proxy does to the headers of a call does not change who sent it', async () => {
  const site = await start({
    more: {
      'proxy.ts': `import { NextResponse, type NextRequest } from 'next/server';
export function proxy(request: NextRequest) {
  const headers = new Headers(request.headers);
  if (request.nextUrl.searchParams.has('bare')) for (const name of ['origin', 'cookie', 'sec-fetch-site']) headers.delete(name);
  if (request.nextUrl.searchParams.has('session')) headers.set('cookie', 'session=1');
  return NextResponse.next({ request: { headers } });
}
export const config = { matcher: '/' };
`,
    },
  });
  try {
    const own = site.server.base;
    const call = async (path, headers) => (await site.send({ path, headers: { 'next-action': site.ids.echo, 'content-type': 'text/plain', ...headers }, body: '[1]' })).status;
    assert.equal(await call('/?bare', { origin: 'https://evil.example', cookie: 'a=1' }), 403);
    assert.equal(await call('/?bare', { cookie: 'a=1' }), 403);
    assert.equal(await call('/?bare', { origin: own, cookie: 'a=1', 'sec-fetch-site': 'cross-site' }), 403);
    assert.equal(await call('/?bare', { origin: own, cookie: 'a=1' }), 200);
    assert.equal(await call('/?session', {}), 200);
    assert.equal(await call('/?session', { cookie: 'a=1' }), 403);
  } finally {
    await site.stop();
  }
});
