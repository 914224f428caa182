// Rewrites to other sites, through the binary: what the other site sees, what the client gets, and that nothing is collected
// on the way. The other site is a bare Node server in this process.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { folder, serve } from './lib/application.mjs';
import { until } from './lib/browser.mjs';

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n';
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

function application(port, { basePath = '' } = {}) {
  return {
    'app/layout.tsx': layout,
    'app/page.tsx': 'export default () => <p>home</p>;\n',
    'app/taken/page.tsx': 'export default () => <p>ours</p>;\n',
    'app/posts/[id]/page.tsx': 'export default async ({ params }) => <p>post {(await params).id}</p>;\n',
    'public/file.txt': 'our file',
    'next.config.mjs': `export default {
  basePath: ${JSON.stringify(basePath || undefined)},
  async headers() { return [{ source: '/ext/:path*', headers: [{ key: 'x-ours', value: 'yes' }] }]; },
  async rewrites() {
    const site = 'http://127.0.0.1:${port}';
    return {
      beforeFiles: [
        { source: '/before', destination: site + '/at-before' },
        { source: '/file.txt', has: [{ type: 'query', key: 'away' }], destination: site + '/at-before-file' },
        { source: '/chained', destination: '/chain-end?added=1' },
      ],
      afterFiles: [
        { source: '/ext/:path*', destination: site + '/:path*' },
        { source: '/chain-end', destination: site + '/at-chain' },
        { source: '/taken', destination: site + '/never' },
        { source: '/file.txt', destination: site + '/never' },
        { source: '/posts/away', destination: site + '/at-posts' },
        { source: '/gone', destination: 'http://127.0.0.1:1/' },
        { source: '/local', destination: 'http://localhost:${port}/at-local' },
        { source: '/host/:host', destination: 'http://:host:${port}/' },
      ],
      fallback: [{ source: '/:path*', destination: site + '/fallback/:path*' }],
    };
  },
};
`,
    'proxy.ts': `import { NextResponse } from 'next/server';
export default function proxy(request) {
  const to = request.nextUrl.searchParams.get('to');
  if (to) return NextResponse.rewrite(new URL(to), { headers: { 'x-from-proxy': '1' } });
  const headers = new Headers(request.headers);
  headers.set('x-set-by-proxy', '1');
  return NextResponse.next({ request: { headers } });
}
export const config = { matcher: ['/proxied', '/ext/overridden'] };
`,
    'ironside.toml': `[rewrites]\nallow = ["127.0.0.1:${port}"]\nfirst-byte-timeout = 400\nidle-timeout = 600\n`,
  };
}

/** The other site. */
function site() {
  const seen = { requests: 0, closed: 0, connections: 0, received: 0 };
  const routes = {
    '/echo-body': (request, response) => {
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/octet-stream' });
      request.pipe(response);
    },
    '/hash': (request, response) => {
      const sum = createHash('sha256');
      let length = 0;
      request.on('data', (bytes) => { sum.update(bytes); length += bytes.length; });
      request.on('end', () => response.end(JSON.stringify({ length, hash: sum.digest('hex'), te: request.headers['transfer-encoding'] ?? null, cl: request.headers['content-length'] ?? null })));
    },
    '/redirect': (request, response) => response.writeHead(302, { location: '/elsewhere?x=1', 'set-cookie': ['a=1', 'b=2; Path=/'] }).end(),
    '/gzip': (request, response) => {
      const bytes = gzipSync('packed '.repeat(1000));
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip', 'content-length': bytes.length, etag: '"strong"' }).end(bytes);
    },
    '/hop': (request, response) => response.writeHead(200, { connection: 'close, x-once', 'x-once': '1', 'keep-alive': 'timeout=5', 'alt-svc': 'h3=":443"', 'x-stays': '1' }).end('ok'),
    '/not-modified': (request, response) => response.writeHead(304, { etag: '"e"' }).end(),
    '/slow': () => {},
    '/silent': (request, response) => { response.writeHead(200, { 'content-type': 'text/plain' }); response.write('begun'); },
    '/cut': (request, response) => { response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 100 }); response.write('short', () => request.socket.destroy()); },
    '/hang-up': (request) => request.socket.destroy(),
    '/events': (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let at = 0;
      const timer = setInterval(() => response.write(`data: ${at++}\n\n`), 100);
      response.on('close', () => { clearInterval(timer); seen.closed += 1; });
    },
    '/endless': (request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const piece = Buffer.alloc(64 * 1024, 1);
      seen.sent = 0;
      const more = () => { for (let room = true; room && !response.destroyed; ) { room = response.write(piece); seen.sent += piece.length; } };
      response.on('drain', more);
      response.on('close', () => { seen.closed += 1; });
      more();
    },
    '/sink': (request) => {
      // Takes one piece and no more.
      request.once('data', (bytes) => { seen.received += bytes.length; request.pause(); });
      request.on('close', () => { seen.closed += 1; });
    },
    '/back': (request, response) => {
      const again = http.request({ port: seen.back, host: 'localhost', path: '/ext/back', headers: request.headers }, (answer) => { response.writeHead(answer.statusCode); answer.pipe(response); });
      again.end();
    },
    '/early': (request, response) => { response.writeHead(413, { connection: 'close' }).end('too much'); },
  };
  const server = http.createServer((request, response) => {
    seen.requests += 1;
    const route = routes[new URL(request.url, 'http://x').pathname];
    if (route) return route(request, response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders }));
  });
  server.on('connection', () => { seen.connections += 1; });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ server, port: server.address().port, seen, close: () => { server.closeAllConnections(); server.close(); } })));
}

const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

describe('rewrites to other sites', () => {
  let app, server, other;
  /** fetch refuses to send some headers. */
  const plain = (path, { headers }) => new Promise((resolve, reject) => {
    const request = http.request({ port: server.port, host: 'localhost', path, headers }, (answer) => {
      let text = '';
      answer.on('data', (bytes) => (text += bytes));
      answer.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject);
    request.end();
  });
  const json = async (path, init) => (await fetch(server.base + path, init)).json();
  before(async () => {
    other = await site();
    app = folder(application(other.port));
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    other?.close();
    app?.remove();
  });

  test('are tried in the order of beforeFiles, files, afterFiles, dynamic routes, fallback', async () => {
    assert.equal((await json('/before?q=1')).url, '/at-before?q=1');
    assert.equal((await json('/file.txt?away=1')).url, '/at-before-file?away=1');
    assert.equal(await (await fetch(`${server.base}/file.txt`)).text(), 'our file');
    assert.match(await (await fetch(`${server.base}/taken`)).text(), /ours/);
    assert.equal((await json('/posts/away')).url, '/at-posts');
    assert.match(await (await fetch(`${server.base}/posts/1`)).text(), /post/);
    assert.equal((await json('/nothing/here?x=1')).url, '/fallback/nothing/here?x=1');
    assert.equal((await json('/ext/a/b%20c?d=e%26f')).url, '/a/b%20c?d=e%26f');
    assert.match((await json('/chained?q=1')).url, /^\/at-chain\?(q=1&added=1|added=1&q=1)$/);
    assert.equal((await json('/local')).url, '/at-local');
  });

  test('the other site learns who asked, and nothing of what goes on in here', async () => {
    const { headers } = await plain('/ext/x', {
      headers: { cookie: 'sid=1', authorization: 'Bearer t', 'x-mine': 'yes', 'x-middleware-subrequest': 'x', 'x-nextjs-data': '1', 'x-ironside-a': '1', te: 'trailers', 'keep-alive': 'timeout=1' },
    });
    assert.equal(headers.host, `127.0.0.1:${other.port}`);
    assert.equal(headers['x-forwarded-host'], `localhost:${server.port}`);
    assert.equal(headers['x-forwarded-proto'], 'http');
    assert.equal(headers['x-forwarded-port'], String(server.port));
    assert.match(headers['x-forwarded-for'], /^(127\.0\.0\.1|::1)$/);
    assert.match(headers.forwarded, /^for=("\[::1\]"|127\.0\.0\.1);host="localhost:\d+";proto=http$/);
    assert.equal(headers.via, '1.1 ironside');
    assert.equal(headers.cookie, 'sid=1');
    assert.equal(headers.authorization, 'Bearer t');
    assert.equal(headers['x-mine'], 'yes');
    for (const name of Object.keys(headers)) assert.doesNotMatch(name, /^(x-middleware|x-nextjs|x-ironside|te$|keep-alive|upgrade)/);
    const chained = await json('/ext/x', { headers: { 'x-forwarded-for': '203.0.113.9', via: '1.1 edge', forwarded: 'for=203.0.113.9' } });
    assert.match(chained.headers['x-forwarded-for'], /^203\.0\.113\.9, (127\.0\.0\.1|::1)$/);
    assert.equal(chained.headers.via, '1.1 edge, 1.1 ironside');
    // Beside its older relatives `Forwarded` of a proxy in front is not believed, so it begins anew here.
    assert.match(chained.headers.forwarded, /^for=("\[::1\]"|127\.0\.0\.1);host=/);
  });

  test('what the proxy sets reaches it, and what rules add reaches the client', async () => {
    assert.equal((await json('/ext/overridden')).headers['x-set-by-proxy'], '1');
    const answer = await fetch(`${server.base}/ext/x`);
    assert.equal(answer.headers.get('x-ours'), 'yes');
    assert.equal(answer.headers.get('via'), '1.1 ironside');
  });

  test('every method passes with its body, of known length and in chunks', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'POST', 'PUT', 'PATCH']) {
      const answer = await fetch(`${server.base}/ext/x`, { method });
      assert.equal(answer.status, 200, method);
      const text = await answer.text();
      if (method === 'HEAD') assert.equal(text, '');
      else assert.equal(JSON.parse(text).method, method);
    }
    assert.equal((await json('/ext/x', { method: 'POST' })).headers['content-length'], '0');
    const bytes = randomBytes(5_000_000);
    assert.deepEqual(await json('/ext/hash', { method: 'PUT', body: bytes }), { length: bytes.length, hash: hash(bytes), te: null, cl: String(bytes.length) });
    const streamed = new ReadableStream({ start(controller) { for (let at = 0; at < bytes.length; at += 100_000) controller.enqueue(bytes.subarray(at, at + 100_000)); controller.close(); } });
    assert.deepEqual(await json('/ext/hash', { method: 'POST', body: streamed, duplex: 'half' }), { length: bytes.length, hash: hash(bytes), te: 'chunked', cl: null });
    const back = Buffer.from(await (await fetch(`${server.base}/ext/echo-body`, { method: 'POST', body: bytes })).arrayBuffer());
    assert.equal(hash(back), hash(bytes));
  });

  test('redirects, cookies, errors, encodings and tags come back as they are', async () => {
    const redirect = await fetch(`${server.base}/ext/redirect`, { redirect: 'manual' });
    assert.equal(redirect.status, 302);
    assert.equal(redirect.headers.get('location'), '/elsewhere?x=1');
    assert.deepEqual(redirect.headers.getSetCookie(), ['a=1', 'b=2; Path=/']);
    const packed = await fetch(`${server.base}/ext/gzip`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    assert.equal(packed.headers.get('etag'), '"strong"');
    assert.equal(await packed.text(), 'packed '.repeat(1000));
    assert.equal((await fetch(`${server.base}/ext/not-modified`)).status, 304);
    const early = await fetch(`${server.base}/ext/early`, { method: 'POST', body: randomBytes(100_000) });
    assert.deepEqual([early.status, await early.text()], [413, 'too much']);
    const hop = await fetch(`${server.base}/ext/hop`);
    assert.equal(hop.headers.get('x-stays'), '1');
    for (const name of ['x-once', 'alt-svc']) assert.equal(hop.headers.get(name), null, name);
  });

  test('pieces of a stream arrive one by one, plain and packed', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const leaving = new AbortController();
      const answer = await fetch(`${server.base}/ext/events`, { headers: { 'accept-encoding': encoding }, signal: leaving.signal });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let at = 0; at < 3; at += 1) assert.equal((await reader.read()).value, `data: ${at}\n\n`, encoding);
      leaving.abort();
      await reader.read().catch(() => {});
    }
  });

  test('the other site is left when the client leaves, before and during the answer', async () => {
    const closed = other.seen.closed;
    const leaving = new AbortController();
    const answer = await fetch(`${server.base}/ext/events`, { signal: leaving.signal });
    await answer.body.getReader().read();
    leaving.abort();
    await until(() => other.seen.closed, (now) => now > closed);
    const before = other.seen.closed;
    const socket = net.connect(server.port, 'localhost');
    socket.write('POST /ext/sink HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nsome');
    await until(() => other.seen.received, Boolean);
    socket.destroy();
    await until(() => other.seen.closed, (now) => now > before);
  });

  test('a slow reader holds the other site back, and a slow site the client; nothing is collected', async () => {
    const rss = resident(server.pid);
    const slow = net.connect(server.port, 'localhost');
    slow.write('GET /ext/endless HTTP/1.1\r\nHost: x\r\n\r\n');
    slow.pause();
    let last = -1;
    await until(() => other.seen.sent, (now) => { const still = now === last && now > 0; last = now; return still; });
    assert.ok(other.seen.sent < 64 * 1024 * 1024, `${other.seen.sent} bytes were taken for a client that reads none`);
    assert.ok(resident(server.pid) - rss < 32 * 1024 * 1024);
    slow.destroy();
    const pushing = net.connect(server.port, 'localhost');
    pushing.on('error', () => {});
    pushing.write('POST /ext/sink HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    let pushed = 0;
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65536, 1), Buffer.from('\r\n')]);
    while (pushed < 64 * 1024 * 1024 && pushing.write(piece)) pushed += piece.length;
    const push = setInterval(() => { while (pushed < 64 * 1024 * 1024 && pushing.writableLength === 0 && !pushing.destroyed) { pushing.write(piece); pushed += piece.length; } }, 10);
    last = -1;
    await until(() => pushed, (now) => { const still = now === last; last = now; return still; });
    clearInterval(push);
    assert.ok(pushed < 64 * 1024 * 1024, 'everything was taken though nobody read it');
    pushing.destroy();
  });

  test('a site that is not there, hangs up, or keeps silent is a 502 or 504 that tells nothing of it', async () => {
    for (const [path, status] of [['/gone', 502], ['/ext/hang-up', 502], ['/ext/slow', 504]]) {
      const answer = await fetch(server.base + path);
      assert.equal(answer.status, status, path);
      assert.equal(answer.headers.get('cache-control').includes('no-store'), true);
      assert.doesNotMatch(await answer.text(), /127\.0\.0\.1|ECONN|os error/);
    }
    await until(() => server.log, (log) => /127\.0\.0\.1:1\b.*does not take the connection/.test(log));
  });

  test('an answer that breaks off or falls silent breaks off for the client too', async () => {
    for (const path of ['/ext/cut', '/ext/silent']) {
      const answer = await fetch(server.base + path);
      assert.equal(answer.status, 200);
      await assert.rejects(answer.text(), path);
    }
  });

  test('a slow upload is not taken for a silent site', async () => {
    const answer = await new Promise((resolve, reject) => {
      const request = http.request({ port: server.port, host: 'localhost', path: '/ext/hash', method: 'POST' }, (response) => {
        let text = '';
        response.on('data', (bytes) => (text += bytes));
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      request.on('error', reject);
      let left = 5;
      const timer = setInterval(() => { request.write('piece'); if (--left === 0) { clearInterval(timer); request.end(); } }, 250);
    });
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.text).length, 25);
  });

  test('proxy.ts may rewrite to a listed host, and to no other', async () => {
    const ok = await fetch(`${server.base}/proxied?to=${encodeURIComponent(`http://127.0.0.1:${other.port}/from-proxy?a=1`)}`);
    assert.equal(ok.status, 200);
    assert.equal(ok.headers.get('x-from-proxy'), '1');
    assert.match((await ok.json()).url, /^\/from-proxy\?a=1/);
    const requests = other.seen.requests;
    for (const to of [`http://localhost:${other.port}/`, `http://127.1:${other.port}/`, `http://[::ffff:127.0.0.1]:${other.port}/`, 'http://169.254.169.254/latest', 'http://127.0.0.1:22/', 'https://example.com/']) {
      // 127.1 is the same host to a URL parser: it is what the list names.
      const expected = to.includes('127.1:') ? 200 : 403;
      assert.equal((await fetch(`${server.base}/proxied?to=${encodeURIComponent(to)}`)).status, expected, to);
    }
    assert.equal(other.seen.requests, requests + 1);
  });

  test('a host that a parameter fills has to be listed', async () => {
    assert.equal((await fetch(`${server.base}/host/127.0.0.1`)).status, 200);
    const requests = other.seen.requests;
    for (const host of ['localhost', '0.0.0.0', '127.0.0.2', '2130706433', '0x7f.1', '127.0.0.1.', 'evil.example']) assert.equal((await fetch(`${server.base}/host/${host}`)).status === 200, false, host);
    assert.equal(other.seen.requests, requests);
  });

  test('connections are kept and used again', async () => {
    await json('/ext/x');
    const connections = other.seen.connections;
    for (let at = 0; at < 20; at += 1) await json('/ext/x');
    assert.ok(other.seen.connections - connections <= 1);
  });

  test('a rewrite that leads back to its server ends', async () => {
    other.seen.back = server.port;
    const requests = other.seen.requests;
    assert.equal((await fetch(`${server.base}/ext/back`)).status, 508);
    assert.ok(other.seen.requests - requests < 10);
  });
});

test('a mistake in the settings of rewrites is told with its place', async () => {
  for (const [toml, mark] of [
    ['[rewrites]\nallow = ["https://a.example"]\n', /https:\/\/a\.example/],
    ['[rewrites]\nprivate = ["ten"]\n', /"ten"/],
    ['[rewrites]\nauthorities = "nowhere.pem"\n', /nowhere\.pem/],
    ['[rewrites]\nalow = []\n', /alow/],
  ]) {
    const app = folder({ 'app/layout.tsx': layout, 'app/page.tsx': 'export default () => <p>home</p>;\n', 'ironside.toml': toml });
    await assert.rejects(serve(app.dir), mark);
    app.remove();
  }
});
