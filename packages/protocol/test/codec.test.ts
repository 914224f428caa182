import { expect, test } from 'vitest';
import { decodeBody, decodeHead, decodeJob, encodeBody, encodeBodyEnd, encodeCredit, encodeHead, encodeJob, FRAME, HEADER_LEN, type Job } from '../src/generated.ts';
import { headerBlock, headerPairs, headerValue } from '../src/headers.ts';
import { createSplitter } from '../src/splitter.ts';
import { createWriter, EncodeError } from '../src/writer.ts';

const job: Job = {
  kind: 'handler', variant: 'html', method: 'POST', scheme: 'http', authority: 'localhost:3000', path: '/api', query: 'q=é', clientAddress: '::1',
  route: 3, params: [{ name: 'id', values: ['1'], kind: 'd' }], target: '', permit: 0, deadlineMs: 0, requestId: 'r1', trace: '', credit: 1,
  hasBody: true, headers: headerBlock([['cookie', 'a=1'], ['x-name', 'café'], ['cookie', 'b=2']]),
};

test('headers keep order and repeats, and are found by name', () => {
  const out = createWriter();
  encodeJob(out, job, 7);
  const { headers } = decodeJob(out.bytes, HEADER_LEN, out.at);
  expect(headerPairs(headers)).toEqual([['cookie', 'a=1'], ['x-name', 'café'], ['cookie', 'b=2']]);
  expect(headerValue(headers, 'x-name')).toBe('café');
  expect(headerValue(headers, 'cookie')).toBe('a=1');
  expect(headerValue(headers, 'x-nam')).toBeUndefined();
});

test('a frame that cannot be encoded leaves nothing behind', () => {
  const out = createWriter();
  encodeCredit(out, { bytes: 5 }, 1);
  const before = out.at;
  expect(() => encodeJob(out, { ...job, requestId: 'é' }, 7)).toThrow(EncodeError);
  expect(() => encodeHead(out, { status: 200, reason: '', headers: [['x', '\u010a']], body: new Uint8Array() }, 7)).toThrow(/above U\+00ff/);
  expect(() => encodeBody(out, { bytes: new Uint8Array(65537) }, 7)).toThrow(/above the limit/);
  expect(() => encodeJob(out, { ...job, kind: 'nonsense' as 'page' }, 7)).toThrow(/is no JobKind/);
  expect(out.at).toBe(before);
});

test('decoded bytes survive the buffer and do not show what is around them', () => {
  const out = createWriter();
  encodeBody(out, { bytes: Uint8Array.of(1, 2, 3) }, 7);
  const { bytes } = decodeBody(out.bytes, HEADER_LEN, out.at);
  out.bytes.fill(0);
  expect([...bytes]).toEqual([1, 2, 3]);
  expect(bytes.buffer.byteLength).toBe(3);
});

test('a small complete answer is one frame', () => {
  const out = createWriter();
  const outcome = { result: 'ok', tags: [], revalidations: [], cpuUs: 1, wallUs: 2, after: false } as const;
  encodeHead(out, { status: 200, reason: 'Fine', headers: [['content-type', 'text/plain']], outcome, body: Buffer.from('hello') }, 9);
  const head = decodeHead(out.bytes, HEADER_LEN, out.at);
  expect(head.outcome?.result).toBe('ok');
  expect(Buffer.from(head.body).toString()).toBe('hello');
});

test('a stream that is out of step is refused', () => {
  const feed = (change: (bytes: Buffer) => void) => {
    const out = createWriter();
    encodeCredit(out, { bytes: 5 }, 1);
    change(out.bytes);
    createSplitter(() => {}).feed(out.bytes, out.at);
  };
  expect(() => feed(() => {})).not.toThrow();
  expect(() => feed((bytes) => bytes.writeUInt32LE(17, 0))).toThrow(/at most 16/);
  expect(() => feed((bytes) => { bytes[4] = 0x7f; })).toThrow(/no frame of type/);
  expect(() => feed((bytes) => { bytes[5] = 1; })).toThrow(/unknown flags/);
  expect(FRAME.credit).toBe(6);
});

test('bodies in pieces: however the socket cuts them, every byte comes once and in order, and other frames come whole', () => {
  const out = createWriter();
  const first = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
  encodeBody(out, { bytes: first }, 7);
  encodeCredit(out, { bytes: 5 }, 9);
  encodeBody(out, { bytes: new Uint8Array([1, 2, 3]) }, 8);
  encodeBodyEnd(out, { status: 'complete' }, 7);
  for (let size = 1; size <= out.at; size++) {
    const bodies = new Map<number, number[]>();
    const others: string[] = [];
    const splitter = createSplitter((code, job, _seq, bytes, start, end) => {
      if (code === FRAME.body) bodies.set(job, [...bodies.get(job) ?? [], ...bytes.subarray(start, end)]);
      else others.push(`${code}:${job}:${end - start}`);
    }, FRAME.body);
    const buffer = Buffer.alloc(size);
    for (let at = 0; at < out.at; at += size) {
      const length = out.bytes.copy(buffer, 0, at, Math.min(at + size, out.at));
      splitter.feed(buffer, length);
    }
    expect([size, bodies.get(7), bodies.get(8), others]).toEqual([size, [...first], [1, 2, 3], [`${FRAME.credit}:9:4`, `${FRAME.bodyEnd}:7:1`]]);
  }
});
