/**
 * Writing frames into one growing buffer, which the connection sends once per turn of the event loop. A frame that cannot be
 * encoded leaves nothing behind, so the stream can never get out of step.
 */
import type { HeaderBlock, HeaderPairs } from './headers.ts';
import { headerPairs } from './headers.ts';

export type Writer = {
  bytes: Buffer;
  /** Bytes that have been written. */
  at: number;
};

/** A value does not fit into its field: too long, or with characters that the field cannot carry. */
export class EncodeError extends Error {
  override name = 'EncodeError';
}

export function createWriter(capacity = 1 << 16): Writer {
  return { bytes: Buffer.allocUnsafeSlow(capacity), at: 0 };
}

/** Makes room for `count` more bytes and returns where they begin. */
function room(out: Writer, count: number): number {
  const at = out.at;
  const needed = at + count;
  if (needed > out.bytes.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, out.bytes.length * 2));
    out.bytes.copy(larger, 0, 0, at);
    out.bytes = larger;
  }
  out.at = needed;
  return at;
}

/** Single stores, which the compiler sees through; `Buffer`'s own methods check what is checked here already. */
function putU16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function putU32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Starts a frame and returns where it begins. Its length is filled in by `endFrame`. */
export function beginFrame(out: Writer, code: number, job: number, seq: number): number {
  const start = room(out, 12);
  const { bytes } = out;
  bytes[start + 4] = code;
  bytes[start + 5] = 0;
  bytes[start + 6] = seq;
  bytes[start + 7] = seq >>> 8;
  putU32(bytes, start + 8, job);
  return start;
}

export function endFrame(out: Writer, start: number, limit: number): void {
  const length = out.at - start - 12;
  if (length > limit) throw new EncodeError(`a frame of ${length} bytes is above the limit of ${limit}`);
  putU32(out.bytes, start, length);
}

export function cancelFrame(out: Writer, start: number): void {
  out.at = start;
}

export function writeU8(out: Writer, value: number): void {
  const at = room(out, 1);
  out.bytes[at] = value;
}

export function writeBool(out: Writer, value: boolean): void {
  writeU8(out, value ? 1 : 0);
}

export function writeU16(out: Writer, value: number): void {
  if ((value & 0xffff) !== value) throw new EncodeError(`${value} is no integer between 0 and 2^16 - 1`);
  const at = room(out, 2);
  putU16(out.bytes, at, value);
}

export function writeU32(out: Writer, value: number): void {
  if (value >>> 0 !== value) throw new EncodeError(`${value} is no integer between 0 and 2^32 - 1`);
  const at = room(out, 4);
  putU32(out.bytes, at, value);
}

export function writeU53(out: Writer, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new EncodeError(`${value} is no integer between 0 and 2^53 - 1`);
  const at = room(out, 8);
  out.bytes.writeUInt32LE(value % 0x1_0000_0000, at);
  out.bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

export function writeF64(out: Writer, value: number): void {
  const at = room(out, 8);
  out.bytes.writeDoubleLE(value, at);
}

export function writeWord<Word extends string>(out: Writer, what: string, word: Word, numbers: Record<Word, number>): void {
  const number: number | undefined = numbers[word];
  if (number === undefined) throw new EncodeError(`${JSON.stringify(word)} is no ${what}`);
  writeU8(out, number);
}

function tooLong(length: number, max: number): never {
  throw new EncodeError(`a length of ${length} is above the limit of ${max}`);
}

/** Writes characters up to `largest` as one byte each. A loop beats the native call for the short strings that headers are. */
function writeNarrow(out: Writer, text: string, largest: number): void {
  const { length } = text;
  const start = room(out, length);
  const { bytes } = out;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    // Cutting to eight bits would turn U+010A into a line feed.
    if (code > largest) throw new EncodeError(`${JSON.stringify(text)} has characters above U+${largest.toString(16).padStart(4, '0')}`);
    bytes[start + index] = code;
  }
}

export function writeAscii(out: Writer, text: string, max: number): void {
  if (text.length > max) tooLong(text.length, max);
  writeU16(out, text.length);
  writeNarrow(out, text, 0x7f);
}

export function writeText(out: Writer, text: string, max: number): void {
  if (text.length === 0) return writeU16(out, 0);
  const length = Buffer.byteLength(text);
  if (length > max) tooLong(length, max);
  writeU16(out, length);
  const at = room(out, length);
  out.bytes.write(text, at, length, 'utf8');
}

export function writeTail(out: Writer, value: Uint8Array, max: number): void {
  if (value.length > max) tooLong(value.length, max);
  const at = room(out, value.length);
  out.bytes.set(value, at);
}

export function writeBytes(out: Writer, value: Uint8Array, max: number): void {
  if (value.length > max) tooLong(value.length, max);
  writeU32(out, value.length);
  writeTail(out, value, max);
}

export function writeHeaders(out: Writer, pairs: HeaderPairs): void {
  const start = room(out, 6);
  if (pairs.length > 0xffff) tooLong(pairs.length, 0xffff);
  for (const [name, value] of pairs) {
    if (name.length > 0xffff || value.length > 0xffff) tooLong(Math.max(name.length, value.length), 0xffff);
    writeU16(out, name.length);
    writeU16(out, value.length);
    writeNarrow(out, name, 0x7f);
    writeNarrow(out, value, 0xff);
  }
  putU32(out.bytes, start, out.at - start - 4);
  putU16(out.bytes, start + 4, pairs.length);
}

export function writeLazyHeaders(out: Writer, block: HeaderBlock): void {
  writeHeaders(out, headerPairs(block));
}

export function writeList<T>(out: Writer, list: readonly T[], max: number, write: (out: Writer, item: T) => void): void {
  if (list.length > max) tooLong(list.length, max);
  writeU16(out, list.length);
  for (const item of list) write(out, item);
}

export function writeOptional<T>(out: Writer, value: T | undefined, write: (out: Writer, value: T) => void): void {
  if (value === undefined) return writeU8(out, 0);
  writeU8(out, 1);
  write(out, value);
}
