// What makes a server ask other servers, or send browsers there: forwarded headers, hosts, upgrades, reflected headers. A canary
// listens where such a request would show.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attacked, send } from './lib/attacked.mjs';
import { internal } from './lib/internal-names.mjs';
import { parallel, statuses, talk } from './lib/raw.mjs';

describe('requests that leave the server', () => {
  let site, port, bird;
  before(async () => {
    site = await attacked();
    port = site.server.port;
    bird = site.canary;
  });
  after(() => site?.close());

  /** Runs something during which nothing may reach the canary. */
  async function silently(run) {
    const before = bird.seen.connections;
    const requests = bird.seen.requests.length;
    await run();
    assert.deepEqual(bird.seen.requests.slice(requests), []);
    assert.equal(bird.seen.connections, before);
  }

  test('SEC-21 no internal header leaves the process, to another site or to the client', async () => {
    const headers = Object.fromEntries(internal.map((name) => [name, 'middleware']));
    const passed = await send(port, { path: '/out/x?y=1', headers: { ...headers, 'x-mine': 'stays' } });
    assert.equal(passed.body.includes('canary'), true);
    const last = bird.seen.requests.at(-1);
    assert.equal(last.headers['x-mine'], 'stays');
    for (const path of ['/out/x', '/ok', '/', '/secret', '/reflect', '/go', '/nowhere', '/rewrite?to=/ok']) {
      const answer = await send(port, { path, headers });
      // `x-nextjs-prerender` and its like are answers' own headers; what came from outside is not among them.
      for (const [name, value] of answer.all) assert.ok(!name.startsWith('x-middleware-') && value !== 'middleware', `${path} answers with ${name}: ${value}`);
    }
    for (const { headers: seen } of bird.seen.requests) for (const name of Object.keys(seen)) assert.ok(!internal.includes(name), `${name} reached the other site`);
  });

  test('SEC-50 nothing ambiguous is passed on to another site', async () => {
    const requests = bird.seen.requests.length;
    const post = (lines, body) => Buffer.from(`POST /out/x HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n\r\n${body}`, 'latin1');
    const inner = 'GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const heads = [];
    for (const length of ['0', '5', String(inner.length)])
      for (const coding of ['chunked', 'Chunked', ' chunked', 'identity', 'xchunked', 'gzip, chunked', 'chunked, identity', 'chunked\r\nTransfer-Encoding: x'])
        heads.push(`Content-Length: ${length}\r\nTransfer-Encoding: ${coding}`, `Transfer-Encoding: ${coding}\r\nContent-Length: ${length}`);
    heads.push('Content-Length: 5\r\nContent-Length: 6', 'Content-Length: +5', 'Content-Length: 0x5', 'Transfer-Encoding: xchunked', 'Transfer-Encoding: chunked, identity', 'Content-Length : 5', ' Content-Length: 5');
    const answers = await parallel(heads, 12, (lines) => talk(port, post(lines, `0\r\n\r\n${inner}`)));
    for (const [at, { answer, hung }] of answers.entries()) {
      assert.equal(hung, false, heads[at]);
      for (const status of statuses(answer)) assert.ok(status >= 400, `${heads[at]}: ${status}`);
    }
    assert.deepEqual(bird.seen.requests.slice(requests).map(({ url }) => url).filter((url) => url !== '/x'), []);
  });

  test('SEC-50 what is passed on ends where it ends: the next request of a connection is not part of it', async () => {
    const requests = bird.seen.requests.length;
    const inner = 'GET /out/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const bytes = Buffer.from(`POST /out/one HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${inner.length}\r\n\r\n${inner}POST /out/two HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\nGET /out/three HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const { answer } = await talk(port, bytes);
    assert.deepEqual(statuses(answer), [200, 200, 200]);
    assert.deepEqual(bird.seen.requests.slice(requests).map(({ url }) => url), ['/one', '/two', '/three']);
  });

  test('SEC-51 headers that a proxy reflects into its answer move nothing', async () => {
    const target = `http://127.0.0.1:${bird.port}/reflected`;
    const list = [...internal.map((name) => ({ [name]: target })), { 'x-middleware-rewrite': '/secret', 'x-middleware-next': '0' }, { location: target }, { refresh: `0;url=${target}` }, { 'x-middleware-rewrite': target, location: target }];
    await silently(async () => {
      for (const headers of list) {
        const answer = await send(port, { path: '/reflect', headers });
        assert.equal(answer.status, 200, JSON.stringify(headers));
        assert.doesNotMatch(answer.body, /canary|the-secret/);
        for (const [name] of answer.all) assert.ok(!internal.includes(name), name);
      }
    });
  });

  test('SEC-52 an upgrade is passed to nobody that no rewrite names, in whatever form its target comes', async () => {
    const there = `127.0.0.1:${bird.port}`;
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
    const cases = [];
    for (const target of [`http://${there}/x`, `https://${there}/x`, `ws://${there}/x`, `wss://${there}/x`, `//${there}/x`, `http://169.254.169.254/latest/meta-data`, there, `http://localhost:${port}@${there}/x`, `http://${there}\\@localhost:${port}/x`, '/nowhere', '/', '/ok', '/shop/127.0.0.1', '/by-header', '/rewrite?to=http://127.0.0.1/', '/_next/webpack-hmr', '*'])
      for (const host of [`localhost:${port}`, there, '169.254.169.254', `localhost:${port}\r\nX-Forwarded-Host: ${there}`])
        for (const method of ['GET', 'CONNECT']) cases.push(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${upgrade}\r\n`);
    await silently(async () => {
      const answers = await parallel(cases, 16, (bytes) => talk(port, bytes));
      for (const [at, { answer, hung }] of answers.entries()) {
        assert.equal(hung, false, cases[at]);
        assert.doesNotMatch(answer.toString('latin1'), /HTTP\/1\.1 101|canary/, cases[at]);
      }
    });
  });

  test('SEC-52 an upgrade on a path that a rewrite leads to another site goes there and nowhere else', async () => {
    const there = `127.0.0.1:${bird.port}`;
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
    for (const [target, host] of [['/out/x', 'localhost'], ['/out/x', '169.254.169.254'], [`http://localhost:${port}/out/x`, `localhost:${port}`], ['//out/x', 'localhost'], ['/out/../out/x', 'localhost']]) {
      const requests = bird.seen.requests.length;
      const { answer, hung } = await talk(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${upgrade}\r\n`);
      const [status] = statuses(answer);
      assert.equal(hung, false, target);
      const asked = bird.seen.requests.slice(requests);
      if (status !== 101) assert.deepEqual([asked, status >= 300], [[], true], `${target}: ${status}`);
      else assert.deepEqual(asked.map(({ url, headers, upgrade: upgraded }) => [url, headers.host, upgraded]), [['/x', there, true]], target);
    }
  });

  test('SEC-52 an absolute target has to name the host of the request', async () => {
    for (const [target, host, good] of [[`http://localhost:${port}/ok`, `localhost:${port}`, true], [`http://LOCALHOST:${port}/ok`, `localhost:${port}`, true], [`http://other.example/ok`, `localhost:${port}`, false], [`http://localhost:${port}/ok`, 'other.example', false], [`http://localhost:1/ok`, `localhost:${port}`, false]]) {
      const { answer } = await talk(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      assert.equal(statuses(answer)[0], good ? 200 : 400, `${target} with Host ${host}`);
    }
  });

  test('SEC-53 a request can not choose a host that is not listed, however it writes it', async () => {
    const hosts = ['localhost', '127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '0', '0.0.0.0', '127.0.0.1.', 'localhost.', 'LOCALHOST', '[::1]', '[::ffff:127.0.0.1]', '::1', '%6cocalhost', '127%2e0%2e0%2e1', 'user@127.0.0.1', '127.0.0.1%00.example.com', '127.0.0.1%23', '127.0.0.1%3f', '127.0.0.1%2f', '127.0.0.1%5c', '127。0。0。1', '①②⑦.⓪.⓪.①', 'localhost%0d%0aX: y', '127.0.0.1:80%40', 'a.localhost', 'x..y', '-', '.', '127.0.0.1%20'];
    await silently(async () => {
      for (const host of hosts) {
        const inPath = await send(port, { path: `/shop/${Buffer.from(host).toString('latin1')}` });
        assert.ok(inPath.status >= 300, `/shop/${host}: ${inPath.status}`);
        const inHeader = await send(port, { path: '/by-header', headers: { 'x-shop': Buffer.from(host).toString('latin1') } });
        assert.ok(inHeader.status >= 300, `x-shop: ${host}: ${inHeader.status}`);
        for (const scheme of ['http', 'https', 'HTTP', 'ftp', 'file', 'gopher', 'ws']) {
          const to = await send(port, { path: `/rewrite?to=${encodeURIComponent(`${scheme}://${host}:${bird.port}/`)}` });
          assert.ok(to.status >= 400, `${scheme}://${host}: ${to.status}`);
        }
      }
    });
  });

  test('SEC-55 no host, forwarded or not, and no path leads a redirect to another site', async () => {
    const evil = 'evil.example';
    const hosts = [{}, { host: evil }, { 'x-forwarded-host': evil }, { 'x-forwarded-host': `${evil}, localhost` }, { 'x-forwarded-host': `${evil}/x` }, { 'x-forwarded-host': `user@${evil}` }, { forwarded: `host=${evil};proto=https` }, { 'x-forwarded-proto': 'javascript' }, { 'x-forwarded-port': '1@evil.example' }, { 'x-original-url': '/secret', 'x-rewrite-url': '/secret' }, { 'x-forwarded-prefix': `//${evil}` }];
    const paths = ['/go', '/ok/', `//${evil}`, `//${evil}/`, `///${evil}/`, `/\\${evil}`, `\\\\${evil}/`, `/\\/${evil}/`, `/%2f/${evil}/`, `/%2f%2f${evil}/`, `/%5c${evil}/`, `/./\\${evil}/`, `/.//${evil}/`, `/x/..//${evil}/`, `/x/../\\${evil}/`, `/%09/${evil}/`, `/;//${evil}/`, `/https:/${evil}/`, `/https://${evil}/`, `/@${evil}/`, `/old//${evil}`, `/old/%2f${evil}`, `/old/%5c${evil}`, `/old/\\${evil}`, `/old/..//${evil}`, `/old/@${evil}`, '/old-host'];
    await silently(() =>
      parallel(paths.flatMap((path) => hosts.map((headers) => [path, headers])), 16, async ([path, headers]) => {
        const answer = await send(port, { path, headers });
        const location = answer.headers.get('location');
        if (location === undefined) return;
        // As a browser reads it: control characters away, backslashes turned.
        const url = new URL(location.replaceAll('\\', '/'), `http://localhost:${port}/`);
        assert.equal(url.host, `localhost:${port}`, `${path} ${JSON.stringify(headers)} → ${location}`);
      }),
    );
  });

  test('SEC-15 SEC-55 an action that redirects makes the server ask nobody, whatever the host', async () => {
    const html = (await send(port, { path: '/form' })).body;
    const names = [...html.matchAll(/name="(\$ACTION_[^"]+)"/g)].map(([, name]) => name);
    assert.ok(names.length >= 2);
    await silently(async () => {
      for (const name of new Set(names)) {
        for (const host of [`127.0.0.1:${bird.port}`, 'evil.example', '169.254.169.254']) {
          for (const headers of [{ host }, { 'x-forwarded-host': host }, { host, 'x-forwarded-host': host, 'x-forwarded-proto': 'http' }, { forwarded: `host=${host}` }]) {
            const body = `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n\r\n--b--\r\n`;
            const answer = await send(port, { method: 'POST', path: '/form', headers: { ...headers, 'content-type': 'multipart/form-data; boundary=b' }, body });
            assert.doesNotMatch(answer.text, /canary/);
            const location = answer.headers.get('location');
            if (location) assert.equal(location, '/ok');
          }
        }
      }
    });
  });
});
