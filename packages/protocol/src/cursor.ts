/**
 * Reading a payload. Every read is checked against the payload's end: a decoder that is out of step must stop with an error
 * and never return something made up. What is returned shares no memory with the buffer.
 */
import type { HeaderBlock, HeaderPairs } from './headers.ts';
import { headerPairs } from './headers.ts';

export type Cursor = {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  at: number;
  /** Latin-1 of the whole payload, made by the first text that is read; all texts are cut out of it. */
  text: string | undefined;
};

/** The stream is out of step, or the two sides differ. Nothing that follows can be trusted. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

export function cursor(bytes: Buffer, start: number, end: number): Cursor {
  return { bytes, start, end, at: start, text: undefined };
}

/** Nothing may be left. */
export function finish(c: Cursor): void {
  if (c.at !== c.end) throw new ProtocolError(`${c.end - c.at} bytes are left over in a frame`);
}

export function unknown(c: Cursor, what: string, value: number): never {
  throw new ProtocolError(`${value} is no ${what} (at byte ${c.at - c.start})`);
}

/** Moves past `count` bytes and returns where they begin. */
function take(c: Cursor, count: number): number {
  const at = c.at;
  if (count > c.end - at) throw new ProtocolError(`a frame ends too early: ${count} bytes are wanted, ${c.end - at} are left`);
  c.at = at + count;
  return at;
}

function limited(length: number, max: number): number {
  if (length > max) throw new ProtocolError(`a length of ${length} is above the limit of ${max}`);
  return length;
}

export function readU8(c: Cursor): number {
  return c.bytes[take(c, 1)]!;
}

export function readBool(c: Cursor): boolean {
  const value = readU8(c);
  return value === 1 || (value === 0 ? false : unknown(c, 'boolean', value));
}

export function readU16(c: Cursor): number {
  const at = take(c, 2);
  return c.bytes[at]! | (c.bytes[at + 1]! << 8);
}

export function readU32(c: Cursor): number {
  return u32At(c.bytes, take(c, 4));
}

/** `Buffer`'s own method costs more than the four reads. */
export function u32At(bytes: Buffer, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

export function readU53(c: Cursor): number {
  const at = take(c, 8);
  const high = c.bytes.readUInt32LE(at + 4);
  if (high > 0x1f_ffff) unknown(c, 'exact integer', high);
  return high * 0x1_0000_0000 + c.bytes.readUInt32LE(at);
}

export function readF64(c: Cursor): number {
  return c.bytes.readDoubleLE(take(c, 8));
}

function textOf(c: Cursor): string {
  return (c.text ??= c.bytes.toString('latin1', c.start, c.end));
}

/** ASCII, which the sender has checked. */
export function readAscii(c: Cursor, max: number): string {
  const length = limited(readU16(c), max);
  if (length === 0) return '';
  const at = take(c, length) - c.start;
  return textOf(c).substring(at, at + length);
}

const NOT_ASCII = /[\u0080-\u00ff]/;

export function readText(c: Cursor, max: number): string {
  const length = limited(readU16(c), max);
  if (length === 0) return '';
  const at = take(c, length);
  const text = textOf(c).substring(at - c.start, at - c.start + length);
  return NOT_ASCII.test(text) ? c.bytes.toString('utf8', at, at + length) : text;
}

/** A copy with a buffer of its own: user code may get it, and must not see what else is in the pool. */
function copy(c: Cursor, length: number): Uint8Array {
  const at = take(c, length);
  return new Uint8Array(c.bytes.subarray(at, at + length));
}

export function readBytes(c: Cursor, max: number): Uint8Array {
  return copy(c, limited(readU32(c), max));
}

export function readTail(c: Cursor, max: number): Uint8Array {
  return copy(c, limited(c.end - c.at, max));
}

/** The structure of the block is checked, but no string is made except the payload's. */
export function readLazyHeaders(c: Cursor): HeaderBlock {
  const size = readU32(c);
  const end = take(c, size) + size;
  let at = end - size;
  if (size < 2) throw new ProtocolError('a header list ends too early');
  const { bytes } = c;
  const count = bytes[at]! | (bytes[at + 1]! << 8);
  at += 2;
  const first = at;
  for (let index = 0; index < count; index++) {
    if (end - at < 4) throw new ProtocolError('a header list ends too early');
    at += 4 + (bytes[at]! | (bytes[at + 1]! << 8)) + (bytes[at + 2]! | (bytes[at + 3]! << 8));
  }
  if (at !== end) throw new ProtocolError('a header list has another length than it says');
  return { text: textOf(c), at: first - c.start, count };
}

export function readHeaders(c: Cursor): HeaderPairs {
  return headerPairs(readLazyHeaders(c));
}

export function readList<T>(c: Cursor, max: number, read: (c: Cursor) => T): T[] {
  const count = limited(readU16(c), max);
  const list: T[] = [];
  for (let index = 0; index < count; index++) list.push(read(c));
  return list;
}
