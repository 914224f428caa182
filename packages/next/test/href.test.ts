import { describe, expect, it } from 'vitest';
import { formatHref } from '../src/href.ts';

describe('the href of a link', () => {
  it.each([
    ['/a?b#c', '/a?b#c'],
    [{ pathname: '/a', query: { b: '1', c: ['2', '3'], d: undefined, e: true } }, '/a?b=1&c=2&c=3&d=&e=true'],
    [{ pathname: '/a', search: 'x=1', hash: 'h' }, '/a?x=1#h'],
    [{ query: { q: 'ä b&c' } }, '?q=%C3%A4+b%26c'],
    [{ pathname: '/50%?#', hash: '#h' }, '/50%%3F%23#h'],
    [{ protocol: 'https', host: 'x.test:8080', pathname: '/a' }, 'https://x.test:8080/a'],
    [{ protocol: 'https:', hostname: '::1', port: 80, pathname: '/' }, 'https://[::1]:80/'],
    [{ protocol: 'mailto:', pathname: 'a@b.test' }, 'mailto:a@b.test'],
    [{}, ''],
  ])('%j is %s', (href, wanted) => {
    expect(formatHref(href)).toBe(wanted);
  });
});
