import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { actionResponse, createAction, respond, toHandler } from '../src/actions/index.react-server.ts';
import { setHost } from '../src/actions/host.ts';
import { memoryHost } from '../src/actions/memory-host.ts';

vi.mock('next/headers', () => ({ headers: () => Promise.resolve(new Headers()), cookies: () => Promise.resolve({ getAll: () => [] }) }));
beforeEach(() => setHost(memoryHost()));

const create = createAction({ input: z.object({ n: z.coerce.number() }), rateLimit: { limit: 5, per: '1h' } }, ({ n }) => {
  actionResponse({ status: 201, headers: { 'x-made': String(n) } });
  return { n };
});
const context = { params: Promise.resolve({ id: '7' }) };
const json = (body: unknown, headers: Record<string, string> = {}) =>
  new Request('http://shop.example/api', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });

describe('an action as a Route Handler', () => {
  it('answers JSON with the status and headers that the action has set', async () => {
    const response = await toHandler(create)(json({ n: 3 }), context);
    expect([response.status, response.headers.get('x-made'), await response.json()]).toEqual([201, '3', { ok: true, data: { n: 3 } }]);
  });

  it('answers with the status of a failure', async () => {
    const post = toHandler(create);
    const invalid = await post(json({ n: 'x' }), context);
    expect([invalid.status, Object.keys((await invalid.json()).fieldErrors)]).toEqual([422, ['n']]);
    for (const body of ['{', 'ÿ'.repeat(3)]) expect((await post(json(body), context)).status).toBe(400);
    for (let left = 4; left > 0; left--) await post(json({ n: 1 }), context);
    const limited = await post(json({ n: 1 }), context);
    expect([limited.status, Number(limited.headers.get('retry-after')) > 0, (await limited.json()).code]).toEqual([429, true, 'rate_limited']);
  });

  it('takes forms of its own site and of no other', async () => {
    const post = toHandler(create);
    const send = (headers: Record<string, string>) => post(new Request('http://shop.example/api', { method: 'POST', body: new URLSearchParams({ n: '1' }), headers }), context);
    expect((await send({ origin: 'http://shop.example' })).status).toBe(201);
    expect((await send({ 'sec-fetch-site': 'same-origin' })).status).toBe(201);
    expect((await send({ origin: 'http://evil.example' })).status).toBe(403);
    expect((await send({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await send({ origin: 'null' })).status).toBe(403);
    expect((await toHandler(create, { crossSite: true })(new Request('http://shop.example/api', { method: 'POST', body: new URLSearchParams({ n: '1' }), headers: { origin: 'http://evil.example' } }), context)).status).toBe(201);
  });

  it('reads no more than it may', async () => {
    const response = await toHandler(create, { bodyLimit: 10 })(json({ n: 1, more: 'x'.repeat(100) }), context);
    expect([response.status, (await response.json()).code]).toEqual([413, 'too_large']);
  });

  it('takes bound arguments from the request, and the key from its header', async () => {
    let runs = 0;
    const rename = createAction({ args: [z.string()], input: z.object({ to: z.string() }), idempotency: true }, ({ to }, { bound: [id] }) => `${id} ${to} ${++runs}`);
    const put = toHandler(rename, { args: async (_, { params }) => [(await params)['id']] });
    const send = () => put(json({ to: 'x' }, { 'idempotency-key': '"0123456789abcdef"' }), context);
    expect([await (await send()).json(), await (await send()).json()]).toEqual([{ ok: true, data: '7 x 1' }, { ok: true, data: '7 x 1' }]);
  });

  it('cannot be made of any function', () => {
    expect(() => toHandler(() => undefined)).toThrow('createAction');
  });

  it('is also a result of its own', async () => {
    expect([respond({ ok: true, data: undefined }).status, await respond({ ok: true, data: undefined }).json()]).toEqual([200, { ok: true, data: null }]);
  });
});

describe('actionResponse', () => {
  it.each([100, 204, 302, 304, 600, 200.5])('does not take the status %d', (status) => expect(() => actionResponse({ status })).toThrow(RangeError));
  it.each(['set-cookie', 'location', 'content-type', 'x-action-redirect', 'transfer-encoding'])('does not take the header %s', (name) => expect(() => actionResponse({ headers: { [name]: 'x' } })).toThrow(TypeError));
});
