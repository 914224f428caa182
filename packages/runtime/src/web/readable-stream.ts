/**
 * `ReadableStream`: Node's own, but what a plain source produces is kept by a controller of ours. Node's costs several
 * promises for each chunk, on Node 20 more than the rest of a streamed answer together; an answer that is sent takes the
 * chunks from our controller directly, without any. Everybody else reads through Node's stream, which asks ours.
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
      cancel: (reason) => this.#cancel(reason),
    };
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

  /** From now on everything goes to `sink`. The caller holds the lock of Node's stream. */
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
      void this.#cancel(error).catch(() => undefined);
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

  #cancel(reason: unknown): Promise<void> {
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
const Base = NativeReadableStream as unknown as new (source?: unknown, strategy?: QueuingStrategy) => ReadableStream;

/** The `ReadableStream` that `install.ts` makes global. */
export class OurReadableStream extends Base {
  readonly #controller: Controller | undefined;

  constructor(source?: UnderlyingSource, strategy?: QueuingStrategy) {
    const controller = controllerFor(source, strategy);
    if (controller) super(controller.facade(), { highWaterMark: 0 });
    else super(source, strategy);
    this.#controller = controller;
    controller?.start();
  }

  /** The controller of a stream, if it is one of ours. */
  static controllerOf(stream: object): Controller | undefined {
    return #controller in stream ? stream.#controller : undefined;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // Node's own (from `fetch`) are instances as well; subclasses mean only their own.
    return (this as unknown) === OurReadableStream ? value instanceof NativeReadableStream : typeof value === 'object' && value !== null && this.prototype.isPrototypeOf(value);
  }
}
Object.defineProperty(OurReadableStream, 'name', { value: 'ReadableStream' });

/** Sends all of a stream that nobody reads to `sink`, if it is one of ours. The caller has locked it with a reader. */
export function sendDirectly(stream: ReadableStream, sink: ChunkSink): boolean {
  const controller = OurReadableStream.controllerOf(stream);
  controller?.sendTo(sink);
  return controller !== undefined;
}
