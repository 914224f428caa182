import { describe, expect, test } from 'vitest';
import { argumentKey } from '../src/cache/argument-key.ts';

describe('keys of arguments', () => {
  test('what a function can tell apart has keys of its own', () => {
    const distinct: unknown[][] = [
      [], [undefined], [null], ['null'], [0], [-0], ['0'], [0n], [NaN], [Infinity], ['NaN'], [true], ['true'], [[]], [[undefined]], [[null]], [{}], [{ a: undefined }], [{ a: null }],
      [1, 2], [[1, 2]], ['1,2'], [{ a: 1 }], [{ b: 1 }], [new Map()], [new Map([['a', 1]])], [new Map([['a', 2]])], [new Set()], [new Set(['a'])], [[['a', 1]]],
      [new URLSearchParams('a=1')], [new URLSearchParams('a=2')], [new Headers({ a: '1' })], [new Headers({ a: '2' })], [new URL('http://a/')], ['http://a/'], [new Date(0)], [new Date(1)], ['1970-01-01T00:00:00.000Z'],
      [new Uint8Array([1])], [new Uint8Array([2])], [new Int8Array([1])], [new Uint8Array([1]).buffer], [/a/], [/a/g], [new Error('a')], [new Error('b')], [() => 1], [() => 2], [{ deep: [new Map([[1, new Set([1])]])] }], [{ deep: [new Map([[1, new Set([2])]])] }],
    ];
    const keys = distinct.map((args) => argumentKey(args));
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  test('what is equal has the same key', () => {
    const make = () => [1, 'a', [{ b: new Map([['c', new Date(5)]]) }], new URLSearchParams('d=e'), undefined];
    expect(argumentKey(make())).toBe(argumentKey(make()));
    const shared = { a: 1 };
    expect(argumentKey([shared, shared])).toBe(argumentKey([{ a: 1 }, { a: 1 }]));
  });

  test('an iterator is not used up, and what refers to itself is refused', () => {
    const iterator = [1, 2][Symbol.iterator]();
    argumentKey([iterator]);
    expect([...iterator]).toEqual([1, 2]);
    const loop: unknown[] = [];
    loop.push({ loop });
    expect(() => argumentKey(loop)).toThrow(/refers to itself/);
  });
});
