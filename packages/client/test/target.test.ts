import { describe, expect, it } from 'vitest';
import { destinationOf, hrefOf, withBasePath, withTrailingSlash, withoutBasePath } from '../src/router/target.ts';

const BASE = 'http://app.test/docs/a/b?x=1';

describe('where an href leads', () => {
  it.each([
    ['/c?y=2#z', { kind: 'app', target: { path: '/c', search: '?y=2', hash: '#z' } }],
    ['?y=2', { kind: 'app', target: { path: '/a/b', search: '?y=2', hash: '' } }],
    ['#z', { kind: 'app', target: { path: '/a/b', search: '?x=1', hash: '#z' } }],
    ['c', { kind: 'app', target: { path: '/a/c', search: '', hash: '' } }],
    ['http://app.test/docs/c', { kind: 'app', target: { path: '/c', search: '', hash: '' } }],
    ['http://app.test/other', { kind: 'external', href: 'http://app.test/other' }],
    ['https://else.test/', { kind: 'external', href: 'https://else.test/' }],
    ['//else.test/x', { kind: 'external', href: 'http://else.test/x' }],
    ['mailto:a@b.test', { kind: 'external', href: 'mailto:a@b.test' }],
    ['javascript:alert(1)', { kind: 'refused', href: 'javascript:alert(1)' }],
    [' JavaScript:alert(1)', { kind: 'refused', href: ' JavaScript:alert(1)' }],
    ['data:text/html,x', { kind: 'refused', href: 'data:text/html,x' }],
    ['http://[', { kind: 'refused', href: 'http://[' }],
  ])('%s', (href, wanted) => {
    expect(destinationOf(href, BASE, '/docs')).toEqual(wanted);
  });
});

describe('base path and trailing slash', () => {
  it('goes in front of paths and comes off again', () => {
    for (const path of ['/', '/a', '/a/b/']) expect(withoutBasePath(withBasePath(path, '/docs'), '/docs')).toBe(path);
    expect(withBasePath('/?q=1', '/docs')).toBe('/docs?q=1');
    expect(withoutBasePath('/docsy', '/docs')).toBeUndefined();
    expect(hrefOf({ path: '/a', search: '?q', hash: '#h' }, '/docs')).toBe('/docs/a?q#h');
  });

  it('is added to pages and not to files', () => {
    expect(['/', '/a', '/a/', '/a.txt'].map((path) => withTrailingSlash(path, true))).toEqual(['/', '/a/', '/a/', '/a.txt']);
    expect(['/', '/a', '/a/'].map((path) => withTrailingSlash(path, false))).toEqual(['/', '/a', '/a']);
  });
});
