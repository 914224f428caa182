/** Our `Response` and `NextResponse`: as the standard has them, and what is sent of them. */
import '../src/web/install.ts';
import { describe, expect, test } from 'vitest';
import { NativeResponse } from '../src/web/native.ts';
import { NextResponse } from '../src/web/next-response.ts';
import { sendableBody, sendableHeaders } from '../src/web/response.ts';

const sent = (response: Response) => {
  const body = sendableBody(response);
  return { kind: body.kind, text: body.kind === 'bytes' ? Buffer.from(body.bytes).toString() : undefined, headers: Object.fromEntries(sendableHeaders(response)) };
};

describe('Response', () => {
  test('text and bytes are sent without a stream', () => {
    expect(sent(new Response('grüße'))).toEqual({ kind: 'bytes', text: 'grüße', headers: { 'content-type': 'text/plain;charset=UTF-8' } });
    expect(sent(new Response(new URLSearchParams({ q: 'a b' })))).toEqual({ kind: 'bytes', text: 'q=a+b', headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' } });
    expect(sent(Response.json({ a: 1 }))).toEqual({ kind: 'bytes', text: '{"a":1}', headers: { 'content-type': 'application/json' } });
    expect(sent(new Response())).toEqual({ kind: 'none', text: undefined, headers: {} });
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    const response = new Response(view);
    view[0] = 9;
    const body = sendableBody(response);
    expect(body.kind === 'bytes' && [...body.bytes]).toEqual([2, 3]);
  });

  test('a given content type is kept', () => {
    expect(sent(new Response('<p>', { headers: { 'Content-Type': 'text/html' } })).headers).toEqual({ 'content-type': 'text/html' });
    expect(sent(Response.json({}, { headers: { 'content-type': 'application/problem+json' }, status: 409, statusText: 'No' })).headers).toEqual({ 'content-type': 'application/problem+json' });
  });

  test('blobs, forms and streams have their types and are streamed', async () => {
    expect(sent(new Response(new Blob(['x'], { type: 'a/b' }))).headers).toEqual({ 'content-type': 'a/b' });
    const form = new FormData();
    form.set('a', '1');
    const response = new Response(form);
    expect(sent(response).kind).toBe('stream');
    expect((await response.clone().formData()).get('a')).toBe('1');
    async function* words() { yield new TextEncoder().encode('un '); yield new TextEncoder().encode('deux'); }
    expect(await new Response(words() as unknown as ReadableStream).text()).toBe('un deux');
  });

  test('can be read as a native one', async () => {
    expect(await new Response('\ufefftext').text()).toBe('text');
    expect(await Response.json([1]).json()).toEqual([1]);
    expect((await new Response('abc').arrayBuffer()).byteLength).toBe(3);
    expect((await new Response('abc', { headers: { 'content-type': 'x/y' } }).blob()).type).toBe('x/y');
    const reader = new Response('abc').body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('abc');
  });

  test('one that was read cannot be sent, its clone can', async () => {
    const response = new Response('once');
    const clone = response.clone();
    await response.text();
    expect(response.bodyUsed).toBe(true);
    expect(() => sendableBody(response)).toThrow(/read already/);
    expect(sent(clone).text).toBe('once');
    await expect(response.text()).rejects.toThrow(TypeError);
  });

  test('mistakes throw as in the standard', () => {
    expect(() => new Response('x', { status: 204 })).toThrow(TypeError);
    expect(() => new Response('x', { status: 99 })).toThrow(RangeError);
    expect(() => new Response('x', { headers: { a: 'b\r\nc: d' } })).toThrow(TypeError);
    expect(() => new Response('x', { statusText: 'a\nb' })).toThrow(TypeError);
    expect(() => Response.json(undefined)).toThrow(TypeError);
    expect(() => Response.redirect('http://x/', 200)).toThrow(RangeError);
    expect(Response.error().status).toBe(0);
  });

  test('is an instance with the native ones, in both directions', () => {
    expect(new NativeResponse('x') instanceof Response).toBe(true);
    expect(new Response('x') instanceof NativeResponse).toBe(true);
    expect(new Response('x') instanceof NextResponse).toBe(false);
    class Sub extends Response {}
    expect(new Sub('x') instanceof Sub && new Sub('x') instanceof Response && new Sub('x').constructor === Sub).toBe(true);
  });

  test('set-cookie headers stay apart', () => {
    const headers = new Headers();
    headers.append('set-cookie', 'a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT');
    headers.append('set-cookie', 'b=2');
    expect(sendableHeaders(new Response('c', { headers })).filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual(['a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT', 'b=2']);
  });
});

describe('NextResponse', () => {
  test('json, with an init', async () => {
    const response = NextResponse.json({ error: 'taken' }, { status: 409, headers: { 'x-why': 'name' } });
    expect([response.status, response.headers.get('content-type'), response.headers.get('x-why')]).toEqual([409, 'application/json', 'name']);
    expect(response instanceof NextResponse && response instanceof Response).toBe(true);
    expect(await response.json()).toEqual({ error: 'taken' });
  });

  test('redirect is 307 unless told, and takes only redirects', () => {
    expect(NextResponse.redirect('https://example.com/a').status).toBe(307);
    expect(NextResponse.redirect(new URL('https://example.com/a'), 308).headers.get('location')).toBe('https://example.com/a');
    expect(NextResponse.redirect('https://example.com/', { status: 303, headers: { 'x-also': 'this' } }).headers.get('x-also')).toBe('this');
    expect(() => NextResponse.redirect('https://example.com/', 200)).toThrow(RangeError);
    expect(() => NextResponse.redirect('/relative')).toThrow(/new URL/);
  });

  test('cookies are set on the response', () => {
    const response = new NextResponse('x');
    response.cookies.set('plain', 'b a');
    response.cookies.set({ name: 'object', value: 'é', sameSite: 'lax', path: '/x' });
    response.cookies.set('true-site', '1', { sameSite: true });
    expect(response.headers.getSetCookie()).toEqual(['plain=b%20a; Path=/', 'object=%C3%A9; Path=/x; SameSite=lax', 'true-site=1; Path=/; SameSite=true']);
  });

  test('next and rewrite carry what they mean in headers', () => {
    const headers = new Headers({ 'x-a': '1' });
    const next = NextResponse.next({ request: { headers } });
    expect([next.headers.get('x-middleware-next'), next.headers.get('x-middleware-override-headers'), next.headers.get('x-middleware-request-x-a')]).toEqual(['1', 'x-a', '1']);
    expect(NextResponse.rewrite('http://h/x').headers.get('x-middleware-rewrite')).toBe('http://h/x');
  });
});
