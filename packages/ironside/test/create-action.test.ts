import { type } from 'arktype';
import * as v from 'valibot';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ActionError, createAction, fail, statusOf, withIdempotencyKey } from '../src/actions/index.react-server.ts';
import { answerOf, setHost } from '../src/actions/host.ts';
import { memoryHost } from '../src/actions/memory-host.ts';

const request = { cookies: new Map<string, string>(), address: '10.0.0.1' };
vi.mock('next/headers', () => ({
  headers: () => Promise.resolve(new Headers({ 'x-forwarded-for': request.address })),
  cookies: () => Promise.resolve({ getAll: () => Array.from(request.cookies, ([name, value]) => ({ name, value })) }),
}));

beforeEach(() => {
  request.cookies = new Map();
  request.address = '10.0.0.1';
  setHost(memoryHost());
});

function form(fields: Record<string, string | string[]>): FormData {
  const made = new FormData();
  for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) made.append(name, value);
  return made;
}

const KEY = 'key-0123456789abcdef';

describe.each([
  ['zod', z.object({ name: z.string().min(2, 'short'), items: z.array(z.object({ id: z.coerce.number().int('no number') })) })],
  ['valibot', v.object({ name: v.pipe(v.string(), v.minLength(2, 'short')), items: v.array(v.object({ id: v.pipe(v.string(), v.transform(Number), v.integer('no number')) })) })],
  ['arktype', type({ name: type('string>=2').configure({ message: 'short' }), items: type({ id: type('string.integer.parse').configure({ message: 'no number' }) }).array() })],
])('an action with a schema of %s', (_, schema) => {
  const action = createAction({ input: schema as z.ZodType<{ name: string; items: { id: number }[] }> }, (input) => input);

  it('gets the form as the schema gives it', async () => {
    expect(await action(form({ name: 'Ann', 'items[0].id': '1', 'items[1].id': '2' }))).toEqual({ ok: true, data: { name: 'Ann', items: [{ id: 1 }, { id: 2 }] } });
  });

  it('says what is wrong with which field, under the name in the form', async () => {
    const result = await action(null, form({ name: 'A', 'items[3].id': '1.5' }));
    expect(result).toMatchObject({ ok: false, code: 'invalid', fieldErrors: { name: ['short'], 'items[3].id': ['no number'] }, values: { name: 'A', 'items[3].id': '1.5' } });
    expect(statusOf(result)).toBe(422);
    expect(answerOf(result)).toEqual({ status: 422, headers: [] });
  });
});

describe('an action', () => {
  it('takes an object, alone or after the state of useActionState', async () => {
    const double = createAction({ input: z.object({ n: z.number() }) }, ({ n }) => n * 2);
    expect(await double({ n: 2 })).toEqual({ ok: true, data: 4 });
    expect(await double({ ok: true, data: 4 }, { n: 3 })).toEqual({ ok: true, data: 6 });
    expect(await double({ n: 'x' as unknown as number })).toMatchObject({ ok: false, code: 'invalid' });
  });

  it('validates what was bound, and tells it from the state', async () => {
    const rename = createAction({ args: [z.string(), z.coerce.number()], input: z.object({ to: z.string() }) }, ({ to }, { bound: [id, version] }) => `${id}@${version}: ${to}`);
    expect(await rename('a', '2' as unknown as number, form({ to: 'x' }))).toEqual({ ok: true, data: 'a@2: x' });
    expect(await rename('a', 2, null, form({ to: 'x' }))).toEqual({ ok: true, data: 'a@2: x' });
    expect(await rename(7 as unknown as string, 2, form({ to: 'x' }))).toMatchObject({ ok: false, code: 'invalid' });
  });

  it('answers with failures that are returned or thrown, and lets other errors through', async () => {
    const action = createAction({ input: z.string() }, (how) => {
      if (how === 'return') return fail('conflict', 'taken', { fieldErrors: { name: ['taken'] } });
      if (how === 'throw') throw new ActionError('not_found', 'gone');
      if (how === 'own') throw new ActionError('out_of_stock', 'sold');
      if (how === 'redirect') throw Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;push;/x;307;' });
      throw new Error('a fault');
    });
    expect(await action('return')).toEqual({ ok: false, code: 'conflict', error: 'taken', fieldErrors: { name: ['taken'] }, formErrors: [] });
    expect(statusOf(await action('throw'))).toBe(404);
    expect(statusOf(await action('own'))).toBe(400);
    await expect(action('redirect')).rejects.toMatchObject({ digest: 'NEXT_REDIRECT;push;/x;307;' });
    await expect(action('fault')).rejects.toThrow('a fault');
  });

  it('leaves out of its data what `output` does not know, and fails where it does not fit', async () => {
    const output = z.object({ id: z.number() });
    const action = createAction({ input: z.unknown(), output }, (input) => input as { id: number });
    expect(await action({ id: 1, secret: 'x' })).toEqual({ ok: true, data: { id: 1 } });
    await expect(action({ id: 'x' })).rejects.toThrow('`output`');
  });

  it('is run for those only whom `auth` finds', async () => {
    let session: unknown;
    let runs = 0;
    const action = createAction({ auth: () => { if (session instanceof Error) throw session; return session as { id: string } | null; } }, (_, { session }) => { runs++; return session.id; });
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    for (const nobody of [null, undefined, false, new Error('the session store is down'), new ActionError('unauthorized', 'no'), Object.assign(new Error(), { digest: 'NEXT_HTTP_ERROR_FALLBACK;401' })]) {
      session = nobody;
      const result = await action(undefined);
      expect([result.ok || result.code, statusOf(result)]).toEqual(['unauthorized', 401]);
    }
    expect([runs, log.mock.calls.length]).toEqual([0, 1]);
    log.mockRestore();
    session = { id: 'ann' };
    expect(await action(undefined)).toEqual({ ok: true, data: 'ann' });
  });

  it('refuses names of fields that reach into objects', async () => {
    expect(await createAction({ input: z.object({}) }, () => 1)(form({ '__proto__.x': '1' }))).toMatchObject({ ok: false, code: 'bad_request' });
  });

  it('refuses what is larger than its limit where the server does not', async () => {
    const action = createAction({ bodyLimit: '1kb' }, () => 'stored');
    expect(await action(form({ text: 'x'.repeat(2000) }))).toMatchObject({ ok: false, code: 'too_large' });
    expect(await action(form({ text: 'x' }))).toEqual({ ok: true, data: 'stored' });
  });

  it.each([
    [{ bodyLimit: 'many' }], [{ rateLimit: { limit: 0, per: '1m' } }], [{ rateLimit: { limit: 1, per: 'often' } }], [{ input: {} }], [{ idempotency: { keep: '90d' } }], [{ ratelimit: {} }],
  ])('cannot be made with the options %j', (options) => {
    expect(() => createAction(options as object, () => 1)).toThrow(TypeError);
  });
});

describe('a rate limit', () => {
  it('counts by client, says when to try again, and counts actions apart', async () => {
    const make = () => createAction({ rateLimit: { limit: 2, per: '1h' } }, () => 'done');
    const [one, other] = [make(), make()];
    expect([(await one(1)).ok, (await one(1)).ok]).toEqual([true, true]);
    const refused = await one(1);
    expect(refused).toMatchObject({ ok: false, code: 'rate_limited', retryAfter: 1800 });
    expect(answerOf(refused)).toEqual({ status: 429, headers: [['retry-after', '1800']] });
    expect((await other(1)).ok).toBe(true);
    request.address = '10.0.0.2';
    expect((await one(1)).ok).toBe(true);
  });

  it('counts by what `by` gives', async () => {
    let user = 'ann';
    const action = createAction({ auth: () => ({ user }), rateLimit: { limit: 1, per: '1h', by: ({ session }) => session.user } }, () => 'done');
    expect([(await action(1)).ok, (await action(1)).ok]).toEqual([true, false]);
    user = 'bob';
    expect((await action(1)).ok).toBe(true);
  });
});

describe('an idempotency key', () => {
  function counter(options: Parameters<typeof createAction>[0] = {}) {
    let runs = 0;
    const action = createAction({ idempotency: true, ...options }, async () => {
      runs++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return runs;
    });
    return { action, runs: () => runs };
  }

  it('lets many submissions at once run once, with one answer', async () => {
    const { action, runs } = counter();
    const results = await Promise.all(Array.from({ length: 50 }, () => action(null, form({ a: '1', $idempotencyKey: KEY }))));
    expect(runs()).toBe(1);
    expect(new Set(results.map((result) => JSON.stringify(result)))).toEqual(new Set(['{"ok":true,"data":1}']));
  });

  it('counts a submission that comes again once against a rate limit', async () => {
    const { action } = counter({ rateLimit: { limit: 1, per: '1h' } });
    const input = withIdempotencyKey(KEY, { a: 1 });
    expect([(await action(input)).ok, (await action(input)).ok, (await action({ a: 1 })).ok]).toEqual([true, true, false]);
  });

  it('is not good for another body, nor for somebody else', async () => {
    const { action, runs } = counter();
    await action(withIdempotencyKey(KEY, { a: 1 }));
    const other = await action(withIdempotencyKey(KEY, { a: 2 }));
    expect([other, statusOf(other)]).toMatchObject([{ ok: false, code: 'key_reused' }, 422]);
    request.cookies = new Map([['session', 'bob'], ['theme', 'dark']]);
    expect((await action(withIdempotencyKey(KEY, { a: 1 }))).ok).toBe(true);
    request.cookies = new Map([['session', 'bob'], ['theme', 'light']]);
    await action(withIdempotencyKey(KEY, { a: 1 }));
    expect(runs()).toBe(2);
  });

  it('belongs to whom `auth` found, whatever else a session holds', async () => {
    let session = { user: { id: 'ann' }, seen: 1 };
    const { action, runs } = counter({ auth: () => session });
    await action(withIdempotencyKey(KEY, {}));
    session = { user: { id: 'ann' }, seen: 2 };
    await action(withIdempotencyKey(KEY, {}));
    expect(runs()).toBe(1);
    session = { user: { id: 'bob' }, seen: 2 };
    await action(withIdempotencyKey(KEY, {}));
    expect(runs()).toBe(2);
  });

  it('stays free after a failure and after an error, and repeats a redirect', async () => {
    let mood: 'fail' | 'throw' | 'redirect' = 'fail';
    let runs = 0;
    const action = createAction({ idempotency: true }, () => {
      runs++;
      if (mood === 'fail') return fail('conflict', 'no');
      if (mood === 'throw') throw new Error('fault');
      throw Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;push;/thanks;307;' });
    });
    const send = () => action(withIdempotencyKey(KEY, {}));
    expect((await send()).ok).toBe(false);
    mood = 'throw';
    await expect(send()).rejects.toThrow('fault');
    mood = 'redirect';
    for (let i = 0; i < 2; i++) await expect(send()).rejects.toMatchObject({ digest: 'NEXT_REDIRECT;push;/thanks;307;' });
    expect(runs).toBe(3);
  });

  it('may be required, and has to be one', async () => {
    const { action } = counter({ idempotency: { required: true } });
    expect(await action({})).toMatchObject({ ok: false, code: 'bad_request' });
    expect(await action(withIdempotencyKey('short', {}))).toMatchObject({ ok: false, code: 'bad_request' });
    expect(await action(form({ $idempotencyKey: '' }))).toMatchObject({ ok: false, code: 'bad_request' });
  });
});
