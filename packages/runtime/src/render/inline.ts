/**
 * The payload inside of HTML: Flight bytes are collected and go out as few `<script>` elements, each after HTML that was flushed.
 * The form is `InlineChunk` of the payload's module.
 */
import { isUtf8 } from 'node:buffer';

export class InlineQueue {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  readonly #open: string;

  constructor(nonce: string | undefined) {
    this.#open = nonce === undefined ? '<script>' : `<script nonce="${nonce}">`;
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
  }

  /** A script with everything that waits; empty if nothing does. A character that is cut at the end waits for its rest. */
  take(last: boolean): string {
    if (this.#bytes === 0) return '';
    const all = this.#chunks.length === 1 ? bufferOf(this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks);
    const cut = last ? 0 : cutCharacter(all);
    const now = cut === 0 ? all : all.subarray(0, all.length - cut);
    this.#chunks = cut === 0 ? [] : [all.subarray(all.length - cut)];
    this.#bytes = cut;
    return now.length === 0 ? '' : `${this.#open}(self.__I||=[]).push(${literal(now)})</script>`;
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));

/** As text, or in base64 if the bytes are no text (a typed array in the payload). */
function literal(bytes: Buffer): string {
  return isUtf8(bytes) ? scriptString(bytes.toString('utf8')) : `["${bytes.toString('base64')}"]`;
}

const ESCAPES: Record<string, string> = { '<': '\\u003c', '\u2028': '\\u2028', '\u2029': '\\u2029' };

/** A JavaScript expression that is safe inside of a script element. */
export function scriptString(value: unknown): string {
  return JSON.stringify(value).replace(/[<\u2028\u2029]/g, (character) => ESCAPES[character] as string);
}

/** How many bytes at the end begin a character that isn't complete. */
function cutCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
