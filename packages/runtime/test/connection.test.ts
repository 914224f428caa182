/** The worker's end of the connection against a front that speaks the generated codec. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cookies } from '../src/cookies.ts';
import { after } from '../src/after.ts';
import type { JobContext, JobRunner } from '../src/job.ts';
import { currentRequest } from '../src/request-store.ts';
import { setTestApp } from './support/app.ts';
import { startFront, WINDOW, type Front } from './support/front.ts';

let front: Front;
let run: JobRunner;

beforeEach(async () => {
  setTestApp();
  front = await startFront({ handler: (context) => run(context), action: (context) => run(context) });
});
afterEach(() => front.close());

/** The client breaks off: BODY_END with status 1. */
function breakOff(job: number): void {
  front.send((out) => {
    const frame = Buffer.from([1, 0, 0, 0, 0x04, 0, 0, 0, job, 0, 0, 0, 1]);
    frame.copy(out.bytes, 0);
    out.at = frame.length;
  });
}

const sleep = (ms: number) => new Promise((resolve) => { setTimeout(resolve, ms); });
const bytes = (text: string) => Buffer.from(text);

describe('answers', () => {
  test('a small answer is one frame', async () => {
    run = async ({ out }) => {
      out.head(201, [['Content-Type', 'text/plain']]);
      await out.write(bytes('hello'));
      return { result: 'ok' };
    };
    const answer = await front.answer(front.start({}));
    expect(answer.frames).toEqual(['head']);
    expect(answer.status).toBe(201);
    expect(answer.headers).toEqual([['content-type', 'text/plain']]);
    expect(answer.body.toString()).toBe('hello');
    expect(answer.outcome.result).toBe('ok');
  });

  test('what is written in later turns goes out at once', async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => { go = resolve; });
    run = async ({ out }) => {
      out.head(200, []);
      await gate;
      await out.write(bytes('late'));
      return { result: 'ok' };
    };
    const job = front.start({});
    const head = await front.next('head', job);
    expect(head.frame['outcome']).toBeUndefined();
    go();
    expect((await front.answer(job)).body.toString()).toBe('late');
  });

  test('never sends more than the credit, and sends all of it in order', async () => {
    const large = Buffer.alloc(WINDOW * 3 + 17, 0).map((_, index) => index % 251);
    run = async ({ out }) => {
      out.head(200, []);
      await out.write(large);
      return { result: 'ok' };
    };
    const job = front.start({});
    await sleep(100);
    const sent = front.received.filter((one) => one.name === 'chunk').reduce((sum, one) => sum + (one.frame['bytes'] as Uint8Array).length, 0);
    expect(sent).toBe(WINDOW);
    // What has come so far, plus the rest as credit is given back.
    const answer = await front.answer(job);
    expect(answer.body.equals(large)).toBe(true);
  });

  test('an answer that fails in the turn of its head is no answer, only an outcome', async () => {
    run = async ({ out }) => {
      out.head(200, []);
      return { result: 'thrown', error: { digest: '1', message: 'm', stack: '' } };
    };
    const answer = await front.answer(front.start({}));
    expect(answer.frames).toEqual(['outcome']);
    expect(answer.outcome.error?.message).toBe('m');
  });

  test('a header that HTTP does not allow is refused where it is set', async () => {
    run = async ({ out }) => {
      out.head(302, [['location', '/caf\u0113']]);
      return { result: 'ok' };
    };
    const answer = await front.answer(front.start({}));
    expect(answer.outcome.result).toBe('thrown');
    expect(answer.outcome.error?.message).toContain('encodeURI');
  });

  test('ten jobs at once keep their own stores', async () => {
    run = async ({ out, job }) => {
      await sleep(5);
      out.head(200, []);
      await out.write(bytes(`${job.path} ${currentRequest('test').job.path} ${(await cookies()).get('n')?.value}`));
      return { result: 'ok' };
    };
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => front.answer(front.start({ path: `/${n}`, headers: [['cookie', `n=${n}`]] }))));
    answers.forEach((answer, n) => expect(answer.body.toString()).toBe(`/${n} /${n} ${n}`));
    expect(answers[0]?.outcome.dynamic).toBe('cookies');
  });
});

describe('request bodies', () => {
  const echo: JobRunner = async ({ out, body }) => {
    const all = await body.bytes();
    out.head(200, []);
    await out.write(all);
    return { result: 'ok' };
  };

  test('arrive whole, however they were cut', async () => {
    run = echo;
    expect((await front.answer(front.start({ method: 'POST', body: [bytes('a'), bytes('bc'), bytes('')] }))).body.toString()).toBe('abc');
  });

  test('credit goes back only for what was taken', async () => {
    const reads: number[] = [];
    let go!: () => void;
    const gate = new Promise<void>((resolve) => { go = resolve; });
    run = async ({ out, body }) => {
      const reader = body.stream().getReader();
      await gate;
      for (let part = await reader.read(); !part.done; part = await reader.read()) reads.push(part.value.length);
      out.head(200, []);
      return { result: 'ok' };
    };
    const job = front.start({ method: 'POST', body: [] });
    for (let sent = 0; sent < WINDOW; sent += 65536) front.body(job, Buffer.alloc(65536));
    await sleep(50);
    expect(front.received.some((one) => one.name === 'requestCredit')).toBe(false);
    go();
    expect((await front.next('requestCredit', job)).frame['bytes']).toBe(WINDOW / 2);
    front.bodyEnd(job);
    await front.answer(job);
    expect(reads.reduce((sum, length) => sum + length, 0)).toBe(WINDOW);
  });

  test('can be read into a buffer of the reader', async () => {
    run = async ({ out, body }) => {
      const reader = body.stream().getReader({ mode: 'byob' });
      let text = '';
      for (let part = await reader.read(new Uint8Array(3)); !part.done; part = await reader.read(new Uint8Array(3))) text += `[${Buffer.from(part.value).toString()}]`;
      out.head(200, []);
      await out.write(bytes(text));
      return { result: 'ok' };
    };
    expect((await front.answer(front.start({ method: 'POST', body: [bytes('abcd'), bytes('e')] }))).body.toString()).toBe('[abc][d][e]');
  });

  test('end with an error when the client breaks off', async () => {
    run = async ({ out, body }) => {
      const name = await body.bytes().then(() => 'read', (error: unknown) => (error as Error).name);
      out.head(200, []);
      await out.write(bytes(name));
      return { result: 'ok' };
    };
    const job = front.start({ method: 'POST', body: [] });
    front.body(job, bytes('half'));
    breakOff(job);
    expect((await front.answer(job)).body.toString()).toBe('AbortError');
  });

  test('that break off while nobody reads them end the job, whose client has gone', async () => {
    let reason: unknown;
    run = async ({ signal }) => {
      await new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve()); });
      reason = (signal.reason as Error).name;
      return { result: 'ok' };
    };
    const job = front.start({ method: 'POST', body: [] });
    front.body(job, bytes('half'));
    await sleep(20);
    breakOff(job);
    expect((await front.answer(job)).outcome.result).toBe('aborted');
    await front.next('afterDone', job);
    expect(reason).toBe('AbortError');
  });

  test('that break off while they are read abort the signal, and the reader may still answer', async () => {
    run = async ({ out, body, signal }) => {
      const name = await body.bytes().then(() => 'read', (error: unknown) => (error as Error).name);
      out.head(400, []);
      await out.write(bytes(`${name} ${signal.aborted}`));
      return { result: 'ok' };
    };
    const job = front.start({ method: 'POST', body: [] });
    await sleep(20);
    breakOff(job);
    const answer = await front.answer(job);
    expect([answer.status, answer.body.toString()]).toEqual([400, 'AbortError true']);
  });
});

describe('ends', () => {
  test('CANCEL aborts the signal, and the outcome does not wait for code that goes on', async () => {
    let seen: unknown;
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => { finish = resolve; });
    run = async ({ signal }) => {
      await new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve()); });
      seen = (signal.reason as Error).name;
      await finished;
      return { result: 'ok' };
    };
    const job = front.start({});
    await sleep(20);
    front.cancel(job, 'client_gone');
    const { outcome } = await front.answer(job);
    expect(outcome.result).toBe('aborted');
    expect(outcome.after).toBe(true);
    await sleep(10);
    expect(seen).toBe('AbortError');
    expect(front.received.some((one) => one.name === 'afterDone')).toBe(false);
    finish();
    await front.next('afterDone', job);
  });

  test('a writer that waits for credit is let go by CANCEL', async () => {
    let writes = 0;
    run = async ({ out, signal }) => {
      out.head(200, []);
      while (!signal.aborted) {
        await out.write(Buffer.alloc(65536));
        writes++;
      }
      return { result: 'ok' };
    };
    const job = front.start({});
    await sleep(50);
    front.cancel(job, 'client_gone');
    await front.next('afterDone', job);
    expect(writes).toBeLessThan(8);
  });

  test('after() runs when the answer is out, may add work, and its errors are told', async () => {
    const order: string[] = [];
    run = async ({ out }: JobContext) => {
      after(async () => {
        await sleep(10);
        order.push('first');
        after(() => { order.push('nested'); });
      });
      after(() => { throw new Error('inside'); });
      out.head(200, []);
      order.push('answered');
      return { result: 'ok' };
    };
    const job = front.start({});
    expect((await front.answer(job)).outcome.after).toBe(true);
    const done = await front.next('afterDone', job);
    expect(order).toEqual(['answered', 'first', 'nested']);
    expect((done.frame['errors'] as { message: string }[]).map((error) => error.message)).toEqual(['inside']);
  });

  test('calls of one job beyond the limit wait, and all are answered', async () => {
    let most = 0;
    let open = 0;
    front.onCall(() => ({ type: 'done' }));
    run = async ({ out, store }) => {
      await Promise.all(Array.from({ length: 200 }, async (_, n) => {
        open = front.received.filter((one) => one.name === 'call').length;
        most = Math.max(most, open);
        await store.front.permitDrop(n);
      }));
      out.head(200, []);
      return { result: 'ok' };
    };
    const { outcome } = await front.answer(front.start({}));
    expect(outcome.result).toBe('ok');
    expect(front.received.filter((one) => one.name === 'call').length).toBe(200);
    expect(new Set(front.received.filter((one) => one.name === 'call').map((one) => one.seq)).size).toBe(200);
  });

  test('a call after the end of its job is refused here, and never sent', async () => {
    let late: Promise<unknown> | undefined;
    let dropped: Promise<unknown> | undefined;
    run = async ({ out, store }) => {
      late = sleep(30).then(() => store.front.resolve('/late')).catch((error: unknown) => error);
      // The permit has ended with the job, so this is done already.
      dropped = sleep(30).then(() => store.front.permitDrop(1));
      out.head(200, []);
      return { result: 'ok' };
    };
    await front.answer(front.start({}));
    expect(String(await late)).toContain('The request has ended');
    await dropped;
    expect(front.received.some((one) => one.name === 'call')).toBe(false);
  });

  test('PING is answered with the heap and the jobs that run', async () => {
    run = () => new Promise(() => undefined);
    front.start({});
    front.ping(77);
    const pong = await front.next('pong');
    expect(pong.frame['nonce']).toBe(77);
    expect(pong.frame['jobs']).toBe(1);
    expect(pong.frame['heapLimit']).toBeGreaterThan(pong.frame['heapUsed'] as number);
  });

  test('DRAIN ends the process after the last job', async () => {
    run = async ({ out }) => {
      await sleep(50);
      out.head(200, []);
      return { result: 'ok' };
    };
    const job = front.start({});
    front.drain();
    await sleep(20);
    expect(front.exits).toEqual([]);
    await front.answer(job);
    await sleep(20);
    expect(front.exits).toEqual([0]);
  });

  test('a stream that is out of step ends the process with 70', async () => {
    front.socket.write(Buffer.from([1, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]));
    await sleep(30);
    expect(front.exits).toEqual([70]);
  });

  test('the end of the connection ends the process', async () => {
    front.socket.end();
    await sleep(30);
    expect(front.exits).toEqual([0]);
  });
});

test('frames are understood when they are cut at every byte', async () => {
  run = async ({ out, body }) => {
    out.head(200, []);
    await out.write(await body.bytes());
    return { result: 'ok' };
  };
  const parts: Buffer[] = [];
  const write = front.socket.write.bind(front.socket);
  front.socket.write = ((bytes: Buffer) => { parts.push(Buffer.from(bytes)); return true; }) as typeof front.socket.write;
  const job = front.start({ method: 'POST', headers: [['x-a', 'b']], body: [bytes('one'), bytes('two')] });
  front.socket.write = write;
  for (const byte of Buffer.concat(parts)) {
    front.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  expect((await front.answer(job)).body.toString()).toBe('onetwo');
});
