/** The small pure parts of rendering. */
import { describe, expect, test } from 'vitest';
import type { SegmentParts, Tree } from '@ironside/client/payload.ts';
import { readInterrupt } from '@ironside/client/digest.ts';
import { redirectTarget } from '../src/action/redirect-target.ts';
import { placeFailure } from '../src/render/failure-place.ts';
import { InlineQueue } from '../src/render/inline.ts';
import { nonceOf } from '../src/render/nonce.ts';
import { browserLocation } from '../src/render/redirect-location.ts';
import { parseSearch } from '../src/render/search-params.ts';
import { emptyManifest } from './support/manifest.ts';

describe('the payload in scripts', () => {
  const carried = (script: string): Buffer => {
    const literal = /push\(([^]*)\)<\/script>$/.exec(script)?.[1] ?? '""';
    const value = JSON.parse(literal) as string | [string];
    return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value[0], 'base64');
  };

  test('is the same bytes again, wherever they were cut', () => {
    const bytes = Buffer.concat([Buffer.from('\ufeffä€😀</script><!--\u2028"\\'), Buffer.from([0, 255, 254, 65]), Buffer.from('end ✓')]);
    for (let step = 1; step <= bytes.length; step++) {
      const queue = new InlineQueue(undefined);
      const received: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += step) {
        queue.push(bytes.subarray(at, at + step));
        const script = queue.take(at + step >= bytes.length);
        expect(script.match(/<\/script|<!--/g)?.length ?? 1).toBe(1);
        received.push(carried(script));
      }
      expect(Buffer.concat(received).equals(bytes)).toBe(true);
    }
  });

  test('is text where it can be, and nothing if there is nothing', () => {
    const queue = new InlineQueue('n0');
    expect(queue.take(true)).toBe('');
    queue.push(Buffer.from('ä'));
    expect(queue.take(true)).toBe('<script nonce="n0">(self.__I||=[]).push("ä")</script>');
  });
});

describe('where a failure is shown', () => {
  const tree: Tree = { id: 'L/', segment: '', slots: { children: { id: 'L/a', segment: 'a', slots: { children: { id: 'P/a', segment: '__PAGE__' }, side: { id: 'D/a/@side', segment: '__DEFAULT__' } } } } };
  const error: SegmentParts = { error: () => null };
  const missing: SegmentParts = { notFound: 'x' };
  const place = (parts: Record<string, SegmentParts>, digest: string, slot: string | undefined, before?: Parameters<typeof placeFailure>[2]) =>
    placeFailure({ tree, parts }, { digest, interrupt: readInterrupt({ digest }), thrower: slot === undefined ? undefined : { slot } }, before);
  const NOT_FOUND = 'NEXT_HTTP_ERROR_FALLBACK;404';

  test('errors: by the nearest error file around the segment, not beside it', () => {
    expect(place({ 'L/': error, 'L/a': error }, '1', 'P/a')).toEqual({ segment: 'L/a', slot: 'children', digest: '1' });
    expect(place({ 'L/': error, 'L/a': error }, '1', 'L/a')).toEqual({ segment: 'L/', slot: 'children', digest: '1' });
    expect(place({ 'L/a': error }, '1', 'D/a/@side')).toEqual({ segment: 'L/a', slot: 'side', digest: '1' });
  });
  test('errors that nothing is around: by the outermost boundary', () => {
    expect(place({ 'L/a': error }, '1', 'L/a')).toEqual({ digest: '1' });
    expect(place({}, '1', undefined)).toEqual({ digest: '1' });
  });
  test('what is not found: by the nearest file, at last by the root', () => {
    expect(place({ 'L/a': missing }, NOT_FOUND, 'P/a')).toEqual({ segment: 'L/a', slot: 'children', digest: NOT_FOUND });
    expect(place({}, NOT_FOUND, 'P/a')).toEqual({ segment: 'L/', slot: 'children', digest: NOT_FOUND });
    expect(place({ 'L/a': missing }, NOT_FOUND, 'D/a/@side')).toEqual({ segment: 'L/', slot: 'children', digest: NOT_FOUND });
  });
  test('an unknown place counts as the page', () => {
    expect(place({ 'L/a': error }, '1', undefined)).toEqual({ segment: 'L/a', slot: 'children', digest: '1' });
  });
  test('a boundary that fails itself gives way to the one around it, and in the end to none', () => {
    expect(place({ 'L/': error, 'L/a': error }, '2', undefined, { segment: 'L/a', slot: 'children', digest: '1' })).toEqual({ segment: 'L/', slot: 'children', digest: '2' });
    expect(place({ 'L/': error }, '2', undefined, { segment: 'L/', slot: 'children', digest: '1' })).toEqual({ digest: '2' });
    expect(place({ 'L/': error }, '2', undefined, { digest: '1' })).toBeUndefined();
  });
});

describe('nonces', () => {
  test.each([
    ["script-src 'self' 'nonce-abc+/_-='", 'abc+/_-='],
    ["default-src 'nonce-d'; style-src 'nonce-s'", 'd'],
    ["script-src-elem 'nonce-e'; script-src 'nonce-f'", 'e'],
    ["style-src 'nonce-s'", undefined],
    ["script-src 'nonce-a\"b'", undefined],
    [undefined, undefined],
  ])('of %s', (policy, nonce) => expect(nonceOf(policy)).toBe(nonce));
});

test('search params: repeated names are lists, names without value are empty, odd names are harmless', () => {
  expect(parseSearch('a=1&b=&a=2&c&a=%C3%A4+b')).toEqual({ a: ['1', '2', 'ä b'], b: '', c: '' });
  const odd = parseSearch('__proto__=x&toString=y');
  expect(Object.keys(odd)).toEqual(['__proto__', 'toString']);
  expect(Object.getPrototypeOf(odd)).toBe(Object.prototype);
});

describe('redirects', () => {
  test('of the browser get the base path and are fit for a header', () => {
    const manifest = emptyManifest();
    expect(browserLocation('/ü x\r\nset-cookie: a', manifest)).toBe('/%C3%BC%20x%0D%0Aset-cookie:%20a');
    manifest.config.basePath = '/docs';
    expect(['/', '/a', '/?q', '//other', 'https://x.example/', './rel'].map((url) => browserLocation(url, manifest))).toEqual(['/docs', '/docs/a', '/docs?q', '//other', 'https://x.example/', './rel']);
  });
  test.each([
    ['/two', '/two'], ['/two;x=1', '/two;x=1'], ['./sub', '/a/b/sub'], ['../up', '/a/up'], ['bare', '/a/bare'], ['?a=1', '/a/b?a=1'], ['#x', '/a/b?q=1#x'], ['mailto:a@b.example', 'mailto:a@b.example'], ['//host/x', '//host/x'],
  ])('of an action: %s → %s', (url, target) => expect(redirectTarget(url, { path: '/a/b', query: 'q=1' })).toBe(target));
});
