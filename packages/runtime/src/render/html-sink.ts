/**
 * Where HTML and payload come together: Fizz writes here, Flight bytes are queued, and both go to the response in pieces: HTML first,
 * then what the payload has of it, then nothing until there is more. Fizz calls `flush()` only between whole elements, so what is put
 * there is never inside of one. A piece is text until it is sent, so that it becomes bytes once.
 */
import type { DocumentSink } from '../ssr/document.tsx';
import type { InlineQueue } from './inline.ts';

const CLOSING = '</body></html>';
const HEAD_END = '</head>';

type Options = {
  /** Resolves when more may be written; nothing if that is now. */
  send: (bytes: Uint8Array) => Promise<void> | undefined;
  queue: InlineQueue;
  /** HTML that is wanted ahead of what is flushed next (`useServerInsertedHTML`). */
  inserted: () => string;
  /** Called when there is room for more payload. */
  room: () => void;
  /** Everything has been sent. */
  done: () => void;
  /** The reader has gone. */
  failed: (error: unknown) => void;
};

export class HtmlSink implements DocumentSink {
  readonly #options: Options;
  #html = '';
  #late = '';
  #closing = '';
  #started = false;
  #blocked = false;
  #htmlEnded = false;
  #payloadEnded = false;
  #finished = false;
  #scheduled = false;
  #drain: (() => void) | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Whether HTML has been sent. */
  get started(): boolean {
    return this.#started;
  }

  write(html: string): boolean {
    this.#html += html;
    return !this.#blocked;
  }

  flush(): void {
    // With the end of the document `end()` follows at once: one piece for both.
    if (!this.#html.endsWith(CLOSING)) this.#send();
  }

  end(): void {
    this.#htmlEnded = true;
    this.#send();
  }

  on(event: string, listener: (...args: unknown[]) => void): void {
    if (event === 'drain') this.#drain = listener;
  }

  destroy(error?: unknown): void {
    this.stop();
    this.#options.failed(error);
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#finished = true;
  }

  /** HTML of ours, to go out when that is possible. */
  add(html: string): void {
    this.#late += html;
    this.#sendSoon();
  }

  /** There are new bytes in the queue. Fizz gets the time to make HTML of them first. */
  payloadArrived(): void {
    if (this.#started) this.#sendSoon();
  }

  payloadEnded(): void {
    this.#payloadEnded = true;
    this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#scheduled = false;
        this.#send();
      }),
    );
  }

  #send(): void {
    if (this.#blocked || this.#finished) return;
    if (!this.#started && this.#html === '') return;
    const complete = this.#htmlEnded && this.#payloadEnded;
    const piece = this.#takeHtml() + this.#options.queue.take(complete) + this.#late + (complete ? this.#closing : '');
    this.#late = '';
    const waiting = piece === '' ? undefined : this.#options.send(Buffer.from(piece));
    if (complete) this.#finished = true;
    if (waiting) this.#wait(waiting);
    else if (complete) this.#options.done();
    else this.#options.room();
  }

  #wait(waiting: Promise<void>): void {
    this.#blocked = true;
    waiting.then(
      () => {
        this.#blocked = false;
        if (this.#finished) return this.#options.done();
        this.#send();
        if (this.#blocked || this.#finished) return;
        this.#drain?.();
        this.#options.room();
      },
      (error: unknown) => this.destroy(error),
    );
  }

  /** What Fizz has written, with the end of the document held back: what follows belongs into the body. */
  #takeHtml(): string {
    if (this.#html === '') return '';
    let html = this.#html;
    this.#html = '';
    const inserted = this.#options.inserted();
    const first = !this.#started;
    this.#started = true;
    if (html.endsWith(CLOSING)) {
      this.#closing = CLOSING;
      html = html.slice(0, -CLOSING.length);
    }
    if (inserted === '') return html;
    // Of the shell it belongs at the end of the head, of everything later in front.
    const at = first ? Math.max(0, html.indexOf(HEAD_END)) : 0;
    return html.slice(0, at) + inserted + html.slice(at);
  }
}
