/** Cookies as text, as jars, and through `cookies()`. */
import { describe, expect, test } from 'vitest';
import { cookies } from '../src/cookies.ts';
import { RequestCookies, ResponseCookies } from '../src/web/cookie-jars.ts';
import { formatSetCookie, parseCookieHeader, parseSetCookie } from '../src/web/cookie-text.ts';
import { inRequest, testStore } from './support/store.ts';

describe('the cookie header', () => {
  test('the last of two counts, and one that cannot be decoded spoils no other', () => {
    const jar = parseCookieHeader('a=1; sp=two%20w; pct=100%; e=; a=2; u=%E4%B8%96; eq=a=b; flag');
    expect(Object.fromEntries(jar)).toEqual({ a: '2', sp: 'two w', e: '', u: '世', eq: 'a=b', flag: 'true' });
  });
});

describe('set-cookie', () => {
  test('attributes stand in their order, with a path always', () => {
    expect(formatSetCookie({
      name: 'full', value: 'v=1; x', path: '/api', domain: 'example.com', expires: new Date(Date.UTC(2040, 0, 2, 3, 4, 5)),
      httpOnly: true, secure: true, sameSite: 'strict', priority: 'high', partitioned: true,
    })).toBe('full=v%3D1%3B%20x; Path=/api; Expires=Mon, 02 Jan 2040 03:04:05 GMT; Domain=example.com; Secure; HttpOnly; SameSite=strict; Partitioned; Priority=high');
    expect(formatSetCookie({ name: 'zero', value: '', maxAge: 0 })).toBe('zero=; Path=/; Max-Age=0');
  });

  test('a line break or a semicolon cannot become another header or attribute', () => {
    expect(() => formatSetCookie({ name: 'a', value: '1', path: '/\r\nset-cookie: evil=1' })).toThrow(TypeError);
    expect(() => formatSetCookie({ name: 'a', value: '1', domain: 'x; Secure' })).toThrow(TypeError);
    expect(() => formatSetCookie({ name: 'a b', value: '1' })).toThrow(TypeError);
  });

  test('what was written is read back', () => {
    const cookie = { name: 'n', value: 'a b;c', path: '/p', maxAge: 60, httpOnly: true, sameSite: 'lax' as const };
    expect(parseSetCookie(formatSetCookie(cookie))).toMatchObject(cookie);
    expect(parseSetCookie('=nameless')).toBeUndefined();
  });
});

describe('jars', () => {
  test("request.cookies is a view of the request's header", () => {
    const headers = new Headers({ cookie: 'a=1; b=two%20words' });
    const jar = new RequestCookies(headers);
    expect(jar.get('b')).toEqual({ name: 'b', value: 'two words' });
    jar.set('c', 'é').delete('a');
    expect(headers.get('cookie')).toBe('b=two%20words; c=%C3%A9');
    expect(jar.delete(['b', 'nope'])).toEqual([true, false]);
    expect(jar.clear().size).toBe(0);
    expect(headers.has('cookie')).toBe(false);
  });

  test('response.cookies keeps one line per name and reads what is there', () => {
    const headers = new Headers([['set-cookie', 'old=1; Path=/o']]);
    const jar = new ResponseCookies(headers);
    jar.set('same', '1').set('same', '2').delete({ name: 'gone', path: '/deep' });
    expect(headers.getSetCookie()).toEqual(['old=1; Path=/o', 'same=2; Path=/', 'gone=; Path=/deep; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(jar.get('old')).toEqual({ name: 'old', value: '1', path: '/o' });
  });

  test('maxAge brings Expires', () => {
    const headers = new Headers();
    new ResponseCookies(headers).set('a', '1', { maxAge: 3600 });
    const expires = /Expires=([^;]+)/.exec(headers.getSetCookie()[0] ?? '')?.[1] ?? '';
    expect(Math.abs(Date.parse(expires) - Date.now() - 3_600_000)).toBeLessThan(5000);
  });
});

describe('cookies()', () => {
  test('a write in a handler is seen by later reads and goes into the store', async () => {
    const store = testStore('handler', { headers: [['cookie', 'a=1']] });
    await inRequest(store, async () => {
      const jar = await cookies();
      jar.set('b', 'x y').delete('a');
      expect((await cookies()).get('b')?.value).toBe('x y');
      expect(jar.get('a')).toEqual({ name: 'a', value: '', path: '/', expires: new Date(0) });
    });
    expect([...store.cookieWrites.values()]).toEqual(['b=x%20y; Path=/', 'a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(store.refresh).toBe(0);
  });

  test('where cookies can be set, each shows what it was set with, and a path; where not, name and value', async () => {
    const writable = testStore('handler', { headers: [['cookie', 'a=1']] });
    await inRequest(writable, async () => {
      const jar = await cookies();
      jar.set('b', '2', { httpOnly: true, sameSite: 'lax', path: '/p' });
      expect(jar.getAll()).toEqual([{ name: 'a', value: '1', path: '/' }, { name: 'b', value: '2', httpOnly: true, sameSite: 'lax', path: '/p' }]);
      expect([...jar].map(([name, cookie]) => [name, cookie.value])).toEqual([['a', '1'], ['b', '2']]);
    });
    const page = testStore('render', { headers: [['cookie', 'a=1']] });
    expect((await inRequest(page, cookies)).getAll()).toEqual([{ name: 'a', value: '1' }]);
  });

  test('a write in an action asks for fresh UI', async () => {
    const store = testStore('action');
    await inRequest(store, async () => (await cookies()).set('a', '1'));
    expect(store.refresh).toBe(1);
  });

  test('a write while rendering throws and names the remedy', async () => {
    const store = testStore('render');
    await expect(inRequest(store, async () => (await cookies()).set('a', '1'))).rejects.toThrow(/Server Action or a Route Handler/);
    expect(store.dynamic).toBe('cookies');
  });

  test('a static route sees none, a strictly static one may not ask', async () => {
    const blind = testStore('render', { headers: [['cookie', 'a=1']] });
    blind.config = { dynamic: 'force-static' };
    expect((await inRequest(blind, cookies)).size).toBe(0);
    expect(blind.dynamic).toBeUndefined();
    const strict = testStore('render');
    strict.config = { dynamic: 'error' };
    await expect(inRequest(strict, cookies)).rejects.toThrow(/declared static/);
  });

  test('outside of a request the error says where it belongs', () => {
    expect(() => cookies()).toThrow(/outside of a request/);
  });
});
