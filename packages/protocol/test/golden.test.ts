/** Golden frames: the bytes were made from the frames' description by Rust code that knows nothing of the codecs under test. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as protocol from '../src/generated.ts';
import { headerPairs, type HeaderBlock } from '../src/headers.ts';
import { createSplitter } from '../src/splitter.ts';
import { createWriter, type Writer } from '../src/writer.ts';

const folder = join(import.meta.dirname, '../golden');
const names = readdirSync(folder).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));

type Expected = { job: number; seq: number; frame: unknown };
type Decode = (bytes: Buffer, start: number, end: number) => unknown;
type Encode = (out: Writer, frame: unknown, job: number, seq: number) => void;

/** `after-done` to `AfterDone`. */
function typeName(file: string): string {
  return file.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase());
}

function codec(file: string): { decode: Decode; encode: Encode } {
  const functions = protocol as unknown as Record<string, unknown>;
  const decode = functions[`decode${typeName(file)}`];
  const encode = functions[`encode${typeName(file)}`];
  if (typeof decode !== 'function' || typeof encode !== 'function') throw new Error(`no codec for ${file}`);
  return { decode: decode as Decode, encode: encode as Encode };
}

function isHeaderBlock(value: object): value is HeaderBlock {
  return 'text' in value && 'at' in value && 'count' in value;
}

/** The form that the golden JSON has: bytes in hexadecimal, absent values as null. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (isHeaderBlock(value)) return headerPairs(value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

type Received = { code: number; job: number; seq: number; frame: unknown };

function receive(bytes: Buffer, decode: Decode, step: number): Received[] {
  const received: Received[] = [];
  const splitter = createSplitter((code, job, seq, buffer, start, end) => {
    received.push({ code, job, seq, frame: decode(buffer, start, end) });
  });
  // One buffer that is used again, as a socket does.
  const buffer = Buffer.alloc(step);
  for (let at = 0; at < bytes.length; at += step) {
    const length = bytes.copy(buffer, 0, at, Math.min(at + step, bytes.length));
    splitter.feed(buffer, length);
    buffer.fill(0xaa);
  }
  return received;
}

test('there is a golden file for every frame', () => {
  expect(names.map(typeName).sort()).toEqual(Object.keys(protocol.FRAME).map((name) => name[0]!.toUpperCase() + name.slice(1)).sort());
});

describe.each(names)('%s', (name) => {
  const bytes = readFileSync(join(folder, `${name}.bin`));
  const expected = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Expected[];
  const { decode, encode } = codec(name);

  test.each([bytes.length, 4096, 997, 13, 1])('decodes to the golden values when %i bytes come at a time', (step) => {
    const received = receive(bytes, decode, step);
    expect(received.map(({ job, seq, frame }) => ({ job, seq, frame: plain(frame) }))).toEqual(expected);
  });

  test('encodes to the golden bytes', () => {
    const out = createWriter(16);
    for (const { job, seq, frame } of receive(bytes, decode, bytes.length)) encode(out, frame, job, seq);
    expect(out.bytes.subarray(0, out.at).equals(bytes)).toBe(true);
  });

  test('a payload that is cut anywhere is refused', () => {
    const size = bytes.readUInt32LE(0);
    const payload = bytes.subarray(protocol.HEADER_LEN, protocol.HEADER_LEN + size);
    const endsInTail = ['body', 'chunk', 'head'].includes(name);
    for (let end = 0; end < payload.length && !endsInTail; end++) {
      expect(() => decode(payload, 0, end)).toThrow();
    }
    if (!endsInTail) expect(() => decode(Buffer.concat([payload, Buffer.alloc(1)]), 0, size + 1)).toThrow(/left over/);
  });
});
