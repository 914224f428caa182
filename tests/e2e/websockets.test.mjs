// WebSockets through rewrites to other sites: a browser's, and the bytes of others. The other site is a bare Node server in this
// process; what it does with a connection stands in the path.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from './lib/application.mjs';
import { launch, until } from './lib/browser.mjs';

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n';
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const acceptance = (asked) => createHash('sha1').update(`${asked}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

function application(port) {
  return {
    'app/layout.tsx': layout,
    'app/page.tsx': 'export default () => <p>home</p>;\n',
    'app/own/route.ts': "export const GET = () => new Response('own');\n",
    'next.config.mjs': `export default {
  async headers() { return [{ source: '/ws/:path*', headers: [{ key: 'x-ours', value: 'yes' }] }]; },
  async rewrites() { return [{ source: '/ws/:path*', destination: 'http://127.0.0.1:${port}/:path*' }, { source: '/gone', destination: 'http://127.0.0.1:1/' }]; },
};
`,
    'proxy.ts': `import { NextResponse } from 'next/server';
export default function proxy(request) {
  const to = request.nextUrl.searchParams.get('to');
  if (to) return NextResponse.rewrite(new URL(to));
  if (!request.cookies.has('pass')) return new Response('no', { status: 401 });
  const headers = new Headers(request.headers);
  headers.set('x-set-by-proxy', '1');
  return NextResponse.next({ request: { headers } });
}
export const config = { matcher: ['/chosen', '/ws/guarded'] };
`,
    'ironside.toml': `[rewrites]\nallow = ["127.0.0.1:${port}"]\nidle-timeout = 1000\n[http]\nmax-connections = 20\n`,
  };
}

/** Echoes the frames of a browser: those of text and bytes, unmasked; a close ends it. */
function echoFrames(socket) {
  let buffer = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    buffer = Buffer.concat([buffer, bytes]);
    for (;;) {
      if (buffer.length < 2) return;
      const short = buffer[1] & 127;
      const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
      if (buffer.length < 6 + extra) return;
      const length = extra === 2 ? buffer.readUInt16BE(2) : extra === 8 ? Number(buffer.readBigUInt64BE(2)) : short;
      const from = 6 + extra;
      if (buffer.length < from + length) return;
      const mask = buffer.subarray(from - 4, from);
      const payload = Buffer.from(buffer.subarray(from, from + length)).map((byte, at) => byte ^ mask[at % 4]);
      const head = Buffer.concat([Buffer.from([buffer[0], short]), buffer.subarray(2, 2 + extra)]);
      socket.write(Buffer.concat([head, payload]));
      if ((buffer[0] & 15) === 8) return socket.end();
      buffer = buffer.subarray(from + length);
    }
  });
}

/** The other site. */
function site() {
  const seen = { upgrades: [], requests: [], open: 0, sent: 0 };
  const server = http.createServer((request, response) => {
    seen.requests.push({ url: request.url, headers: request.headers });
    if (request.url === '/unasked') return request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    response.end(`plain ${request.url}`);
  });
  server.on('upgrade', (request, socket, early) => {
    seen.upgrades.push({ url: request.url, headers: request.headers });
    socket.on('error', () => {});
    seen.open += 1;
    socket.on('close', () => { seen.open -= 1; });
    const path = new URL(request.url, 'http://x').pathname;
    if (path === '/refuse') return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: closed\r\n\r\nno');
    const protocol = path === '/other' ? 'other' : 'websocket';
    const offered = request.headers['sec-websocket-protocol']?.split(',')[0];
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Accept: ${acceptance(request.headers['sec-websocket-key'])}\r\n${offered ? `Sec-WebSocket-Protocol: ${offered}\r\n` : ''}\r\n${path === '/greets' ? 'hello' : ''}`);
    if (path === '/frames') return echoFrames(socket);
    if (path === '/leaves') return socket.once('data', () => socket.end('bye'));
    if (path === '/endless') {
      const piece = Buffer.alloc(64 * 1024, 1);
      const more = () => { for (let room = true; room && !socket.destroyed; ) { room = socket.write(piece); seen.sent += piece.length; } };
      socket.on('drain', more);
      return more();
    }
    if (early.length > 0) socket.write(early);
    socket.pipe(socket);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ port: server.address().port, seen, close: () => { server.closeAllConnections(); server.close(); } })));
}

describe('WebSockets through rewrites', () => {
  let app, server, other;
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

  /** Asks for a WebSocket; `head` and `received` (what follows the head) grow. */
  function dial(path, { headers = {}, early = '', port = server.port } = {}) {
    const all = { Host: 'localhost', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13', ...headers };
    const socket = net.connect(port, '127.0.0.1');
    const seen = { socket, bytes: Buffer.alloc(0), closed: false };
    Object.defineProperty(seen, 'head', { get: () => { const at = seen.bytes.indexOf('\r\n\r\n'); return at === -1 ? '' : String(seen.bytes.subarray(0, at + 2)); } });
    Object.defineProperty(seen, 'received', { get: () => seen.bytes.subarray(seen.bytes.indexOf('\r\n\r\n') + 4) });
    socket.on('data', (bytes) => { seen.bytes = Buffer.concat([seen.bytes, bytes]); });
    socket.on('error', () => {});
    socket.on('close', () => { seen.closed = true; });
    socket.write(`GET ${path} HTTP/1.1\r\n${Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${early}`);
    return seen;
  }
  const opened = async (path, options) => {
    const seen = dial(path, options);
    await until(() => seen.head, (head) => head !== '');
    return seen;
  };

  test('of a browser: text, bytes, the chosen subprotocol and the close arrive', async () => {
    const browser = await launch();
    try {
      const page = await browser.page();
      await page.goto(server.base);
      const got = await page.evaluate(async (url) => {
        const socket = new WebSocket(url, ['chat', 'other']);
        socket.binaryType = 'arraybuffer';
        const next = () => new Promise((resolve, reject) => { socket.onmessage = ({ data }) => resolve(data); socket.onerror = () => reject(new Error('broken')); });
        await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject(new Error('not opened')); });
        let answer = next();
        socket.send('grüezi');
        const text = await answer;
        answer = next();
        socket.send(new Uint8Array(60_000).fill(7));
        const bytes = new Uint8Array(await answer);
        const closed = new Promise((resolve) => { socket.onclose = ({ code, wasClean }) => resolve([code, wasClean]); });
        socket.close(4001, 'done');
        return { text, bytes: [bytes.length, bytes.every((byte) => byte === 7)], protocol: socket.protocol, closed: await closed };
      }, `${server.base.replace('http', 'ws')}/ws/frames`);
      assert.deepEqual(got, { text: 'grüezi', bytes: [60_000, true], protocol: 'chat', closed: [4001, true] });
    } finally {
      await browser.close();
    }
  });

  test('the handshake passes with who asked, and its answer with what rules add', async () => {
    const seen = await opened('/ws/x?a=b', { headers: { Cookie: 'sid=1', Origin: 'http://localhost', 'X-Middleware-Subrequest': 'x', 'Keep-Alive': 'timeout=5', Connection: 'keep-alive, Upgrade, x-once', 'X-Once': '1' } });
    assert.match(seen.head, /^HTTP\/1\.1 101 /);
    assert.match(seen.head, /^connection: upgrade\r$/im);
    assert.match(seen.head, /^upgrade: websocket\r$/im);
    assert.match(seen.head, new RegExp(`^sec-websocket-accept: ${acceptance(key).replace(/[+/]/g, '\\$&')}\r$`, 'im'));
    assert.match(seen.head, /^x-ours: yes\r$/im);
    assert.match(seen.head, /^via: 1\.1 ironside\r$/im);
    assert.doesNotMatch(seen.head, /content-length|transfer-encoding/i);
    const { url, headers } = other.seen.upgrades.at(-1);
    assert.equal(url, '/x?a=b');
    assert.equal(headers.host, `127.0.0.1:${other.port}`);
    assert.equal(headers['x-forwarded-host'], 'localhost');
    assert.equal(headers.cookie, 'sid=1');
    assert.equal(headers.origin, 'http://localhost');
    assert.equal(headers['sec-websocket-key'], key);
    assert.equal(headers.via, '1.1 ironside');
    for (const name of ['x-once', 'keep-alive', 'x-middleware-subrequest']) assert.equal(headers[name], undefined, name);
    seen.socket.destroy();
  });

  test('bytes go both ways as they are, at once and many', async () => {
    const seen = await opened('/ws/echo');
    seen.socket.write('ping');
    await until(() => String(seen.received), (text) => text === 'ping');
    const bytes = randomBytes(8 << 20);
    seen.socket.write(bytes);
    await until(() => seen.received.length, (length) => length === bytes.length + 4);
    assert.equal(hash(seen.received.subarray(4)), hash(bytes));
    seen.socket.destroy();
  });

  test('what one side sends before the other has heard of the tunnel is not lost', async () => {
    const seen = await opened('/ws/greets', { early: 'too early' });
    await until(() => String(seen.received), (text) => text === 'hellotoo early');
    seen.socket.destroy();
  });

  test('when one side leaves, so does the other', async () => {
    const seen = await opened('/ws/echo');
    await until(() => other.seen.open, (open) => open === 1);
    seen.socket.destroy();
    await until(() => other.seen.open, (open) => open === 0);
    const left = await opened('/ws/leaves');
    left.socket.write('x');
    await until(() => left.closed, Boolean);
    assert.equal(String(left.received), 'bye');
  });

  test('a tunnel that is silent both ways is closed, one that speaks is not', async () => {
    const [silent, speaking] = [await opened('/ws/echo'), await opened('/ws/echo')];
    let said = 0;
    const timer = setInterval(() => { speaking.socket.write('.'); said += 1; }, 200);
    await until(() => silent.closed, Boolean);
    await until(() => speaking.received.length, (length) => length >= 10);
    clearInterval(timer);
    assert.equal(speaking.closed, false);
    speaking.socket.destroy();
    await until(() => other.seen.open, (open) => open === 0);
  });

  test('a reader that takes nothing holds the other site back', async () => {
    const slow = await opened('/ws/endless');
    slow.socket.pause();
    let last = -1;
    await until(() => other.seen.sent, (now) => { const still = now === last && now > 0; last = now; return still; });
    assert.ok(other.seen.sent < 64 << 20, `${other.seen.sent} bytes were taken for a client that reads none`);
    slow.socket.destroy();
    await until(() => other.seen.open, (open) => open === 0);
  });

  test('a site that refuses is heard, and the connection goes on as HTTP', async () => {
    const seen = await opened('/ws/refuse');
    assert.match(seen.head, /^HTTP\/1\.1 403 /);
    assert.match(seen.head, /x-why: closed/i);
    await until(() => String(seen.received), (text) => text === 'no');
    seen.socket.write('GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => String(seen.bytes), (text) => text.endsWith('own'));
    seen.socket.destroy();
  });

  test('SEC-50 no other protocol is passed on: the request is an ordinary one', async () => {
    for (const headers of [
      { Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' },
      { Upgrade: 'TLS/1.0' },
      { Connection: 'keep-alive' },
      { Upgrade: 'websocket2' },
      { Connection: null },
    ]) {
      const upgrades = other.seen.upgrades.length;
      const seen = await opened('/ws/plain', { headers });
      assert.match(seen.head, /^HTTP\/1\.1 200 /, JSON.stringify(headers));
      await until(() => String(seen.received), (text) => text.includes('plain /plain'));
      assert.equal(other.seen.upgrades.length, upgrades);
      assert.equal(other.seen.requests.at(-1).headers.upgrade, undefined);
      assert.equal(other.seen.requests.at(-1).headers['http2-settings'], undefined);
      seen.socket.destroy();
    }
    const post = net.connect(server.port, '127.0.0.1', () => post.write('POST /ws/plain HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi'));
    const [answer] = await new Promise((resolve) => post.once('data', (bytes) => resolve([String(bytes)])));
    post.destroy();
    assert.match(answer, /^HTTP\/1\.1 200 /);
  });

  test('a site that switches to what nobody asked it for, and one that is not there, are a 502', async () => {
    for (const path of ['/ws/other', '/gone']) {
      const seen = await opened(path);
      assert.match(seen.head, /^HTTP\/1\.1 502 /, path);
      seen.socket.destroy();
    }
    const unasked = await opened('/ws/unasked', { headers: { Connection: null, Upgrade: null } });
    assert.match(unasked.head, /^HTTP\/1\.1 502 /);
    unasked.socket.destroy();
  });

  test('what the application answers itself is an ordinary request', async () => {
    const seen = await opened('/own');
    assert.match(seen.head, /^HTTP\/1\.1 200 /);
    await until(() => String(seen.received), (text) => text === 'own');
    seen.socket.destroy();
  });

  test('SEC-53 proxy.ts guards them, and leads them to listed hosts only', async () => {
    const shut = await opened('/ws/guarded');
    assert.match(shut.head, /^HTTP\/1\.1 401 /);
    const open = await opened('/ws/guarded', { headers: { Cookie: 'pass=1' } });
    assert.match(open.head, /^HTTP\/1\.1 101 /);
    assert.equal(other.seen.upgrades.at(-1).headers['x-set-by-proxy'], '1');
    const listed = await opened(`/chosen?to=${encodeURIComponent(`http://127.0.0.1:${other.port}/echo`)}`);
    assert.match(listed.head, /^HTTP\/1\.1 101 /);
    const upgrades = other.seen.upgrades.length;
    const elsewhere = await opened(`/chosen?to=${encodeURIComponent(`http://localhost:${other.port}/echo`)}`);
    assert.match(elsewhere.head, /^HTTP\/1\.1 403 /);
    assert.equal(other.seen.upgrades.length, upgrades);
    for (const { socket } of [shut, open, listed, elsewhere]) socket.destroy();
  });

  test('each is a connection that counts, and none gives way to newcomers', async () => {
    await until(() => other.seen.open, (open) => open === 0);
    const tunnels = [];
    const speaking = setInterval(() => tunnels.forEach(({ socket }) => socket.write('.')), 100);
    for (let at = 0; at < 20; at += 1) tunnels.push(await opened('/ws/echo'));
    const late = net.connect(server.port, '127.0.0.1', () => late.write('GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    let answer = '';
    late.on('data', (bytes) => { answer += bytes; });
    const said = tunnels.map(({ received }) => received.length);
    await until(() => tunnels.every(({ received }, at) => received.length > said[at] + 5), Boolean);
    assert.equal(answer, '', 'there was room for one more');
    tunnels.pop().socket.destroy();
    await until(() => answer, (text) => text.includes('own'));
    assert.ok(tunnels.every(({ closed }) => !closed));
    clearInterval(speaking);
    for (const { socket } of tunnels) socket.destroy();
    late.destroy();
    await until(() => other.seen.open, (open) => open === 0);
  });

  test('P8 a server that stops ends them and does not wait for them', async () => {
    const stopping = await serve(app.dir, { args: ['--workers', '1'], build: false });
    const seen = await opened('/ws/echo', { port: stopping.port });
    assert.equal(await stopping.stop(), 0);
    await until(() => seen.closed, Boolean);
    await until(() => other.seen.open, (open) => open === 0);
  });
});
