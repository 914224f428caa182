/**
 * The body of one request as it comes in BODY frames. Credit goes back when bytes are taken, not when they arrive, so an
 * upload that nobody reads stops at the client.
 */
import type { BodyStatus } from '@ironside/protocol/generated.ts';
import type { IncomingBody } from '../job.ts';

const USED = 'Body is unusable: Body has already been read';

export class RequestBody implements IncomingBody {
  readonly #credit: (bytes: number) => void;
  readonly #lump: number;
  #queue: Uint8Array[] = [];
  #taken = 0;
  #end: BodyStatus | 'none' | undefined;
  #failure: unknown;
  #wake: (() => void) | undefined;
  #used = false;
  /** Everything is wanted: credit goes back as bytes arrive. */
  #collecting = false;

  /** `credit` sends a credit frame; it is called in lumps of half the window. */
  constructor(hasBody: boolean, window: number, credit: (bytes: number) => void) {
    this.#credit = credit;
    this.#lump = Math.max(1, window >>> 1);
    if (!hasBody) this.#end = 'none';
  }

  /** `bytes` has a buffer of its own: streams give it away. */
  push(bytes: Uint8Array): void {
    if (this.#end !== undefined || bytes.length === 0) return;
    this.#queue.push(bytes);
    if (this.#collecting) this.#give(bytes.length);
    this.#wakeUp();
  }

  finish(status: BodyStatus): void {
    this.#end ??= status;
    this.#wakeUp();
  }

  /** The job is over or cancelled: whoever still reads gets this error, which is made only if there may be somebody. */
  fail(error: () => unknown): void {
    if (this.#end === 'complete' || this.#end === 'none') return;
    this.#failure ??= error();
    this.#end ??= 'truncated';
    this.#wakeUp();
  }

  async bytes(): Promise<Uint8Array> {
    this.#use();
    this.#collecting = true;
    this.#give(this.#queue.reduce((sum, part) => sum + part.length, 0));
    while (this.#end === undefined) await this.#more();
    this.#check();
    const parts = this.#queue;
    this.#queue = [];
    return parts.length === 1 && parts[0] ? parts[0] : concat(parts);
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  stream(): ReadableStream<Uint8Array> {
    this.#use();
    return new ReadableStream({
      type: 'bytes',
      pull: (controller) => this.#pull(controller),
      cancel: () => { this.#queue = []; this.#end ??= 'complete'; },
    }, { highWaterMark: 0 }) as ReadableStream<Uint8Array>;
  }

  /** A promise only where something has to be waited for: Node spends several on each call that gives one. */
  #pull(controller: ReadableByteStreamController): Promise<void> | undefined {
    if (this.#queue.length === 0 && this.#end === undefined) return this.#more().then(() => this.#pull(controller));
    const view = this.#queue.length > 0 ? controller.byobRequest?.view : undefined;
    if (view) this.#fill(controller, view);
    else this.#enqueueAll(controller);
    return undefined;
  }

  /** What is here goes over at once: no more than the front was allowed to send. */
  #enqueueAll(controller: ReadableByteStreamController): void {
    for (const part of this.#queue.splice(0)) {
      this.#give(part.length);
      controller.enqueue(part as Uint8Array<ArrayBuffer>);
    }
    if (this.#end === undefined) return;
    this.#check();
    controller.close();
    controller.byobRequest?.respond(0);
  }

  #fill(controller: ReadableByteStreamController, view: ArrayBufferView): void {
    const part = this.#queue.shift();
    if (!part) return;
    const fits = Math.min(part.length, view.byteLength);
    new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, fits).set(part.subarray(0, fits));
    if (fits < part.length) this.#queue.unshift(part.subarray(fits));
    this.#give(fits);
    controller.byobRequest?.respond(fits);
  }

  /** Whether somebody has begun to read it. */
  get used(): boolean {
    return this.#used;
  }

  #use(): void {
    if (this.#used) throw new TypeError(USED);
    this.#used = true;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#end === 'truncated') throw new DOMException('The client broke the request off in the middle of its body.', 'AbortError');
    if (this.#end === 'over_limit') throw new RangeError('The body of the request is larger than allowed.');
  }

  #give(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < this.#lump || this.#end !== undefined) return;
    const lump = this.#taken;
    this.#taken = 0;
    this.#credit(lump);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => { this.#wake = resolve; });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** One buffer of exactly the bytes' length, since `arrayBuffer()` gives it away. */
function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
