/** Under `cacheComponents`: whether work waits for anything but caches. */
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { triedOut } from '../src/cache-components/try-out.ts';
import { cookies } from '../src/cookies.ts';
import { unstable_cache } from '../src/cache/unstable-cache.ts';
import { requestStorage, type RequestStore } from '../src/request-store.ts';
import { setTestApp } from './support/app.ts';
import { inRequest, memoryFront, testStore } from './support/store.ts';

beforeEach(() => { setTestApp(); });

const tried = (work: (store: RequestStore) => Promise<unknown>, store = testStore('render', { permit: 1 })) => triedOut(store, work);
const wait = (ms: number) => new Promise((resolve) => { setTimeout(resolve, ms); });

describe('work is for everybody', () => {
  test('if it waits for promises that are there', async () => {
    expect(await tried(async () => { for (let i = 0; i < 1000; i++) await Promise.resolve(i); })).toBeUndefined();
  });

  test('if it waits for caches, also one after the other and one in the other', async () => {
    let runs = 0;
    const slow = unstable_cache(async (n: number) => { await wait(60); return `${n} ${++runs} ${Math.random()} ${Date.now()}`; }, ['slow']);
    const outer = unstable_cache(async () => slow(3), ['outer']);
    const store = testStore('render', { permit: 1 }, memoryFront());
    const seen: string[][] = [];
    expect(await tried(async () => { seen.push([await slow(1), await slow(2), await outer()]); }, store)).toBeUndefined();
    expect(runs).toBe(3);
    expect(seen[1]).toEqual(seen[0]);
    // The answer that is made then sees the same, without asking anybody.
    expect(await inRequest(store, () => slow(1))).toBe(seen[0]?.[0]);
  });

  test('if it fails: that is for the answer to tell', async () => {
    expect(await tried(() => Promise.reject(new Error('x')))).toBeUndefined();
  });
});

describe('work is for one visitor', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a timer', () => wait(0)],
    ['the next turn', () => new Promise((resolve) => { setImmediate(resolve); })],
    ['a file', () => readFile(import.meta.filename)],
    ['a connection', () => fetch('http://127.0.0.1:59871/').catch(() => undefined)],
    ['what never comes', () => new Promise(() => undefined)],
  ])('if it waits for %s', async (_, work) => {
    expect(await tried(work)).toBe('io');
  });

  test.each<[string, () => unknown]>([
    ['Date.now()', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Date()', () => Date()],
    ['Math.random()', () => Math.random()],
    ['crypto.randomUUID()', () => crypto.randomUUID()],
    ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(1))],
  ])('if it calls %s', async (_, call) => {
    expect(await tried(async () => { call(); })).toBe('random');
    expect(await tried(async () => { await null; call(); })).toBe('random');
  });

  test('but not if it reads a date that is given', async () => {
    expect(await tried(async () => { expect(new Date(5) instanceof Date).toBe(true); expect(new Date('2020-01-01').getFullYear()).toBe(2020); })).toBeUndefined();
  });

  test('if it asks for the request, whatever it does then', async () => {
    expect(await tried(async () => { await cookies(); })).toBe('cookies');
    expect(await tried(async () => { void cookies(); await wait(5); })).toBe('cookies');
  });
});

test('what others do meanwhile does not count, and afterwards everything is as it was', async () => {
  const before = [Date, Date.now, Math.random, crypto.randomUUID, crypto.getRandomValues];
  let over = false;
  const others = requestStorage.run(testStore('render'), async () => { while (!over) { Math.random(); Date.now(); await new Promise((resolve) => { setImmediate(resolve); }); } });
  expect(await tried(async () => { await null; })).toBeUndefined();
  over = true;
  await others;
  expect([Date, Date.now, Math.random, crypto.randomUUID, crypto.getRandomValues]).toEqual(before);
});
