/**
 * The lazily made request: it must answer as a real one. The global `Request` and `Response` are ours here, as in a worker.
 */
import '../src/web/install.ts';
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect, types } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ironsideFetch } from '../src/cache/fetch.ts';
import { RequestBody } from '../src/connection/request-body.ts';
import type { Job, JobContext } from '../src/job.ts';
import type { NextRequest } from '../src/web/next-request.ts';
import { incomingRequest, type IncomingOptions } from '../src/web/incoming-request.ts';
import { NextRequest as NextRequestClass } from '../src/web/next-request.ts';
import { NextURL } from '../src/web/next-url.ts';
import { testStore } from './support/store.ts';

/** A byte order mark and bytes that are no UTF-8, on purpose. */
const RAW = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0x00, 0x80, 0x7d]);

function make(job: Partial<Job> = {}, body: Buffer[] = [RAW], options: IncomingOptions = {}): NextRequest {
  return makeWithContext(job, body, options).request;
}

function makeWithContext(job: Partial<Job> = {}, parts: Buffer[] = [RAW], options: IncomingOptions = {}): { request: NextRequest; context: JobContext } {
  const store = testStore('handler', {
    method: 'POST', path: '/blog/hello', query: 'page=2&q=a%20b', hasBody: true,
    headers: [['host', 'shop.example:3000'], ['cookie', 'session=abc; theme=dark'], ['content-type', 'text/plain'], ['x-many', 'one'], ['x-many', 'two']],
    ...job,
  });
  const body = new RequestBody(store.job.hasBody, 1 << 18, () => undefined);
  // As the decoder gives them: each with a buffer of its own.
  for (const part of parts) body.push(new Uint8Array(part));
  body.finish('complete');
  const controller = new AbortController();
  const context = { job: store.job, store, body, signal: controller.signal } as unknown as JobContext;
  return { request: incomingRequest(context, options), context };
}

let server: Server;
let base: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('x-method', request.method ?? '');
      response.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => { server.closeAllConnections(); server.close(); });

describe('it is a Request', () => {
  test('to instanceof, toString and inspect, and not to isProxy', () => {
    const request = make();
    expect(request instanceof Request).toBe(true);
    expect(request instanceof NextRequestClass).toBe(true);
    expect(Object.prototype.toString.call(request)).toBe('[object Request]');
    expect(request.constructor.name).toBe('Request');
    expect(inspect(request).startsWith('Request')).toBe(true);
    expect(types.isProxy(request)).toBe(false);
    expect(Object.keys(request)).toEqual([]);
    expect(Object.entries({ ...request })).toEqual([]);
    expect('ip' in request || 'geo' in request).toBe(false);
  });

  test('with method, url, headers, cookies and nextUrl', () => {
    const request = make();
    expect(request.method).toBe('POST');
    expect(request.url).toBe('http://shop.example:3000/blog/hello?page=2&q=a%20b');
    expect(request.headers instanceof Headers).toBe(true);
    expect(request.headers.get('X-MANY')).toBe('one, two');
    expect(request.headers.get('x-forwarded-proto')).toBe('http');
    expect(request.headers.get('x-forwarded-port')).toBe('3000');
    expect(request.cookies.get('theme')?.value).toBe('dark');
    expect(request.nextUrl.pathname).toBe('/blog/hello');
    expect(request.nextUrl.searchParams.get('q')).toBe('a b');
  });

  test('whose URL is written as the URL standard has it', () => {
    expect(make({ query: 'a="<>&b=é' }).url).toBe(new URL('http://shop.example:3000/blog/hello?a="<>&b=é').href);
    expect(make({ authority: 'Shop.Example:80', query: '' }).url).toBe('http://shop.example/blog/hello');
    expect(make({}, [RAW], { basePath: '/docs' }).nextUrl.basePath).toBe('/docs');
    expect(make({}, [RAW], { basePath: '/docs' }).url).toBe('http://shop.example:3000/docs/blog/hello?page=2&q=a%20b');
  });

  test('changed headers are kept by a copy', () => {
    const request = make();
    request.headers.set('x-a', '1');
    expect(new Request(request).headers.get('x-a')).toBe('1');
  });
});

describe('the body', () => {
  test('is exact as bytes', async () => {
    const sign = (data: Uint8Array) => createHmac('sha256', 'k').update(data).digest('hex');
    expect(sign(new Uint8Array(await make().arrayBuffer()))).toBe(sign(RAW));
    expect(sign(await make().bytes())).toBe(sign(RAW));
    expect((await make({}, [RAW, RAW]).arrayBuffer()).byteLength).toBe(RAW.length * 2);
  });

  test('drops a byte order mark as text', async () => {
    expect((await make().text()).charCodeAt(0)).toBe(0x7b);
  });

  test('can be read once', async () => {
    const request = make();
    expect(request.bodyUsed).toBe(false);
    await request.text();
    expect(request.bodyUsed).toBe(true);
    await expect(request.text()).rejects.toThrow(TypeError);
    expect(() => new Request(request)).toThrow(TypeError);
    expect(() => request.clone()).toThrow(TypeError);
  });

  test('json() of what is no JSON rejects with a SyntaxError', async () => {
    await expect(make({}, [Buffer.from('{"a":')]).json()).rejects.toThrow(SyntaxError);
    await expect(make({ hasBody: false }, []).json()).rejects.toThrow(SyntaxError);
    expect(await make({}, [Buffer.from('{"a":'), Buffer.from('"é"}')]).json()).toEqual({ a: 'é' });
  });

  test('formData() reads forms, and throws a TypeError for what is none', async () => {
    const form = (type: string, text: string) => make({ headers: [['content-type', type]] }, [Buffer.from(text)]).formData();
    expect([...(await form('application/x-www-form-urlencoded', 'a=1&b=x+y&a=2')).entries()]).toEqual([['a', '1'], ['b', 'x y'], ['a', '2']]);
    await expect(form('application/json', '{}')).rejects.toThrow(TypeError);
    await expect(form('multipart/form-data; boundary=zzz', 'no parts')).rejects.toThrow(TypeError);
  });

  test('blob() has the type of the request', async () => {
    const blob = await make({ headers: [['content-type', 'image/x-test']] }).blob();
    expect([blob.type, blob.size]).toEqual(['image/x-test', RAW.length]);
  });

  test('is a byte stream, and null where there is none', async () => {
    const { body } = make();
    expect(body instanceof ReadableStream).toBe(true);
    const { value } = await body!.getReader({ mode: 'byob' }).read(new Uint8Array(64));
    expect(Buffer.from(value!)).toEqual(RAW);
    expect(make({ method: 'GET', hasBody: false }, []).body).toBeNull();
    expect(await make({ method: 'POST', hasBody: false }, []).text()).toBe('');
  });

  test('a clone and the request are both read', async () => {
    const request = make();
    const clone = request.clone() as NextRequest;
    expect(clone instanceof Request).toBe(true);
    expect(clone.nextUrl.pathname).toBe('/blog/hello');
    expect(await clone.text()).toBe(await request.text());
  });
});

describe('others take it for one', () => {
  test('new Request(it)', async () => {
    const copy = new Request(make());
    expect(copy.method).toBe('POST');
    expect((await copy.text()).length).toBeGreaterThan(0);
    expect(new Request(make(), { headers: { a: 'b' } }).headers.get('a')).toBe('b');
  });

  test('new Request(url, it)', async () => {
    const copy = new Request('http://x/y', make() as unknown as RequestInit);
    expect([copy.method, copy.headers.get('cookie')]).toEqual(['POST', 'session=abc; theme=dark']);
    expect((await copy.arrayBuffer()).byteLength).toBe(RAW.length);
  });

  test('new NextRequest(it), new NextRequest(url, it) and a class that extends Request', async () => {
    expect(new NextRequestClass(make()).nextUrl.search).toBe('?page=2&q=a%20b');
    const copy = new NextRequestClass('http://x/y?z=1', make() as unknown as ConstructorParameters<typeof NextRequestClass>[1]);
    expect([copy.method, copy.nextUrl.href, copy.cookies.get('session')?.value]).toEqual(['POST', 'http://x/y?z=1', 'abc']);
    expect((await copy.arrayBuffer()).byteLength).toBe(RAW.length);
    expect(new NextRequestClass('http://x/', new Request('http://y/', { headers: { a: 'b' } }) as { method: string }).headers.get('a')).toBe('b');
    class Sub extends Request {}
    const sub = new Sub(make());
    expect(sub instanceof Sub && sub instanceof Request && sub.method === 'POST').toBe(true);
    expect(make() instanceof Sub).toBe(false);
  });

  test('fetch(it) and fetch(url, it)', async () => {
    const answer = await ironsideFetch(make({ authority: base, headers: [] }));
    expect(answer.headers.get('x-method')).toBe('POST');
    expect((await answer.arrayBuffer()).byteLength).toBe(RAW.length);
    expect((await ironsideFetch(`http://${base}/`, make({ headers: [] }) as unknown as RequestInit)).headers.get('x-method')).toBe('POST');
  });

  test('new Response(its body), and a Proxy around it', async () => {
    expect((await new Response(make().body).arrayBuffer()).byteLength).toBe(RAW.length);
    const request = make();
    const proxy = new Proxy(request, { get: (target, name, receiver) => Reflect.get(target, name, receiver) as unknown });
    expect(proxy.url).toBe(request.url);
    expect(proxy.nextUrl.pathname).toBe('/blog/hello');
  });

  test('its signal is an AbortSignal, the same each time', () => {
    const request = make();
    expect(request.signal instanceof AbortSignal).toBe(true);
    expect(request.signal).toBe(request.signal);
  });
});

describe('what is read is noted', () => {
  test.each([
    ['headers', (request: NextRequest) => request.headers],
    ['cookies', (request: NextRequest) => request.cookies],
    ['searchParams', (request: NextRequest) => request.nextUrl.searchParams],
    ['searchParams', (request: NextRequest) => request.url],
  ])('as %s', (reason, read) => {
    const { request, context } = makeWithContext({ method: 'GET', hasBody: false }, []);
    void request.nextUrl.pathname;
    expect(context.store.dynamic).toBeUndefined();
    read(request);
    expect(context.store.dynamic).toBe(reason);
  });

  test('a static handler sees the path and nothing else', () => {
    const store = testStore('handler', { path: '/api/blind', query: 'q=1', headers: [['x-one', '1'], ['cookie', 'c=1']] });
    store.config = { dynamic: 'force-static' };
    const request = incomingRequest({ job: store.job, store, body: undefined, signal: AbortSignal.abort() } as unknown as JobContext);
    expect(request.url).toBe('http://localhost:3000/api/blind');
    expect([...request.headers.keys()]).toEqual([]);
    expect(request.cookies.size).toBe(0);
    expect(store.dynamic).toBeUndefined();
  });
});

describe('NextURL', () => {
  test('hides the base path, and writes it into href', () => {
    const url = new NextURL('http://h/docs/a?x=1#f', { basePath: '/docs' });
    expect([url.pathname, url.basePath, url.href, url.search, url.hash]).toEqual(['/a', '/docs', 'http://h/docs/a?x=1#f', '?x=1', '#f']);
    const clone = url.clone();
    clone.pathname = '/b';
    clone.searchParams.set('y', '2');
    expect(String(clone)).toBe('http://h/docs/b?x=1&y=2#f');
    expect(String(url)).toBe('http://h/docs/a?x=1#f');
    expect(new URL('/c', url as unknown as string).href).toBe('http://h/c');
  });

  test('knows that a longer name is another folder', () => {
    expect(new NextURL('http://h/docsy', { basePath: '/docs' }).pathname).toBe('/docsy');
  });
});
