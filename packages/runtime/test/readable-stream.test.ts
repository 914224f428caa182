/** Our `ReadableStream` beside Node's: what code can see of the two is the same. */
import * as nodeStream from 'node:stream';
import { describe, expect, test } from 'vitest';
import { NativeReadableStream, NativeResponse } from '../src/web/native.ts';
import { OurReadableStream, sendDirectly } from '../src/web/readable-stream.ts';

/** Node's types know streams of bytes only by their own name. */
type Make = new <T>(source?: Omit<UnderlyingDefaultSource<T>, 'type'> & { type?: 'bytes' }, strategy?: QueuingStrategy<T>) => ReadableStream<T>;
const Ours = OurReadableStream as unknown as Make;
const kinds: [string, Make][] = [['ours', Ours], ['Node’s', NativeReadableStream as unknown as Make]];
/** Node's types don't know it. */
const { isDisturbed } = nodeStream as unknown as { isDisturbed(stream: unknown): boolean };
const turn = () => new Promise((resolve) => { setImmediate(resolve); });

async function all(stream: ReadableStream<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream as unknown as AsyncIterable<unknown>) chunks.push(chunk);
  return chunks;
}

describe.each(kinds)('%s', (_, Stream) => {
  test('gives what start and pull produce, in order', async () => {
    const log: unknown[] = [];
    let left = 3;
    const stream = new Stream<number>({
      start(controller) { log.push(['start', controller.desiredSize]); controller.enqueue(9); log.push(controller.desiredSize); },
      async pull(controller) {
        log.push(['pull', controller.desiredSize]);
        await turn();
        controller.enqueue(left);
        if (--left === 0) controller.close();
      },
    });
    expect(await all(stream)).toEqual([9, 3, 2, 1]);
    expect(log).toEqual([['start', 1], 0, ['pull', 1], ['pull', 1], ['pull', 1]]);
  });

  test('pulls ahead as far as there is room, and no further', async () => {
    let pulled = 0;
    const stream = new Stream<number>({ pull(controller) { controller.enqueue(pulled++); } }, { highWaterMark: 3 });
    await turn();
    expect(pulled).toBe(3);
    const reader = stream.getReader();
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await turn();
    expect(pulled).toBe(4);
  });

  test('a pull without a chunk is not followed by another', async () => {
    let pulled = 0;
    let controller: ReadableStreamDefaultController<string> | undefined;
    const stream = new Stream<string>({ start(given) { controller = given; }, pull() { pulled++; } }, { highWaterMark: 0 });
    const read = stream.getReader().read();
    await turn();
    expect(pulled).toBe(1);
    controller?.enqueue('late');
    expect(await read).toEqual({ done: false, value: 'late' });
    expect(pulled).toBe(1);
  });

  test('errors of start, pull and the controller reach the reader', async () => {
    expect(() => new Stream({ start() { throw new Error('at start'); } })).toThrow('at start');
    await expect(all(new Stream({ start: () => Promise.reject(new Error('late')) }))).rejects.toThrow('late');
    await expect(all(new Stream({ pull() { throw new Error('at pull'); } }))).rejects.toThrow('at pull');
    await expect(all(new Stream({ async pull() { await turn(); throw new Error('async'); } }))).rejects.toThrow('async');
    await expect(all(new Stream({ start(controller) { controller.enqueue(1); controller.error(new Error('by hand')); } }))).rejects.toThrow('by hand');
  });

  test('cancel reaches the source with its reason, and ends the controller', async () => {
    const log: unknown[] = [];
    let controller: ReadableStreamDefaultController<string> | undefined;
    const stream = new Stream<string>({ start(given) { controller = given; }, cancel(reason) { log.push(reason); } });
    await stream.cancel('enough');
    expect(log).toEqual(['enough']);
    expect(() => controller?.enqueue('x')).toThrow(TypeError);
    expect(controller?.desiredSize).toBe(0);
    expect(await all(stream)).toEqual([]);
  });

  test('after close nothing can be added, what is there is still read', async () => {
    let controller: ReadableStreamDefaultController<number> | undefined;
    const stream = new Stream<number>({ start(given) { controller = given; given.enqueue(1); given.enqueue(2); given.close(); } });
    expect(() => controller?.enqueue(3)).toThrow(TypeError);
    expect(() => controller?.close()).toThrow(TypeError);
    expect(await all(stream)).toEqual([1, 2]);
    expect(controller?.desiredSize).toBe(0);
  });

  test('is a stream to everybody: tee, pipes, Response, instanceof, types', async () => {
    const make = () => new Stream<Uint8Array>({ start(controller) { controller.enqueue(Buffer.from('a')); controller.enqueue(Buffer.from('b')); controller.close(); } });
    const [one, two] = make().tee();
    expect(Buffer.concat(await all(one) as Buffer[]).toString() + Buffer.concat(await all(two) as Buffer[]).toString()).toBe('abab');
    const upper = make().pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).pipeThrough(new TransformStream<string, string>({ transform(text, controller) { controller.enqueue(text.toUpperCase()); } }));
    expect(await all(upper)).toEqual(['A', 'B']);
    expect(await new Response(make()).text()).toBe('ab');
    expect(make() instanceof ReadableStream).toBe(true);
    expect(make().constructor.name).toBe('ReadableStream');
    expect(Object.prototype.toString.call(make())).toBe('[object ReadableStream]');
  });

  test('byte sources and sizes are as they were', async () => {
    const bytes = new Stream<Uint8Array>({ type: 'bytes', start(controller) { controller.enqueue(new Uint8Array([1])); controller.close(); } });
    const { value } = await bytes.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    expect([...value as Uint8Array]).toEqual([1]);
    const sized = new Stream<string>({ start(controller) { controller.enqueue('four'); expect(controller.desiredSize).toBe(6); controller.close(); } }, { highWaterMark: 10, size: (text) => text?.length ?? 0 });
    expect(await all(sized)).toEqual(['four']);
    expect(() => new Stream({}, { highWaterMark: -1 })).toThrow(RangeError);
  });
});

describe('sent directly', () => {
  const sinkOf = (hold: () => Promise<void> | undefined = () => undefined) => {
    const log: unknown[] = [];
    return { log, sink: { chunk: (value: unknown) => { log.push(value); return hold(); }, close: () => { log.push('closed'); }, error: (reason: unknown) => { log.push(String(reason)); } } };
  };

  test('chunks go to the sink in order, without a reader, and the source is pulled on', async () => {
    const { log, sink } = sinkOf();
    let left = 3;
    const stream = new Ours<unknown>({
      start(controller) { controller.enqueue('first'); },
      async pull(controller) { await turn(); controller.enqueue(left); if (--left === 0) controller.close(); },
    });
    expect(sendDirectly(stream, sink)).toBeDefined();
    expect(stream.locked).toBe(true);
    expect(() => stream.getReader()).toThrow(TypeError);
    for (let i = 0; i < 8; i++) await turn();
    expect(log).toEqual(['first', 3, 2, 1, 'closed']);
  });

  test('a sink that has enough stops the source until it has taken it', async () => {
    let release: (() => void) | undefined;
    let pulled = 0;
    const { log, sink } = sinkOf(() => new Promise((resolve) => { release = resolve; }));
    const stream = new Ours<unknown>({ pull(controller) { controller.enqueue(pulled++); } });
    sendDirectly(stream, sink);
    await turn();
    expect([log.length, pulled]).toEqual([1, 1]);
    release?.();
    await turn();
    expect([log.length, pulled]).toEqual([2, 2]);
  });

  test('errors of the source end it visibly, those of the sink cancel the source', async () => {
    const failing = sinkOf();
    sendDirectly(new Ours<unknown>({ start(controller) { controller.enqueue(1); }, pull() { throw new Error('broken'); } }), failing.sink);
    await turn();
    expect(failing.log).toEqual([1, 'Error: broken']);
    const cancelled: unknown[] = [];
    const refusing = sinkOf(() => { throw new TypeError('not this'); });
    sendDirectly(new Ours<unknown>({ start(controller) { controller.enqueue('text'); }, cancel(reason) { cancelled.push(String(reason)); } }), refusing.sink);
    await turn();
    expect(cancelled).toEqual(['TypeError: not this']);
    expect(refusing.log).toEqual(['text', 'TypeError: not this']);
  });

  test('one that has ended before says so at once', async () => {
    const { log, sink } = sinkOf();
    sendDirectly(new Ours<unknown>({ start(controller) { controller.error(new Error('before')); } }), sink);
    sendDirectly(new Ours<unknown>({ start(controller) { controller.close(); } }), sink);
    await turn();
    expect(log).toEqual(['Error: before', 'closed']);
  });

  test('Node’s own streams are not sent so', () => {
    expect(sendDirectly(new NativeReadableStream(), sinkOf().sink)).toBeUndefined();
    expect(sendDirectly(new Ours<unknown>({ type: 'bytes' }), sinkOf().sink)).toBeUndefined();
  });

  test('nor is one that is locked, or that is being sent', () => {
    const read = new Ours<unknown>({});
    read.getReader();
    expect(sendDirectly(read, sinkOf().sink)).toBeUndefined();
    const sent = new Ours<unknown>({});
    expect(sendDirectly(sent, sinkOf().sink)).toBeDefined();
    expect(sendDirectly(sent, sinkOf().sink)).toBeUndefined();
  });

  test('one that was looked at and let go of is sent', async () => {
    const { log, sink } = sinkOf();
    const stream = new Ours<unknown>({ start(controller) { controller.enqueue(1); controller.enqueue(2); controller.close(); } });
    const reader = stream.getReader();
    expect(await reader.read()).toEqual({ done: false, value: 1 });
    reader.releaseLock();
    expect(sendDirectly(stream, sink)).toBeDefined();
    await turn();
    expect(log).toEqual([2, 'closed']);
  });

  test('who cancels it cancels its source, once', async () => {
    const cancelled: unknown[] = [];
    const stream = new Ours<unknown>({ cancel(reason) { cancelled.push(reason); } });
    const sending = sendDirectly(stream, sinkOf().sink);
    await sending?.cancel('gone');
    await sending?.cancel('again');
    expect(cancelled).toEqual(['gone']);
  });
});

describe('what Node does with ours', () => {
  test('it takes it where it takes its own', async () => {
    const make = () => new Ours<Uint8Array>({ start(controller) { controller.enqueue(new TextEncoder().encode('text')); controller.close(); } });
    expect(await new NativeResponse(make()).text()).toBe('text');
    const { Readable } = await import('node:stream');
    const parts: unknown[] = [];
    for await (const part of Readable.fromWeb(make() as never)) parts.push(part);
    expect(String(parts[0])).toBe('text');
    const [one, two] = make().tee();
    expect([await new NativeResponse(one).text(), await new NativeResponse(two).text()]).toEqual(['text', 'text']);
    expect(await new NativeResponse(make().pipeThrough(new TransformStream())).text()).toBe('text');
    const written: unknown[] = [];
    await make().pipeTo(new WritableStream({ write(chunk) { written.push(chunk); } }));
    expect(written).toHaveLength(1);
    expect(make()).toBeInstanceOf(NativeReadableStream);
    expect(Object.prototype.toString.call(make())).toBe('[object ReadableStream]');
    expect(make().locked).toBe(false);
  });

  test('what happened before anybody looked is told', async () => {
    const errored = new Ours<unknown>({ start(controller) { controller.error(new Error('early')); } });
    await turn();
    await expect(errored.getReader().read()).rejects.toThrow('early');
    const closed = new Ours<unknown>({ start(controller) { controller.close(); } });
    await turn();
    expect(await closed.getReader().read()).toEqual({ done: true, value: undefined });
    const cancelled = new Ours<unknown>({});
    await cancelled.cancel();
    expect(await cancelled.getReader().read()).toEqual({ done: true, value: undefined });
  });

  test('becoming a body and being sent does not make Node’s stream', () => {
    const made = () => Object.getOwnPropertySymbols(stream).length > 0;
    const stream = new Ours<unknown>({});
    expect([stream.locked, isDisturbed(stream), made()]).toEqual([false, false, false]);
    sendDirectly(stream, { chunk: () => undefined, close: () => undefined, error: () => undefined });
    expect([stream.locked, isDisturbed(stream), made()]).toEqual([true, true, false]);
    expect(() => stream.getReader()).toThrow(TypeError);
    expect(made()).toBe(true);
    const read = new Ours<unknown>({ start(controller) { controller.enqueue(1); } });
    void read.getReader().read();
    expect([read.locked, isDisturbed(read)]).toEqual([true, true]);
  });

  test('subclasses are what they say', async () => {
    class Mine extends (Ours as unknown as typeof ReadableStream)<string> {
      hello() { return 'hello'; }
    }
    const mine = new Mine({ start(controller) { controller.enqueue('a'); controller.close(); } });
    expect([mine.hello(), mine instanceof Mine, new Ours() instanceof Mine]).toEqual(['hello', true, false]);
    expect(await all(mine)).toEqual(['a']);
  });
});
