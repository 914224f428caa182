/** Route handlers, metadata routes and the proxy, run as the connection runs them. */
import '../src/web/install.ts';
import { notFound, permanentRedirect, redirect } from '../../next/src/navigation.react-server.ts';
import { createServer } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { cookies } from '../src/cookies.ts';
import { draftMode, setDraftKey } from '../src/draft-mode.ts';
import { headers } from '../src/headers.ts';
import { revalidatePath, updateTag } from '../src/cache/revalidate.ts';
import { installFetch } from '../src/cache/fetch.ts';
import { runMetadata } from '../src/metadata-route/run-metadata.ts';
import type { ModuleExports } from '../src/modules.ts';
import type { NextFetchEvent } from '../src/proxy/fetch-event.ts';
import { runProxy } from '../src/proxy/run-proxy.ts';
import { runHandler } from '../src/route-handler/run-handler.ts';
import type { NextRequest } from '../src/web/next-request.ts';
import { NextResponse } from '../src/web/next-response.ts';
import { setTestApp, type Reported } from './support/app.ts';
import { startFront, WINDOW, type Answer, type Front, type JobInput } from './support/front.ts';
import { addRoute, emptyManifest } from './support/manifest.ts';
import { setModule } from './support/modules.ts';

vi.mock('../src/modules.ts', () => import('./support/modules.ts'));

let front: Front;
let reported: Reported[];
const manifest = emptyManifest();
let count = 0;

beforeEach(async () => {
  reported = setTestApp(manifest);
  setDraftKey(Buffer.alloc(32, 'k'));
  front = await startFront({ handler: runHandler, metadata: runMetadata, proxy: runProxy });
  front.onCall(() => ({ type: 'done' }));
});
afterEach(() => front.close());

function handler(exports: ModuleExports, dynamicSegment = false, config = {}): number {
  const file = `app/api/n${++count}/route.ts`;
  const route = addRoute(manifest, 'handler', file, [{ kind: 'static', name: `n${count}` }, ...(dynamicSegment ? [{ kind: 'dynamic' as const, name: 'id' }] : [])], config);
  setModule(manifest.segments[file]!.chunk, exports);
  manifest.routes[route]!.staticParams = 'generateStaticParams' in exports;
  return route;
}

const ask = (route: number, input: JobInput = {}): Promise<Answer> => front.answer(front.start({ kind: 'handler', route, path: `/${route}`, ...input }));
const setCookies = (answer: Answer) => answer.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
const header = (answer: Answer, name: string) => answer.headers.find(([own]) => own === name)?.[1];

describe('route handlers', () => {
  test('get a request and params as a promise that also has them as properties', async () => {
    const seen: unknown[] = [];
    const route = handler({
      async GET(request: NextRequest, { params }: { params: Promise<{ id: string }> & { id: string } }) {
        seen.push(params.id, await params, request.nextUrl.searchParams.get('q'));
        return Response.json({ ok: true });
      },
    }, true);
    const answer = await ask(route, { query: 'q=1', params: [{ name: 'id', values: ['caf%C3%A9%2F'], kind: 'd' }] });
    expect(answer.frames).toEqual(['head']);
    expect(answer.body.toString()).toBe('{"ok":true}');
    expect(seen).toEqual(['café/', { id: 'café/' }, '1']);
    expect(answer.outcome.dynamic).toBe('searchParams');
  });

  test('without dynamic segments have no params; undecodable ones are 400', async () => {
    let params: unknown = 'unset';
    const route = handler({ GET: (_: unknown, context: { params: unknown }) => { params = context.params; return new Response('x'); } });
    await ask(route);
    expect(params).toBeUndefined();
    expect((await ask(handler({ GET: () => new Response('x') }, true), { params: [{ name: 'id', values: ['%E0%A4%A'], kind: 'd' }] })).status).toBe(400);
  });

  test('a request without a body that might have one gives an empty stream, others null', async () => {
    const seen: unknown[] = [];
    const read = async (request: NextRequest) => {
      if (request.body === null) return new Response('null');
      for await (const bytes of request.body as unknown as AsyncIterable<Uint8Array>) seen.push(bytes.length);
      await request.text().catch((error: Error) => seen.push(error.name));
      return new Response('stream');
    };
    const route = handler({ POST: read, PUT: read, PATCH: read, DELETE: read, GET: read });
    const bodies = [];
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'GET']) bodies.push((await ask(route, { method })).body.toString());
    expect(bodies).toEqual(['stream', 'stream', 'stream', 'null', 'null']);
    expect(seen).toEqual(['TypeError', 'TypeError', 'TypeError']);
  });

  test('a form that is answered by any redirect is followed by GET', async () => {
    const route = handler({ POST: () => permanentRedirect('/done') });
    for (const [type, status] of [['multipart/form-data; boundary=x', 303], ['application/x-www-form-urlencoded', 303], ['application/json', 308]] as const) {
      expect([type, (await ask(route, { method: 'POST', headers: [['content-type', type]], body: [Buffer.from('x')] })).status]).toEqual([type, status]);
    }
  });

  test('an answer whose body somebody else reads is an error, also where it is short', async () => {
    for (const body of ['text', new Uint8Array(3)]) {
      const route = handler({ GET: () => { const response = new Response(body); response.body?.getReader(); return response; } });
      const { status, outcome } = await ask(route);
      expect([status, outcome.result]).toEqual([0, 'thrown']);
    }
  });

  test('HEAD runs GET, sends no body and cancels a stream', async () => {
    let cancelled = false;
    const route = handler({ GET: () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(10)), cancel: () => { cancelled = true; } }), { headers: { 'x-a': 'b' } }) });
    const answer = await ask(route, { method: 'HEAD' });
    expect([answer.status, header(answer, 'x-a'), answer.body.length, cancelled]).toEqual([200, 'b', 0, true]);
  });

  test('methods that are not exported', async () => {
    const route = handler({ GET: () => new Response('x'), POST: () => new Response('x') });
    const options = await ask(route, { method: 'OPTIONS' });
    expect([options.status, header(options, 'allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
    const put = await ask(route, { method: 'PUT' });
    expect([put.status, put.body.length]).toEqual([405, 0]);
    expect((await ask(route, { method: 'PROPFIND' })).status).toBe(400);
  });

  test('what they throw, or return that is no Response, is an outcome without an answer', async () => {
    for (const broken of [() => { throw new Error('SECRET'); }, () => { throw new Response('x'); }, () => undefined, () => ({ status: 200 }), () => NextResponse.next(), () => Response.error()]) {
      const answer = await ask(handler({ GET: broken }));
      expect(answer.frames).toEqual(['outcome']);
      expect(answer.outcome.result).toBe('thrown');
      expect(answer.outcome.error?.digest).toMatch(/^\d+$/);
    }
    expect(reported.map((one) => one.place)).toEqual(Array(6).fill('handler'));
    expect(String(reported[2]?.error)).toMatch(/returned nothing/);
  });

  test('redirect() keeps cookies; a posted form is followed by GET', async () => {
    const route = handler({
      async GET() { (await cookies()).set('on-the-way', 'out'); redirect('/there?a=1'); },
      POST() { redirect('/there'); },
    });
    const answer = await ask(route);
    expect([answer.status, header(answer, 'location'), answer.body.length, answer.outcome.result]).toEqual([307, '/there?a=1', 0, 'redirect']);
    expect(setCookies(answer)).toEqual(['on-the-way=out; Path=/']);
    const post = async (type: string) => (await ask(route, { method: 'POST', headers: [['content-type', type]] })).status;
    expect(await post('application/json')).toBe(307);
    expect(await post('application/x-www-form-urlencoded')).toBe(303);
    expect(await post('multipart/form-data; boundary=x')).toBe(303);
    const missing = await ask(handler({ GET: () => notFound() }));
    expect([missing.status, missing.body.length, missing.outcome.result]).toEqual([404, 0, 'not_found']);
  });

  test("cookies of the store join the response's own, which win", async () => {
    const answer = await ask(handler({
      async GET() {
        const jar = await cookies();
        jar.set('from-store', '1').set('both', 'store');
        const response = NextResponse.json({});
        response.cookies.set('from-response', '2');
        response.cookies.set('both', 'response');
        return response;
      },
    }));
    expect(setCookies(answer)).toEqual(['from-response=2; Path=/', 'both=response; Path=/', 'from-store=1; Path=/']);
  });

  test('a status text goes along, and one that HTTP does not have is a failure', async () => {
    const answer = await ask(handler({ GET: () => new Response('short and stout', { status: 418, statusText: 'Kettle' }) }));
    expect([answer.status, answer.reason]).toEqual([418, 'Kettle']);
    const long = await ask(handler({ GET: () => new Response('x', { statusText: 'x'.repeat(300) }) }));
    expect([long.frames, long.outcome.error?.message]).toEqual([['outcome'], expect.stringMatching(/status text has 300/)]);
  });

  describe('that pass on what they fetched', () => {
    const upstream = createServer((request, response) => {
      const body = gzipSync('plain text');
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length, 'content-type': 'text/plain' });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    let url = '';
    beforeAll(async () => {
      installFetch();
      await new Promise<void>((listening) => { upstream.listen(0, '127.0.0.1', listening); });
      url = `http://127.0.0.1:${(upstream.address() as { port: number }).port}/`;
    });
    afterAll(() => { upstream.close(); });
    const described = (answer: Answer) => [answer.body.toString(), header(answer, 'content-encoding'), header(answer, 'content-length')];

    test.each<[string, () => Promise<Response>]>([
      ['as it is', () => fetch(url)],
      ['by its stream', async () => { const got = await fetch(url); return new Response(got.body, { headers: got.headers }); }],
      ['by its bytes', async () => { const got = await fetch(url); return new Response(await got.arrayBuffer(), { headers: got.headers }); }],
    ])('%s, name no encoding that fetch took off', async (_, GET) => {
      expect(described(await ask(handler({ GET })))).toEqual(['plain text', undefined, undefined]);
    });

    test('keep an encoding of their own', async () => {
      const packed = gzipSync('packed');
      const answer = await ask(handler({ GET: () => new Response(new Uint8Array(packed), { headers: { 'content-encoding': 'gzip', 'content-length': '3' } }) }));
      expect(gunzipSync(answer.body).toString()).toBe('packed');
      expect([header(answer, 'content-encoding'), header(answer, 'content-length')]).toEqual(['gzip', undefined]);
    });
  });

  test('with dynamicParams = false answer only what generateStaticParams lists, which is asked once', async () => {
    let asked = 0;
    const route = handler({
      generateStaticParams: () => { asked++; return [{ id: 'a' }, { id: 'with space' }]; },
      GET: async (_: unknown, { params }: { params: Promise<{ id: string }> }) => new Response((await params).id),
    }, true, { dynamicParams: false });
    const answers = await Promise.all(['a', 'with%20space', 'b'].map((value) => ask(route, { params: [{ name: 'id', values: [value], kind: 'd' }] })));
    expect(answers.map(({ status, body }) => `${status} ${body.toString()}`)).toEqual(['200 a', '200 with space', '404 ']);
    expect(asked).toBe(1);
  });

  test('without generateStaticParams answer all parameters, whatever dynamicParams says, but where they are static by force', async () => {
    const GET = async (_: unknown, { params }: { params: Promise<{ id: string }> }) => new Response((await params).id);
    const params = [{ name: 'id', values: ['b'], kind: 'd' as const }];
    expect((await ask(handler({ GET }, true, { dynamicParams: false }), { params })).body.toString()).toBe('b');
    expect((await ask(handler({ GET }, true, { dynamicParams: false, dynamic: 'force-static' }), { params })).status).toBe(404);
  });

  test('a throw after a cookie write sends no cookie', async () => {
    const answer = await ask(handler({ async GET() { (await cookies()).set('lost', '1'); throw new Error('x'); } }));
    expect(answer.headers).toEqual([]);
  });

  test('headers() reads, and refuses every change', async () => {
    const results: string[] = [];
    await ask(handler({
      async GET() {
        const list = await headers();
        results.push(list.get('X-One') ?? '', String(list.get('rsc')));
        for (const change of [() => (list as unknown as Headers).set('x-one', '2'), () => (list as unknown as Headers).append('x', '1'), () => (list as unknown as Headers).delete('x-one')]) {
          try { change(); } catch (error) { results.push((error as Error).constructor.name); }
        }
        return new Response(new Headers(list).get('x-one'));
      },
    }), { headers: [['x-one', '1'], ['rsc', '1']] });
    expect(results).toEqual(['1', 'null', 'TypeError', 'TypeError', 'TypeError']);
  });

  test('revalidations are in force before the answer goes out; updateTag() is for actions', async () => {
    const order: string[] = [];
    front.onCall((call) => { order.push(call.op); return { type: 'done' }; });
    const answer = await ask(handler({ POST() { revalidatePath('/a/'); return new Response('x'); } }), { method: 'POST' });
    expect(order).toEqual(['revalidate']);
    expect(answer.outcome.revalidations).toEqual([{ kind: 'path', value: '/a', scope: 'none', mode: 'expire', expireSeconds: undefined }]);
    expect((await ask(handler({ GET() { updateTag('t'); } }))).outcome.error?.message).toContain('Server Action');
  });

  test('draft mode: the cookie that enable() sets is believed, a made-up one is not', async () => {
    const route = handler({
      async GET(request: NextRequest) {
        const mode = await draftMode();
        if (request.nextUrl.searchParams.has('on')) mode.enable();
        if (request.nextUrl.searchParams.has('off')) mode.disable();
        return Response.json(mode.isEnabled);
      },
    });
    const on = setCookies(await ask(route, { query: 'on' }))[0] ?? '';
    expect(on).toMatch(/^__prerender_bypass=[0-9a-f]{32}; Path=\/; Secure; HttpOnly; SameSite=none$/);
    const value = /=([0-9a-f]+);/.exec(on)?.[1] ?? '';
    // The same as `draft.rs` computes.
    expect(value).toBe('6bd276c9c858abb190dc08934e37e004');
    const enabled = async (cookie: string) => (await ask(route, { headers: [['cookie', cookie]] })).body.toString();
    expect(await enabled(`__prerender_bypass=${value}`)).toBe('true');
    expect(await enabled(`__prerender_bypass=${'0'.repeat(32)}`)).toBe('false');
    expect(setCookies(await ask(route, { query: 'off', headers: [['cookie', `__prerender_bypass=${value}`]] }))).toEqual(['__prerender_bypass=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=none']);
  });
});

describe('streamed answers', () => {
  test('each part goes out when it is there', async () => {
    let push!: ReadableStreamDefaultController<Uint8Array>;
    const route = handler({ GET: () => new Response(new ReadableStream({ start(c) { push = c; } })) });
    const job = front.start({ kind: 'handler', route });
    await front.next('head', job);
    for (const text of ['one', 'two']) {
      push.enqueue(new TextEncoder().encode(text));
      expect(Buffer.from((await front.next('chunk', job)).frame['bytes'] as Uint8Array).toString()).toBe(text);
    }
    push.close();
    expect((await front.answer(job)).outcome.result).toBe('ok');
  });

  test('text in a stream is sent as UTF-8, anything else that is no bytes is an error', async () => {
    const stream = (parts: unknown[]) => handler({ GET: () => new Response(new ReadableStream({ start(c) { for (const part of parts) c.enqueue(part); c.close(); } })) });
    expect((await ask(stream(['one ', 'zw\u00f6lf', '', new Uint8Array([33])]))).body.toString()).toBe('one zw\u00f6lf!');
    expect((await ask(stream([{ no: 'bytes' }]))).outcome.result).toBe('thrown');
  });

  test('a producer is asked for no more than the client takes, and cancelled when it goes', async () => {
    let made = 0;
    let cancelled = false;
    const route = handler({ GET: () => new Response(new ReadableStream({ pull(c) { made += 65536; c.enqueue(new Uint8Array(65536)); }, cancel() { cancelled = true; } })) });
    const job = front.start({ kind: 'handler', route });
    // All that the client has room for, and nothing is given back. PONG says that what was possible has been done.
    let got = ((await front.next('head', job)).frame['body'] as Uint8Array).length;
    while (got < WINDOW) got += ((await front.next('chunk', job)).frame['bytes'] as Uint8Array).length;
    front.ping(1);
    await front.next('pong');
    expect(made).toBeLessThan(WINDOW + 65536 * 4);
    front.cancel(job, 'client_gone');
    await front.next('afterDone', job);
    expect(cancelled).toBe(true);
    expect(reported).toEqual([]);
  });

  test('one that fails at once is no answer, one that fails midway breaks off', async () => {
    let fail!: () => void;
    const failing = (first: string) => handler({
      GET: () => new Response(new ReadableStream({
        start(c) {
          fail = () => c.error(new Error('SECRET'));
          if (first) c.enqueue(new TextEncoder().encode(first));
          else fail();
        },
      })),
    });
    expect((await ask(failing(''))).frames).toEqual(['outcome']);
    const job = front.start({ kind: 'handler', route: failing('half') });
    const { body } = (await front.next('head', job)).frame as { body: Uint8Array };
    const part = body.length > 0 ? body : (await front.next('chunk', job)).frame['bytes'] as Uint8Array;
    expect(Buffer.from(part).toString()).toBe('half');
    fail();
    expect((await front.next('outcome', job)).frame['result']).toBe('thrown');
  });

  test('an upload is streamed within its window', async () => {
    const part = new Uint8Array(65536);
    let left = 256;
    const route = handler({ POST: async (request: NextRequest) => {
      let size = 0;
      for await (const bytes of request.body as unknown as AsyncIterable<Uint8Array>) size += bytes.length;
      return new Response(String(size));
    } });
    const job = front.start({ kind: 'handler', route, method: 'POST', body: [] });
    let allowed = 256 * 1024;
    while (left > 0) {
      if (allowed < part.length) allowed += (await front.next('requestCredit', job)).frame['bytes'] as number;
      front.body(job, part);
      allowed -= part.length;
      left--;
    }
    front.bodyEnd(job);
    expect((await front.answer(job)).body.toString()).toBe(String(256 * 65536));
  });
});

describe('metadata routes', () => {
  function metadata(file: string, exports: ModuleExports, withId = false): number {
    const route = addRoute(manifest, 'metadata', `app/m${++count}/${file}`, [{ kind: 'static', name: 'm' }, ...(withId ? [{ kind: 'dynamic' as const, name: '__metadata_id__' }] : [])]);
    setModule(manifest.segments[`app/m${count}/${file}`]!.chunk, exports);
    return route;
  }
  const get = (route: number, id?: string) => ask(route, { kind: 'metadata', params: id === undefined ? [] : [{ name: '__metadata_id__', values: [id], kind: 'd' }] });

  test('a sitemap', async () => {
    const answer = await get(metadata('sitemap.ts', {
      default: () => [{ url: 'https://x.example/a?b&c', lastModified: new Date(0), changeFrequency: 'daily', priority: 1, alternates: { languages: { de: 'https://x.example/de' } }, images: ['https://x.example/i.png'] }],
    }));
    expect([header(answer, 'content-type'), header(answer, 'cache-control')]).toEqual(['application/xml', 'public, max-age=0, must-revalidate']);
    const xml = answer.body.toString().replace(/>\s+</g, '><');
    expect(xml).toContain('<loc>https://x.example/a?b&amp;c</loc>');
    expect(xml).toContain('<lastmod>1970-01-01T00:00:00.000Z</lastmod><changefreq>daily</changefreq><priority>1</priority>');
    expect(xml).toContain('<xhtml:link rel="alternate" hreflang="de" href="https://x.example/de" />');
    expect(xml).toContain('<image:image><image:loc>https://x.example/i.png</image:loc></image:image>');
  });

  test('generateSitemaps: each id is a promise of text, others are 404', async () => {
    const route = metadata('sitemap.ts', { generateSitemaps: () => [{ id: 0 }, { id: 1 }], default: async ({ id }: { id: Promise<string> }) => [{ url: `https://x/${await id}-${typeof await id}` }] }, true);
    expect((await get(route, '1.xml')).body.toString()).toContain('<loc>https://x/1-string</loc>');
    expect((await get(route, '2.xml')).status).toBe(404);
  });

  test('robots and manifest', async () => {
    const robots = await get(metadata('robots.ts', { default: () => ({ rules: [{ userAgent: '*', disallow: ['/p/', '/t/'] }, { userAgent: ['A', 'B'], disallow: '/', crawlDelay: 4 }], sitemap: 'https://x/s.xml', host: 'https://x' }) }));
    expect(robots.body.toString()).toBe('User-Agent: *\nDisallow: /p/\nDisallow: /t/\n\nUser-Agent: A\nUser-Agent: B\nDisallow: /\nCrawl-delay: 4\n\nHost: https://x\nSitemap: https://x/s.xml\n');
    const web = await get(metadata('manifest.ts', { default: () => ({ name: 'N' }) }));
    expect([header(web, 'content-type'), web.body.toString()]).toEqual(['application/manifest+json', '{"name":"N"}']);
  });

  test('an icon is the Response that it returns', async () => {
    const icon = await get(metadata('icon.tsx', { default: () => new Response('<svg/>', { headers: { 'content-type': 'image/svg+xml' } }) }));
    expect([header(icon, 'content-type'), icon.body.toString()]).toEqual(['image/svg+xml', '<svg/>']);
    expect((await get(metadata('icon.tsx', { default: () => 'no image' }))).outcome.result).toBe('thrown');
  });
});

describe('the proxy', () => {
  async function decide(run: (request: NextRequest, event: NextFetchEvent) => unknown, input: JobInput = {}): Promise<Answer> {
    const chunk = `server/rsc/proxy-${++count}.mjs`;
    manifest.proxy = { file: 'proxy.ts', chunk, matchers: [] };
    setModule(chunk, { proxy: run });
    return front.answer(front.start({ kind: 'proxy', path: '/px/a', ...input }));
  }

  test('next() and nothing go on', async () => {
    expect((await decide(() => undefined)).outcome.proxy).toEqual({ action: { type: 'next' }, requestHeaders: undefined, responseHeaders: [] });
    const { proxy } = (await decide(() => NextResponse.next({ headers: { 'x-proxy': 'seen' } }))).outcome;
    expect(proxy).toEqual({ action: { type: 'next' }, requestHeaders: undefined, responseHeaders: [['x-proxy', 'seen']] });
  });

  test('request headers are added, changed and removed; what it could not see stays', async () => {
    const { proxy } = (await decide((request) => {
      expect(request.headers.get('rsc')).toBeNull();
      const headers = new Headers(request.headers);
      headers.set('x-added', 'a');
      headers.set('x-changed', 'new');
      headers.delete('x-removed');
      return NextResponse.next({ request: { headers } });
    }, { headers: [['host', 'h'], ['rsc', '1'], ['x-changed', 'old'], ['x-removed', '1']] })).outcome;
    const headers = Object.fromEntries(proxy!.requestHeaders!);
    expect(headers).toMatchObject({ host: 'h', rsc: '1', 'x-added': 'a', 'x-changed': 'new' });
    expect(headers).not.toHaveProperty('x-removed');
    expect(proxy!.responseHeaders).toEqual([]);
  });

  test('cookies that it sets go to the client and count for the same request', async () => {
    const { proxy } = (await decide(() => {
      const response = NextResponse.next();
      response.cookies.set('new', 'a b');
      response.cookies.delete('old');
      return response;
    }, { headers: [['cookie', 'old=1; kept=2']] })).outcome;
    expect(proxy!.responseHeaders.map(([name]) => name)).toEqual(['set-cookie', 'set-cookie']);
    expect(Object.fromEntries(proxy!.requestHeaders!)['cookie']).toBe('kept=2; new=a%20b');
  });

  test('rewrite and redirect name paths of this site, and URLs of others', async () => {
    const to = async (run: (request: NextRequest) => unknown) => (await decide(run)).outcome.proxy!.action;
    expect(await to((request) => NextResponse.rewrite(new URL('/b?x=1', request.url)))).toEqual({ type: 'rewrite', url: '/b?x=1' });
    expect(await to(() => NextResponse.rewrite('https://other.example/c'))).toEqual({ type: 'rewrite', url: 'https://other.example/c' });
    expect(await to((request) => NextResponse.redirect(new URL('/d', request.url)))).toEqual({ type: 'redirect', url: '/d', status: 307 });
    expect(await to(() => redirect('/e'))).toEqual({ type: 'redirect', url: '/e', status: 307 });
  });

  test('an answer of its own is sent', async () => {
    const answer = await decide(() => Response.json({ error: 'no' }, { status: 401 }));
    expect([answer.status, answer.body.toString(), answer.outcome.proxy?.action]).toEqual([401, '{"error":"no"}', { type: 'respond' }]);
  });

  test('waitUntil holds up no answer, and the query of the router is hidden', async () => {
    let done = false;
    let finish!: () => void;
    const work = new Promise<void>((resolve) => { finish = resolve; }).then(() => { done = true; });
    const answer = await decide((request, event) => {
      expect(request.nextUrl.search).toBe('?a=1');
      event.waitUntil(work);
      return NextResponse.next();
    }, { query: '_rsc=abc&a=1' });
    expect([answer.outcome.after, done]).toEqual([true, false]);
    finish();
    await front.next('afterDone');
    expect(done).toBe(true);
  });

  test('one that throws is an outcome', async () => {
    const answer = await decide(() => { throw new Error('SECRET'); });
    expect([answer.frames, answer.outcome.result]).toEqual([['outcome'], 'thrown']);
  });
});
