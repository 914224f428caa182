/**
 * Takes a multipart body apart as it comes (RFC 2046, 5.1.1; RFC 7578). Knows neither forms nor files: it tells where a part
 * begins, what is in it, and where it ends. Never holds more than one piece of the body and the headers of one part.
 */
import { FormError } from './form-error.ts';
import { partHead, type PartHead } from './part-headers.ts';

export type PartEvents = {
  begin(head: PartHead): void;
  /** A view of the piece that was fed; not empty. */
  data(bytes: Buffer): void;
  end(): void;
};

export type PartLimits = { parts: number; header: number };

type State = 'preamble' | 'boundary' | 'headers' | 'body' | 'epilogue';

const CRLF = Buffer.from('\r\n');
const END_OF_HEADERS = Buffer.from('\r\n\r\n');
const DASH = 0x2d;

export class MultipartParser {
  readonly #events: PartEvents;
  readonly #limits: PartLimits;
  /** What stands before every boundary but a first one. */
  readonly #delimiter: Buffer;
  #state: State = 'preamble';
  /** What may be the beginning of something, before which nothing can be decided. */
  #rest: Buffer = CRLF;
  #parts = 0;

  constructor(boundary: string, limits: PartLimits, events: PartEvents) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#limits = limits;
    this.#events = events;
  }

  /** The next piece. `bytes` must not change while what `data` was given is in use. */
  push(bytes: Uint8Array): void {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let input: Buffer = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    for (;;) {
      const left = this.#step(input);
      if (left === undefined) break;
      input = left;
    }
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#state !== 'epilogue') throw new FormError('The form ends before its last boundary: it was broken off, or its Content-Type names another boundary.');
  }

  /** Takes what can be decided from the front of `input`; `undefined` when more is needed, and the rest is kept. */
  #step(input: Buffer): Buffer | undefined {
    switch (this.#state) {
      case 'preamble': return this.#preamble(input);
      case 'boundary': return this.#boundary(input);
      case 'headers': return this.#headers(input);
      case 'body': return this.#body(input);
      case 'epilogue': return this.#keep(input.subarray(input.length));
    }
  }

  #keep(rest: Buffer): undefined {
    // Of its own, so that a few bytes don't hold a whole piece.
    this.#rest = rest.length === 0 ? rest : Buffer.from(rest);
  }

  #preamble(input: Buffer): Buffer | undefined {
    const at = input.indexOf(this.#delimiter);
    if (at > this.#limits.header || (at === -1 && input.length > this.#limits.header + this.#delimiter.length)) {
      throw new FormError('The form does not begin with the boundary that its Content-Type names.');
    }
    if (at === -1) return this.#keep(input);
    this.#state = 'boundary';
    return input.subarray(at + this.#delimiter.length);
  }

  /** Behind a boundary: `--` ends the form, the end of the line begins a part. Blanks between are allowed. */
  #boundary(input: Buffer): Buffer | undefined {
    if (input.length < 2) return this.#keep(input);
    if (input[0] === DASH && input[1] === DASH) {
      this.#state = 'epilogue';
      return input.subarray(2);
    }
    let at = 0;
    while (at < input.length && (input[at] === 0x20 || input[at] === 0x09)) at++;
    if (at > 128) throw new FormError('The form has a boundary that is followed by too many blanks.');
    if (input.length < at + 2) return this.#keep(input);
    if (input[at] !== 0x0d || input[at + 1] !== 0x0a) throw new FormError('The form has a boundary that is not followed by the end of the line.');
    this.#state = 'headers';
    // With the end of the line, so that a part without headers ends as one with them does.
    return input.subarray(at);
  }

  #headers(input: Buffer): Buffer | undefined {
    const at = input.indexOf(END_OF_HEADERS);
    if (at > this.#limits.header || (at === -1 && input.length > this.#limits.header)) {
      throw new FormError(`The form has a part with more than ${this.#limits.header} bytes of headers.`);
    }
    if (at === -1) return this.#keep(input);
    if (++this.#parts > this.#limits.parts) throw new FormError(`The form has more than ${this.#limits.parts} fields.`, 413);
    this.#events.begin(partHead(input.subarray(0, at)));
    this.#state = 'body';
    // The line's end before the content may be the one before the next boundary, if there is no content.
    return input.subarray(at + 2);
  }

  #body(input: Buffer): Buffer | undefined {
    const skipped = this.#startOfBody;
    const at = input.indexOf(this.#delimiter);
    if (at !== -1) {
      this.#emit(input, skipped, at);
      this.#events.end();
      this.#startOfBody = 2;
      this.#state = 'boundary';
      return input.subarray(at + this.#delimiter.length);
    }
    // The last bytes may be the beginning of a delimiter.
    const safe = input.length - this.#delimiter.length + 1;
    if (safe <= skipped) return this.#keep(input);
    this.#emit(input, skipped, safe);
    this.#startOfBody = 0;
    return this.#keep(input.subarray(safe));
  }

  /** Bytes of the line's end that stand before the content at the front of the input. */
  #startOfBody = 2;

  #emit(input: Buffer, from: number, to: number): void {
    if (to > from) this.#events.data(input.subarray(from, to));
  }
}
