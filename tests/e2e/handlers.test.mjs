// Route Handlers over real sockets: methods, bodies, forms, streams, deadlines.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import zlib from 'node:zlib';
import Stripe from 'stripe';
import { folder, repository, serve } from './lib/application.mjs';
import { until } from './lib/browser.mjs';
import { chunks, h2, raw } from './lib/wire.mjs';

const files = {
  'ironside.toml': '[handlers]\nbody-limit = "40 MB"\nform-memory = "64 KB"\nform-parts = 20\nevent-stream-heartbeat = 1\n',
  'app/layout.tsx': 'export default function Layout({ children }: any) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default () => <p>ready</p>;\n',
  'lib/state.ts': 'export const state: any = ((globalThis as any).state ??= { aborted: [], cancelled: [], files: [] });\n',
  'app/state/route.ts': "import { state } from '../../lib/state';\nexport const dynamic = 'force-dynamic';\nexport const GET = () => Response.json({ ...state, pid: process.pid });\n",
  'app/dav/route.ts': `
export const LIMIT = 3;
export const GET = () => new Response('x'.repeat(2000));
export async function PROPFIND(request: Request) { return new Response(request.method + ' ' + await request.text(), { status: 207 }); }
const search = () => new Response('found');
export { search as 'M-SEARCH' };
`,
  'app/hook/route.ts': `import Stripe from 'stripe';
const stripe = new Stripe('sk_test_none');
export async function POST(request: Request) {
  try {
    const event = stripe.webhooks.constructEvent(await request.text(), request.headers.get('stripe-signature')!, 'whsec_test');
    return Response.json({ type: event.type });
  } catch (error) {
    return Response.json({ error: (error as Error).message }, { status: 400 });
  }
}
`,
  'app/hash/route.ts': `import { createHash } from 'node:crypto';
export async function POST(request: Request) {
  const hash = createHash('sha256');
  let size = 0;
  if (new URL(request.url).searchParams.has('whole')) { const all = Buffer.from(await request.arrayBuffer()); size = all.length; hash.update(all); }
  else for await (const part of request.body as any) { size += part.length; hash.update(part); }
  return Response.json({ size, hash: hash.digest('hex') });
}
`,
  'app/form/route.ts': `import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { state } from '../../lib/state';
const spools = () => readdirSync('/proc/self/fd').filter((fd) => { try { return readlinkSync('/proc/self/fd/' + fd).includes('ironside-form-'); } catch { return false; } }).length;
export const GET = () => Response.json({ spools: spools() });
export async function POST(request: Request) {
  const form = await request.formData();
  const out: any = {};
  for (const [name, value] of form) out[name] = typeof value === 'string' ? value : { name: value.name, type: value.type, size: value.size, hash: createHash('sha256').update(Buffer.from(await value.arrayBuffer())).digest('hex') };
  return Response.json({ ...out, spools: spools() });
}
`,
  'app/static/route.ts': "export const dynamic = 'force-static';\nexport const GET = () => new Response('kept', { status: 201, statusText: 'Made Once' });\n",
  'app/slow/route.ts': `import { state } from '../../lib/state';
export const maxDuration = 1;
export async function GET(request: Request) {
  request.signal.addEventListener('abort', () => state.aborted.push('slow: ' + request.signal.reason.name));
  await new Promise((done) => setTimeout(done, 8000));
  return new Response('late');
}
`,
  'app/loop/route.ts': 'export const maxDuration = 1;\nexport function GET() { for (;;); }\n',
  'app/edge/route.ts': "export const runtime = 'edge';\nexport const preferredRegion = ['fra1', 'home'];\nexport const GET = () => new Response('edge');\n",
  'app/events/route.ts': `import { state } from '../../lib/state';
export function GET(request: Request) {
  const name = new URL(request.url).searchParams.get('name') ?? '';
  request.signal.addEventListener('abort', () => state.aborted.push(name));
  let count = 0;
  const type = new URL(request.url).searchParams.get('type') ?? 'text/event-stream';
  const body = new ReadableStream({
    async pull(controller) {
      if (++count > 3) { if (request.headers.has('x-fail')) throw new Error('midway'); await new Promise(() => {}); }
      controller.enqueue(new TextEncoder().encode(type === 'text/event-stream' ? 'data: ' + count + '\\n\\n' : JSON.stringify({ count }) + '\\n'));
      await new Promise((done) => setTimeout(done, 120));
    },
    cancel() { state.cancelled.push(name); },
  });
  return new Response(body, { headers: { 'content-type': type } });
}
`,
  'app/late/page.tsx': `import { Suspense, cacheSignal } from 'react';
import { state } from '../../lib/state';
export const dynamic = 'force-dynamic';
async function Never({ name }: { name: string }) { cacheSignal()!.addEventListener('abort', () => state.aborted.push('page ' + name)); await new Promise(() => {}); return null; }
export default async function Late({ searchParams }: any) { const { name } = await searchParams; return <Suspense fallback={<p>wait</p>}><Never name={name} /></Suspense>; }
`,
};

const boundary = 'aBc';
const multipart = { 'content-type': `multipart/form-data; boundary=${boundary}` };
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

describe('route handlers', () => {
  let app, server, temporary;
  const get = (path, init) => fetch(server.base + path, init);
  const post = (path, body, headers = {}) => fetch(server.base + path, { method: 'POST', body, headers, duplex: 'half' });
  const state = async () => (await get('/state')).json();
  before(async () => {
    app = folder(files);
    mkdirSync(join(app.dir, 'node_modules'), { recursive: true });
    symlinkSync(join(repository, 'node_modules', 'stripe'), join(app.dir, 'node_modules', 'stripe'));
    temporary = mkdtempSync(join(tmpdir(), 'ironside-spool-'));
    server = await serve(app.dir, { args: ['--workers', '1'], env: { TMPDIR: temporary } });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
    rmSync(temporary, { recursive: true, force: true });
  });

  function request(method, path, headers = {}, body) {
    return new Promise((resolve, reject) => {
      const sent = http.request(server.base + path, { method, headers }, (answer) => {
        let text = '';
        answer.on('data', (bytes) => (text += bytes));
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text, reason: answer.statusMessage }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  describe('methods', () => {
    test('of any name answer, if they are exported', async () => {
      assert.deepEqual(pick(await request('PROPFIND', '/dav', {}, 'depth')), [207, 'PROPFIND depth']);
      assert.deepEqual(pick(await request('M-SEARCH', '/dav')), [200, 'found']);
      const refused = await request('LOCK', '/dav');
      assert.equal(refused.status, 405);
      const missing = await request('POST', '/dav');
      assert.deepEqual([missing.status, missing.headers.allow], [405, 'GET, HEAD, M-SEARCH, OPTIONS, PROPFIND']);
      assert.deepEqual(pick(await request('LIMIT', '/dav'))[0], 405);
      assert.equal((await request('PROPFIND', '/state')).status, 405);
      assert.equal((await request('PROPFIND', '/')).status, 405);
      assert.equal((await request('OPTIONS', '/dav')).headers.allow, 'GET, HEAD, M-SEARCH, OPTIONS, PROPFIND');
    });
    test('HEAD has the headers of GET and no body', async () => {
      for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
        const [whole, head] = [await request('GET', '/dav', headers), await request('HEAD', '/dav', headers)];
        assert.equal(head.text, '');
        for (const name of ['content-type', 'content-encoding', 'vary']) assert.equal(head.headers[name], whole.headers[name], name);
        if (!headers['accept-encoding']) assert.equal(head.headers['content-length'], '2000');
      }
    });
    test('the runtime and region of other platforms are accepted', async () => {
      assert.equal(await (await get('/edge')).text(), 'edge');
    });
    test('a static answer keeps its status text', async () => {
      for (let time = 0; time < 2; time += 1) {
        const answer = await request('GET', '/static');
        assert.deepEqual([answer.status, answer.reason, answer.text], [201, 'Made Once', 'kept']);
      }
      const options = await request('OPTIONS', '/static');
      assert.deepEqual([options.status, options.headers.allow], [204, 'GET, HEAD, OPTIONS']);
    });
  });

  describe('bodies', () => {
    test('are the exact bytes that the stripe package verifies', async () => {
      const payload = JSON.stringify({ id: 'evt_1', object: 'event', type: 'charge.succeeded', data: { text: 'ünïcödé  \u2028 \t' } }, null, 2);
      const signature = new Stripe('sk_test_none').webhooks.generateTestHeaderString({ payload, secret: 'whsec_test' });
      const good = await post('/hook', payload, { 'stripe-signature': signature });
      assert.deepEqual([good.status, await good.json()], [200, { type: 'charge.succeeded' }]);
      const bad = await post('/hook', payload.replace('charge', 'chargE'), { 'stripe-signature': signature });
      assert.equal(bad.status, 400);
      assert.match((await bad.json()).error, /signature/i);
    });
    test('arrive as they were sent, at once and as a stream', async () => {
      const body = randomBytes(5 * 1024 * 1024);
      for (const path of ['/hash', '/hash?whole']) assert.deepEqual(await (await post(path, body)).json(), { size: body.length, hash: sha(body) });
    });
    test('over the limit are refused before they are read, and while they come', async () => {
      const told = raw(server.port, `POST /hash HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${50 << 20}\r\n\r\n`);
      await until(() => told.received.toString('latin1'), (text) => text.startsWith('HTTP/1.1 413'));
      told.socket.destroy();
      const stream = new ReadableStream({ count: 0, pull(controller) { if (++this.count > 41) controller.close(); else controller.enqueue(new Uint8Array(1 << 20)); } });
      assert.equal((await post('/hash', stream)).status, 413);
      assert.equal((await get('/state')).status, 200);
    });
    test('are asked for with 100 Continue', async () => {
      const asked = raw(server.port, 'POST /hash HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
      await until(() => asked.received.toString('latin1'), (text) => text.startsWith('HTTP/1.1 100'));
      asked.socket.write('hello');
      await until(() => asked.received.toString('latin1'), (text) => text.includes('200 OK') && text.includes(sha('hello')));
      asked.socket.destroy();
    });
  });

  describe('forms', () => {
    const leftovers = () => readdirSync(temporary).filter((name) => name.startsWith('ironside-form'));
    test('with large files are read from the disk, and nothing is left of them', async () => {
      const big = randomBytes(8 << 20);
      const form = new FormData();
      form.append('text', 'ünï');
      form.append('big', new File([big], 'big.bin', { type: 'application/x-big' }));
      form.append('small', new File(['tiny'], 'small.txt', { type: 'text/x-small' }));
      const seen = await (await post('/form', form)).json();
      assert.equal(seen.text, 'ünï');
      assert.deepEqual(seen.big, { name: 'big.bin', type: 'application/x-big', size: big.length, hash: sha(big) });
      assert.deepEqual(seen.small, { name: 'small.txt', type: 'text/x-small', size: 4, hash: sha('tiny') });
      if (process.platform === 'linux') assert.ok(seen.spools >= 1);
      await until(async () => (await get('/form')).json(), ({ spools }) => spools === 0);
      assert.deepEqual(leftovers(), []);
    });
    test('that break off with their connection leave nothing', async () => {
      const half = raw(server.port, `POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${multipart['content-type']}\r\nContent-Length: 9000000\r\n\r\n--${boundary}\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n${'x'.repeat(1 << 20)}`);
      if (process.platform === 'linux') await until(async () => (await get('/form')).json(), ({ spools }) => spools === 1);
      half.socket.destroy();
      await until(async () => (await get('/form')).json(), ({ spools }) => spools === 0);
      assert.deepEqual(leftovers(), []);
    });
    for (const [name, body, status, reason] of [
      ['truncated', `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nval`, 400, /before its last boundary/],
      ['of another boundary', `--other\r\n\r\n\r\n--other--`, 400, /boundary/],
      ['without a name', `--${boundary}\r\nX-Y: z\r\n\r\nval\r\n--${boundary}--`, 400, /name/],
      ['with too many fields', Array.from({ length: 21 }, () => `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n`).join('') + `--${boundary}--`, 413, /20 fields/],
    ]) {
      test(`${name}: ${status} with the reason`, async () => {
        const answer = await post('/form', body, multipart);
        assert.equal(answer.status, status);
        assert.match(await answer.text(), reason);
      });
    }
    test('urlencoded are read, too', async () => {
      const { spools: _, ...seen } = await (await post('/form', new URLSearchParams({ a: 'b c', d: 'é' }))).json();
      assert.deepEqual(seen, { a: 'b c', d: 'é' });
    });
  });

  describe('streams', () => {
    const decoders = { gzip: zlib.createGunzip, br: zlib.createBrotliDecompress };
    for (const type of ['text/event-stream', 'application/x-ndjson']) {
      for (const encoding of ['identity', 'gzip', 'br']) {
        test(`${type} in ${encoding}: each part comes when it is made`, async () => {
          const seen = raw(server.port, `GET /events?type=${type} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: ${encoding}\r\n\r\n`);
          const decoder = decoders[encoding]?.();
          let text = '';
          decoder?.on('data', (bytes) => (text += bytes));
          let fed = 0;
          const read = () => {
            const { head, parts } = chunks(seen.received);
            if (encoding !== 'identity' && head !== '') assert.match(head, new RegExp(`content-encoding: ${encoding}`, 'i'));
            for (; fed < parts.length; fed += 1) decoder ? decoder.write(parts[fed]) : (text += parts[fed]);
            return text;
          };
          const marks = type === 'text/event-stream' ? ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n'] : ['{"count":1}\n', '{"count":2}\n', '{"count":3}\n'];
          for (const mark of marks) await until(read, (all) => all.endsWith(mark) || all.includes(mark));
          // The stream hangs now: everything that was made is here, though it has not ended.
          assert.ok(!chunks(seen.received).complete);
          seen.socket.destroy();
        });
      }
    }
    test('of events that are silent get a comment', async () => {
      const seen = raw(server.port, 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(() => Buffer.concat(chunks(seen.received).parts).toString(), (text) => text.endsWith('data: 3\n\n:\n'));
      seen.socket.destroy();
      const other = raw(server.port, 'GET /events?type=application/x-ndjson HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(() => Buffer.concat(chunks(other.received).parts).toString(), (text) => text.includes('3}'));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.doesNotMatch(Buffer.concat(chunks(other.received).parts).toString(), /^:/m);
      other.socket.destroy();
    });
    test('whose reader has gone are aborted and cancelled, over HTTP/1.1 and HTTP/2', async () => {
      const one = raw(server.port, 'GET /events?name=one HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(() => one.received.length, (length) => length > 0);
      one.socket.destroy();
      const two = h2(server.base, { ':path': '/events?name=two' });
      await until(() => two.received.length, (length) => length > 0);
      two.stream.close(8);
      await until(state, ({ aborted, cancelled }) => ['one', 'two'].every((name) => aborted.includes(name) && cancelled.includes(name)));
    });
    test('of pages whose reader has gone end, too', async () => {
      const one = raw(server.port, 'GET /late?name=one HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(() => one.received.toString(), (text) => text.includes('wait'));
      one.socket.destroy();
      const two = h2(server.base, { ':path': '/late?name=two' });
      await until(() => two.received.toString(), (text) => text.includes('wait'));
      two.stream.close(8);
      await until(state, ({ aborted }) => ['page one', 'page two'].every((name) => aborted.includes(name)));
    });
    test('that fail midway end visibly, over HTTP/1.1 and HTTP/2', async () => {
      const one = raw(server.port, 'GET /events HTTP/1.1\r\nHost: localhost\r\nX-Fail: 1\r\n\r\n');
      await one.ended;
      const { parts, complete } = chunks(one.received);
      assert.ok(!complete && Buffer.concat(parts).includes('data: 3'), 'cut without a last chunk');
      const two = await h2(server.base, { ':path': '/events', 'x-fail': '1' }).done;
      assert.equal(two.headers[':status'], 200);
      assert.notEqual(two.reset, 0);
    });
  });

  describe('maxDuration', () => {
    test('ends with 504, and the code hears of it', async () => {
      assert.equal((await get('/slow')).status, 504);
      await until(state, ({ aborted }) => aborted.includes('slow: TimeoutError'));
    });
    test('a loop without end is answered 504, and its worker replaced', async () => {
      const { pid } = await state();
      assert.equal((await get('/loop')).status, 504);
      await until(() => state().catch(() => ({})), (now) => now.pid !== undefined && now.pid !== pid, { timeout: 40_000 });
    });
  });
});

function pick({ status, text }) {
  return [status, text];
}
