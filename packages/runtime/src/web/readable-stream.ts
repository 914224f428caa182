/**
 * `ReadableStream`: Node's own, but what a plain source produces is kept by a controller of ours. Node's costs several
 * promises for each chunk, on Node 20 more than the rest of a streamed answer together; an answer that is sent takes the
 * chunks from our controller directly, without any. Everybody else reads through Node's stream, which asks ours.
 *
 * Node's stream itself (20 to 30 µs) is made when somebody looks for it: its methods, and everything in Node that takes a
 * stream, find its state under symbols, which are getters on our prototype until then.
 *
 * Byte sources and strategies with a size function are left to Node altogether. The order of calls is that of the standard
 * (`ReadableStreamDefaultController`): `start` at once, `pull` while there is room, never two at a time, and again only after
 * something was enqueued or is asked for.
 */
import { NativeReadableStream } from './native.ts';

/** Takes what a stream produces. */
export type ChunkSink = {
  /** `undefined`: more may follow at once. Otherwise nothing is asked for until the promise has settled. */
  chunk(value: unknown): Promise<void> | undefined;
  close(): void;
  error(reason: unknown): void;
};

type Source = UnderlyingDefaultSource<unknown>;
type NodeController = ReadableStreamDefaultController<unknown>;

/** Where the chunks go: nowhere yet, to whoever reads Node's stream, or to a sink. */
class Controller {
  readonly #source: Source;
  readonly #room: number;
  readonly #queue: unknown[] = [];
  #node: NodeController | undefined;
  #sink: ChunkSink | undefined;
  /** Somebody reads Node's stream and waits for a chunk. */
  #asked: (() => void) | undefined;
  /** The sink has taken enough for now. */
  #held = false;
  #state: 'open' | 'closing' | 'closed' | 'errored' = 'open';
  #reason: unknown;
  #isStarted = false;
  #isPulling = false;
  #pullAgain = false;

  constructor(source: Source, room: number) {
    this.#source = source;
    this.#room = room;
  }

  /** What Node's stream reads from. */
  facade(): Source {
    return {
      start: (node) => { this.#node = node; },
      pull: () => this.#askedByNode(),
      cancel: (reason) => this.cancel(reason),
    };
  }

  /** Node's stream has been made: it is told what has happened before. */
  materialized(): void {
    if (this.#state === 'closed') this.#node?.close();
    else if (this.#state === 'errored') this.#node?.error(this.#reason);
  }

  /** Calls the source's `start`; an error of it is the constructor's. */
  start(): void {
    const { start } = this.#source;
    const started: unknown = start?.call(this.#source, this as unknown as NodeController);
    Promise.resolve(started).then(() => {
      this.#isStarted = true;
      this.#pullIfWanted();
    }, (reason: unknown) => this.error(reason));
  }

  /** From now on everything goes to `sink`. */
  sendTo(sink: ChunkSink): void {
    if (this.#state === 'errored') return sink.error(this.#reason);
    if (this.#state === 'closed') return sink.close();
    this.#sink = sink;
    this.#drain();
    this.#pullIfWanted();
  }

  get desiredSize(): number | null {
    if (this.#state === 'closed') return 0;
    return this.#state === 'errored' ? null : this.#room - this.#queue.length;
  }

  enqueue(chunk: unknown): void {
    if (this.#state !== 'open') throw new TypeError('Invalid state: Controller is already closed');
    this.#queue.push(chunk);
    this.#drain();
    this.#pullIfWanted();
  }

  close(): void {
    if (this.#state !== 'open') throw new TypeError('Invalid state: Controller is already closed');
    this.#state = 'closing';
    this.#drain();
  }

  error(reason: unknown): void {
    if (this.#state === 'closed' || this.#state === 'errored') return;
    this.#state = 'errored';
    this.#reason = reason;
    this.#queue.length = 0;
    this.#node?.error(reason);
    this.#answered();
    this.#sink?.error(reason);
  }

  #askedByNode(): Promise<void> | undefined {
    const asked = new Promise<void>((resolve) => { this.#asked = resolve; });
    this.#drain();
    this.#pullIfWanted();
    return asked;
  }

  /** Hands on what may be handed on. */
  #drain(): void {
    while (this.#queue.length > 0 && (this.#sink ? !this.#held : this.#asked)) {
      const chunk = this.#queue.shift();
      if (this.#sink) this.#give(this.#sink, chunk);
      else {
        this.#node?.enqueue(chunk);
        this.#answered();
      }
    }
    if (this.#state !== 'closing' || this.#queue.length > 0 || (this.#sink && this.#held)) return;
    this.#state = 'closed';
    this.#node?.close();
    this.#answered();
    this.#sink?.close();
  }

  #give(sink: ChunkSink, chunk: unknown): void {
    let taken: Promise<void> | undefined;
    try {
      taken = sink.chunk(chunk);
    } catch (error) {
      // The chunk is none that can be sent: as if the reader had given up.
      void this.cancel(error).catch(() => undefined);
      sink.error(error);
      return;
    }
    if (!taken) return;
    this.#held = true;
    void taken.then(() => {
      this.#held = false;
      this.#drain();
      this.#pullIfWanted();
    });
  }

  #answered(): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.();
  }

  #pullIfWanted(): void {
    if (!this.#isStarted || this.#state !== 'open' || !this.#isWanted()) return;
    if (this.#isPulling) {
      this.#pullAgain = true;
      return;
    }
    const { pull } = this.#source;
    if (pull) this.#pull(pull);
  }

  #isWanted(): boolean {
    return this.#sink ? !this.#held : this.#asked !== undefined || this.#queue.length < this.#room;
  }

  /** Again and again while the source answers at once; a promise is waited for. */
  #pull(pull: NonNullable<Source['pull']>): void {
    do {
      this.#pullAgain = false;
      this.#isPulling = true;
      let pulled: unknown;
      try {
        pulled = pull.call(this.#source, this as unknown as NodeController);
      } catch (error) {
        return this.error(error);
      }
      if (pulled !== null && typeof pulled === 'object') {
        Promise.resolve(pulled).then(() => {
          this.#isPulling = false;
          if (this.#pullAgain) this.#pullIfWanted();
        }, (reason: unknown) => this.error(reason));
        return;
      }
      this.#isPulling = false;
    } while (this.#pullAgain && this.#state === 'open' && this.#isWanted());
  }

  cancel(reason: unknown): Promise<void> {
    if (this.#state === 'closed' || this.#state === 'errored') return Promise.resolve();
    this.#state = 'closed';
    this.#queue.length = 0;
    const { cancel } = this.#source;
    return new Promise((resolve) => resolve(cancel?.call(this.#source, reason)));
  }
}
Object.setPrototypeOf(Controller.prototype, ReadableStreamDefaultController.prototype);
Object.defineProperty(Controller, 'name', { value: 'ReadableStreamDefaultController' });

/** A controller for a source that we can keep; `undefined` where only Node's own will do. */
function controllerFor(source: unknown, strategy: QueuingStrategy | undefined): Controller | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const { type, start, pull, cancel } = source as UnderlyingSource & { type?: unknown };
  if (type !== undefined || strategy?.size !== undefined) return undefined;
  for (const method of [start, pull, cancel]) if (method !== undefined && typeof method !== 'function') return undefined;
  const room = strategy?.highWaterMark === undefined ? 1 : Number(strategy.highWaterMark);
  return Number.isNaN(room) || room < 0 ? undefined : new Controller(source as Source, room);
}

/** The type of Node's class does not tell that one constructor takes every kind of source. */
const Native = NativeReadableStream as unknown as new (source?: unknown, strategy?: QueuingStrategy) => ReadableStream;

/** Where Node keeps the state of a stream: on the object itself, under these. A Node that doesn't makes all streams itself. */
const STATE = Object.getOwnPropertySymbols(new Native(undefined, { highWaterMark: 0 }));

const DISTURBED: unique symbol = Symbol.for('nodejs.stream.disturbed') as never;

/** A getter of Node's class, for streams whose state is there. */
function nativeGetter(name: string | symbol): (this: unknown) => boolean {
  const get = Object.getOwnPropertyDescriptor(NativeReadableStream.prototype, name)?.get;
  return function (this: unknown) { return get?.call(this) === true; };
}
const nativeLocked = nativeGetter('locked');
const nativeDisturbed = nativeGetter(DISTURBED);

/** The `ReadableStream` that `install.ts` makes global. */
export class OurReadableStream {
  readonly #controller: Controller | undefined;
  /** Its chunks go to a sink. */
  #isSent = false;

  constructor(source?: UnderlyingSource, strategy?: QueuingStrategy) {
    const controller = STATE.length > 0 ? controllerFor(source, strategy) : undefined;
    if (!controller) return Reflect.construct(Native, [source, strategy], new.target) as unknown as OurReadableStream;
    this.#controller = controller;
    controller.start();
  }

  /** Somebody reads it. Asked of every stream that becomes a body, so it doesn't make Node's. */
  get locked(): boolean {
    return OurReadableStream.#isUntouched(this) ? this.#isSent : nativeLocked.call(this);
  }

  /** What Node's `isDisturbed` looks at: something of it was read. */
  get [DISTURBED](): boolean {
    return OurReadableStream.#isUntouched(this) ? this.#isSent : nativeDisturbed.call(this);
  }

  /** Node's stream has not been made. Streams that are Node's altogether have our prototype too, but nothing of ours inside. */
  static #isUntouched(stream: object): boolean {
    return #controller in stream && stream.#controller !== undefined && STATE[0] !== undefined && !Object.hasOwn(stream, STATE[0]);
  }

  /** Gives it the state of a stream of Node's. */
  static materialize(stream: OurReadableStream): void {
    const controller = stream.#controller;
    if (!controller) return;
    const native = new Native(controller.facade(), { highWaterMark: 0 });
    for (const symbol of STATE) {
      Object.defineProperty(stream, symbol, { ...Object.getOwnPropertyDescriptor(native, symbol), enumerable: false });
    }
    controller.materialized();
    if (stream.#isSent) (stream as unknown as ReadableStream).getReader();
  }

  /** Sends everything to `sink`, if it is a stream of ours that nobody has touched. */
  static send(stream: object, sink: ChunkSink): boolean {
    if (!(#controller in stream) || !stream.#controller || stream.#isSent) return false;
    if (!OurReadableStream.#isUntouched(stream)) {
      const native = stream as unknown as ReadableStream;
      if (native.locked) return false;
      native.getReader();
    }
    stream.#isSent = true;
    stream.#controller.sendTo(sink);
    return true;
  }

  /** Ends it, if it is one that was sent: its source is told. */
  static cancelSent(stream: object, reason: unknown): Promise<void> | undefined {
    return #controller in stream ? stream.#controller?.cancel(reason) : undefined;
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    // Node's own (from `fetch`) are instances as well; subclasses mean only their own.
    return (this as unknown) === OurReadableStream ? value instanceof NativeReadableStream : typeof value === 'object' && value !== null && this.prototype.isPrototypeOf(value);
  }
}
Object.defineProperty(OurReadableStream, 'name', { value: 'ReadableStream' });
Object.setPrototypeOf(OurReadableStream, NativeReadableStream);
Object.setPrototypeOf(OurReadableStream.prototype, NativeReadableStream.prototype);
for (const symbol of STATE) {
  Object.defineProperty(OurReadableStream.prototype, symbol, {
    configurable: true,
    get(this: OurReadableStream) {
      if (this === OurReadableStream.prototype) return undefined;
      OurReadableStream.materialize(this);
      return Object.getOwnPropertyDescriptor(this, symbol)?.value as unknown;
    },
    set(this: OurReadableStream, value: unknown) {
      Object.defineProperty(this, symbol, { value, writable: true, configurable: true, enumerable: false });
    },
  });
}

/** What can be done with a stream that is being sent. */
export type Sending = { cancel(reason: unknown): Promise<void> };

/** Sends all of a stream that nobody reads to `sink`, if it is one of ours; it is locked from then on. */
export function sendDirectly(stream: ReadableStream, sink: ChunkSink): Sending | undefined {
  if (!OurReadableStream.send(stream, sink)) return undefined;
  return { cancel: async (reason) => OurReadableStream.cancelSent(stream, reason) };
}
