/** The real worker as a process: the bundle of `main.ts` with an application, on descriptor 3. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frontOver, type Front } from './support/front.ts';
import { buildWorker, type WorkerBuild } from './support/worker-build.ts';

const HANDLERS = {
  hello: `
    import { NextResponse } from 'next/server';
    import { cookies, headers } from 'next/headers';
    export async function GET(request) {
      const jar = await cookies();
      jar.set('seen', 'yes');
      return NextResponse.json({ url: request.url, a: jar.get('a')?.value, x: (await headers()).get('x-one'), env: process.env.FROM_CONFIG, next: process.env.NEXT_RUNTIME, registered: globalThis.registered });
    }`,
  echo: `export async function POST(request) { return new Response(request.body); }`,
  sizes: `
    import { createHash } from 'node:crypto';
    export async function POST(request) {
      const hash = createHash('sha256'); let size = 0;
      for await (const part of request.body) { hash.update(part); size += part.length; }
      return Response.json({ size, sha: hash.digest('hex'), heap: process.memoryUsage().rss });
    }`,
  late: `export const GET = () => { setTimeout(() => { Promise.reject(new Error('nobody waits for this')); }, 5); return new Response('ok'); };`,
  uncaught: `export const GET = () => new Promise(() => { setTimeout(() => { throw new Error('uncaught on purpose'); }, 5); });`,
  ticks: `
    export const GET = () => new Response(new ReadableStream({ start(controller) { setInterval(() => controller.enqueue(new TextEncoder().encode('tick')), 5); } }));`,
  fails: `export const GET = () => { throw Object.assign(new Error('SECRET'), { digest: 'own-digest' }); };`,
};

const INSTRUMENTATION = `
  export async function register() { await null; globalThis.registered = process.env.FROM_CONFIG; }
  export async function onRequestError(error, request, context) { console.log('TOLD', JSON.stringify([error.message, request.path, context.routePath, context.routeType])); }`;

let build: WorkerBuild;
let child: ChildProcess;
let front: Front;
let output = '';

beforeAll(async () => { build = await buildWorker(HANDLERS, INSTRUMENTATION); }, 60_000);

async function start(script: string): Promise<void> {
  output = '';
  child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  child.stdout!.on('data', (text: Buffer) => { output += text.toString(); });
  child.stderr!.on('data', (text: Buffer) => { output += text.toString(); });
  front = frontOver(child.stdio[3] as Duplex, [], async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  await front.boot({
    manifest: join(build.folder, 'manifest.json'), keys: [new Uint8Array(32).fill(7)], environment: [{ name: 'FROM_CONFIG', value: 'given' }],
  });
}

afterEach(() => front.close());

describe('a worker', () => {
  beforeEach(() => start(build.worker));

  test('answers handlers that use next/*, with the environment of CONFIG and after register()', async () => {
    const answer = await front.answer(front.start({ route: build.routes['hello']!, path: '/hello', query: 'q=1', headers: [['cookie', 'a=1'], ['x-one', '1']] }));
    expect(answer.frames).toEqual(['head']);
    expect(JSON.parse(answer.body.toString())).toEqual({ url: 'http://shop.example/hello?q=1', a: '1', x: '1', env: 'given', next: 'nodejs', registered: 'given' });
    expect(answer.headers).toContainEqual(['set-cookie', 'seen=yes; Path=/']);
  });

  test('streams a body through, both ways at once', async () => {
    const job = front.start({ route: build.routes['echo']!, method: 'POST', path: '/echo', body: [] });
    for (const text of ['one', 'two']) {
      front.body(job, Buffer.from(text));
      const { frame } = await front.next(text === 'one' ? 'head' : 'chunk', job);
      const bytes = Buffer.from((frame['body'] ?? frame['bytes']) as Uint8Array);
      if (text === 'one' && bytes.length === 0) expect(Buffer.from((await front.next('chunk', job)).frame['bytes'] as Uint8Array).toString()).toBe('one');
      else expect(bytes.toString()).toBe(text);
    }
    front.bodyEnd(job);
    expect((await front.answer(job)).outcome.result).toBe('ok');
  });

  test('takes a large upload without growing', async () => {
    const job = front.start({ route: build.routes['sizes']!, method: 'POST', path: '/sizes', body: [] });
    const part = Buffer.alloc(65536, 1);
    let allowed = 256 * 1024;
    for (let sent = 0; sent < 2048; sent++) {
      while (allowed < part.length) allowed += (await front.next('requestCredit', job)).frame['bytes'] as number;
      front.body(job, part);
      allowed -= part.length;
    }
    front.bodyEnd(job);
    const { size, heap } = JSON.parse((await front.answer(job)).body.toString()) as { size: number; heap: number };
    expect(size).toBe(2048 * 65536);
    expect(heap).toBeLessThan(size + 150_000_000);
  });

  test('tells what was thrown to log, outcome and onRequestError', async () => {
    const { outcome } = await front.answer(front.start({ route: build.routes['fails']!, path: '/fails' }));
    expect(outcome.error).toMatchObject({ digest: 'own-digest', message: 'SECRET' });
    const { frame, job } = await front.next('log');
    expect(job).toBe(1);
    expect(frame).toMatchObject({ level: 'error', target: 'application.handler', message: 'SECRET' });
    await front.next('afterDone');
    await expect.poll(() => output).toContain('TOLD ["SECRET","/fails","/fails","route"]');
  });

  test('survives a rejection that nobody waits for, and logs it', async () => {
    await front.answer(front.start({ route: build.routes['late']!, path: '/late' }));
    expect((await front.next('log')).frame['message']).toContain('nobody waits for this');
    expect((await front.answer(front.start({ route: build.routes['hello']!, path: '/hello' }))).status).toBe(200);
  });

  test('what nobody can catch ends the request that it belongs to, and no other', async () => {
    const other = front.start({ route: build.routes['echo']!, method: 'POST', path: '/echo', body: [] });
    const job = front.start({ route: build.routes['uncaught']!, path: '/uncaught' });
    expect((await front.answer(job)).outcome).toMatchObject({ result: 'thrown', error: { message: 'uncaught on purpose' } });
    expect((await front.next('log')).frame).toMatchObject({ level: 'error', target: 'application.uncaught' });
    front.body(other, Buffer.from('still here'));
    front.bodyEnd(other);
    expect((await front.answer(other)).body.toString()).toBe('still here');
  });

  test('a source that goes on enqueueing after its client has gone costs nobody else anything', async () => {
    const job = front.start({ route: build.routes['ticks']!, path: '/ticks' });
    await front.next('head', job);
    front.cancel(job, 'client_gone');
    expect((await front.next('log')).frame['message']).toContain('Controller is already closed');
    expect((await front.answer(front.start({ route: build.routes['hello']!, path: '/hello' }))).status).toBe(200);
  });

  test('ends when the connection does', async () => {
    const ended = once(child, 'exit');
    front.socket.end();
    expect((await ended)[0]).toBe(0);
  });

  test('ends with 70 when the stream is out of step', async () => {
    const ended = once(child, 'exit');
    front.socket.write(Buffer.from([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]));
    expect((await ended)[0]).toBe(70);
  });
});

describe('the build helper', () => {
  beforeEach(() => start(build.tool));

  test('does operations as control jobs, and answers what they throw', async () => {
    const call = async (target: string, input: unknown) => JSON.parse((await front.answer(front.start({ kind: 'control', method: 'POST', target, body: [Buffer.from(JSON.stringify(input))] }))).body.toString()) as { ok?: unknown; error?: { message: string } };
    expect((await call('no-such', {})).error?.message).toContain('no operation "no-such"');
    expect((await call('load-config', { file: '/nowhere/next.config.mjs', phase: 'phase-production-build' })).error?.message).toBeTruthy();
  });
});
