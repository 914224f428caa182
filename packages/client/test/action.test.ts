import { describe, expect, it } from 'vitest';
import { declaredArguments } from '../src/action/arguments.ts';
import { createQueue } from '../src/action/queue.ts';
import { redirectIn } from '../src/action/reply-headers.ts';
import { readInterrupt } from '../src/digest.ts';

const id = (info: string): string => info + 'a'.repeat(40);

describe('the arguments that are sent', () => {
  it.each([
    ['00', ['event'], []],
    ['40', ['a', 'event'], ['a']],
    ['60', ['a', 'b', 'c'], ['a', 'b']],
    ['20', ['a', 'b'], [undefined, 'b']],
    ['7e', [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6]],
    ['7f', [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]],
    ['60', ['a'], ['a']],
  ])('of an action with info byte %s are those that it declares', (info, args, sent) => {
    expect(declaredArguments(id(info), args)).toEqual(sent);
  });

  it('of an action with another kind of id are all', () => {
    expect(declaredArguments('native.add', [1, 2])).toEqual([1, 2]);
  });
});

describe('the queue', () => {
  it('runs one at a time, in order, and goes on after a failure', async () => {
    const queue = createQueue();
    const log: string[] = [];
    const job = (name: string, fails = false) => queue(async () => {
      log.push(`${name} begins`);
      await Promise.resolve();
      await Promise.resolve();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
    const results = await Promise.allSettled([job('a'), job('b', true), job('c')]);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('x-action-redirect', () => {
  it.each([
    ['/two;push', { url: '/two', type: 'push' }],
    ['/two;x=1;replace', { url: '/two;x=1', type: 'replace' }],
    ['/two', undefined],
    [null, undefined],
  ])('%s', (header, wanted) => {
    expect(redirectIn(header)).toEqual(wanted);
  });
});

describe('digests', () => {
  it.each([
    ['NEXT_REDIRECT;push;/a;b?c=1;307;', { kind: 'redirect', type: 'push', url: '/a;b?c=1', status: 307, handled: false }],
    ['NEXT_HTTP_ERROR_FALLBACK;403', { kind: 'http', status: 403 }],
    ['NEXT_HTTP_ERROR_FALLBACK;500', undefined],
    ['12345', undefined],
  ])('%s', (digest, wanted) => {
    expect(readInterrupt(Object.assign(new Error('x'), { digest }))).toEqual(wanted);
  });

  it('are not looked for where there is none', () => {
    for (const thrown of [undefined, null, 'NEXT_REDIRECT;push;/a;307;', 1, { digest: 1 }]) expect(readInterrupt(thrown)).toBeUndefined();
  });
});
