/**
 * The text of a document while React writes it. React's renderer for Node encodes each of the thousands of strings that a page is made of
 * by itself, into views of 4 KB; that was a tenth of a page's time. The compiler makes a copy of it that gets this module in place of Node's
 * `util`, of which it takes the encoder only, and the strings are strung together here; they become bytes once, with the payload between
 * them. The copy is for documents only: an application that renders something itself has React as it is.
 *
 * React writes in one go, from the first string of a flush to `flush()` of its destination, and takes care that this is called however the
 * writing ends. So there is never more than one document whose text is here.
 */
import type { DocumentSink } from './document.tsx';

let written = '';

function takeWritten(): string {
  const text = written;
  written = '';
  return text;
}

/** What React's renderer encodes with. */
export class TextEncoder {
  /** Of constants, which React keeps to write them again and again. */
  encode(text: string): string {
    return text;
  }

  /** The whole string is taken, and nothing is in the view. */
  encodeInto(text: string): { read: number; written: number } {
    written += text;
    return { read: text.length, written: 0 };
  }
}

/** What React writes to: as a node stream, as far as it uses one. */
export class TextDestination {
  readonly #sink: DocumentSink;

  constructor(sink: DocumentSink) {
    this.#sink = sink;
  }

  /** Strings too long for React's view come here themselves. */
  write(chunk: string | Uint8Array): boolean {
    return this.#sink.write(takeWritten() + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()));
  }

  flush(): void {
    const rest = takeWritten();
    if (rest !== '') this.#sink.write(rest);
    this.#sink.flush();
  }

  end(): void {
    this.#sink.end();
  }

  on(event: string, listener: (...args: unknown[]) => void): void {
    this.#sink.on(event, listener);
  }

  destroy(error?: unknown): void {
    this.#sink.destroy(error);
  }
}
