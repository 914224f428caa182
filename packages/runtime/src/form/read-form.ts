/**
 * `request.formData()`: reads a form as it comes. Files beyond a threshold go to the disk, so that an upload of any size
 * takes a bounded amount of memory; what is wrong with the form is a `FormError`.
 */
import { atJobEnd } from '../job-end.ts';
import type { RequestStore } from '../request-store.ts';
import { FormError } from './form-error.ts';
import { formLimits, type FormLimits } from './form-limits.ts';
import { MultipartParser } from './multipart.ts';
import { parameters, type PartHead } from './part-headers.ts';
import { SpooledFile } from './spooled-file.ts';

/** `store`: the request at whose end the temporary files go away; without one everything stays in memory. */
export async function readForm(body: ReadableStream<Uint8Array>, contentType: string, store: RequestStore | undefined): Promise<FormData> {
  const kind = parameters(contentType);
  const limits = formLimits();
  switch (kind.get('')) {
    case 'multipart/form-data': return readMultipart(body, boundaryOf(kind), limits, store);
    case 'application/x-www-form-urlencoded': return readUrlencoded(body, limits);
    default:
      throw new TypeError(`The request has the Content-Type ${JSON.stringify(contentType)}; formData() reads "multipart/form-data" and "application/x-www-form-urlencoded".`);
  }
}

function boundaryOf(kind: ReadonlyMap<string, string>): string {
  const boundary = kind.get('boundary') ?? '';
  if (!/^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary)) {
    throw new FormError('The Content-Type of the form has no valid boundary.');
  }
  return boundary;
}

async function readMultipart(body: ReadableStream<Uint8Array>, boundary: string, limits: FormLimits, store: RequestStore | undefined): Promise<FormData> {
  const collected = new Collected(store ? limits.memory : Infinity, limits.text);
  const parser = new MultipartParser(boundary, limits, collected);
  try {
    for await (const piece of pieces(body)) {
      parser.push(piece);
      await collected.settle();
    }
    parser.end();
    const form = await collected.form();
    if (store) for (const file of collected.spooled) atJobEnd(store, () => file.remove());
    return form;
  } catch (error) {
    await Promise.all(collected.spooled.map((file) => file.remove()));
    throw error;
  }
}

async function readUrlencoded(body: ReadableStream<Uint8Array>, limits: FormLimits): Promise<FormData> {
  const all: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces(body)) {
    size += piece.length;
    if (size > limits.text) throw tooMuchText(limits.text);
    all.push(piece);
  }
  const form = new FormData();
  let count = 0;
  for (const [name, value] of new URLSearchParams(Buffer.concat(all).toString('utf8'))) {
    if (++count > limits.parts) throw new FormError(`The form has more than ${limits.parts} fields.`, 413);
    form.append(name, value);
  }
  return form;
}

/** Leaves the rest unread when the loop ends early. */
async function* pieces(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function tooMuchText(limit: number): FormError {
  return new FormError(`The form has more than ${limit} bytes of text. Large values belong into files.`, 413);
}

type Part = PartHead & { pieces: Uint8Array[]; spool: SpooledFile | undefined };

/** The parts so far. The parser calls it; `settle()` puts on disk what is too much for memory. */
class Collected {
  readonly spooled: SpooledFile[] = [];
  readonly #parts: Part[] = [];
  #current: Part | undefined;
  #memory: number;
  #text: number;
  readonly #textLimit: number;

  constructor(memory: number, text: number) {
    this.#memory = memory;
    this.#text = this.#textLimit = text;
  }

  begin(head: PartHead): void {
    this.#takeText(Buffer.byteLength(head.name) + Buffer.byteLength(head.filename ?? ''));
    this.#current = { ...head, pieces: [], spool: undefined };
    this.#parts.push(this.#current);
  }

  data(bytes: Buffer): void {
    const part = this.#current;
    if (!part) return;
    if (part.filename === undefined) this.#takeText(bytes.length);
    else if (!part.spool) this.#memory -= bytes.length;
    // A small view would keep all of the piece that it is cut from.
    part.pieces.push(bytes.length * 2 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes);
  }

  end(): void {
    this.#current = undefined;
  }

  async settle(): Promise<void> {
    if (this.#memory < 0) await this.#moveOut();
    for (const part of this.#parts) {
      if (!part.spool || part.pieces.length === 0) continue;
      await part.spool.write(part.pieces.splice(0));
    }
  }

  async form(): Promise<FormData> {
    const form = new FormData();
    for (const part of this.#parts) {
      if (part.filename === undefined) form.append(part.name, Buffer.concat(part.pieces).toString('utf8'));
      else if (part.spool) form.append(part.name, await part.spool.file(part.filename, part.type));
      else form.append(part.name, new File(part.pieces as BlobPart[], part.filename, { type: part.type }));
    }
    return form;
  }

  /** The largest files leave the memory until the rest fits. */
  async #moveOut(): Promise<void> {
    const sizes = this.#parts
      .filter((part) => part.filename !== undefined && !part.spool)
      .map((part) => ({ part, size: part.pieces.reduce((sum, piece) => sum + piece.length, 0) }))
      .sort((a, b) => b.size - a.size);
    for (const { part, size } of sizes) {
      if (this.#memory >= 0) return;
      part.spool = await SpooledFile.create();
      this.spooled.push(part.spool);
      this.#memory += size;
    }
  }

  #takeText(bytes: number): void {
    this.#text -= bytes;
    if (this.#text < 0) throw tooMuchText(this.#textLimit);
  }
}
