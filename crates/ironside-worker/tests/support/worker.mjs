// A worker for tests: speaks just enough of the protocol to do what a job's path says, faults included. Written by hand and
// apart from the generated codec, so that the Rust side is tested against somebody else's bytes.
import { execFile } from 'node:child_process';
import { Socket } from 'node:net';

const [mode = '', schema = '', version = '1'] = process.argv.slice(2);
const socket = new Socket({ fd: 3, readable: true, writable: true });
const jobs = new Map();
let buffer = Buffer.alloc(0);
let draining = false;

const u16 = (value) => { const bytes = Buffer.alloc(2); bytes.writeUInt16LE(value); return bytes; };
const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
const u64 = (value) => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64LE(BigInt(value)); return bytes; };
const text = (value) => Buffer.concat([u16(Buffer.byteLength(value)), Buffer.from(value)]);
const none = Buffer.from([0]);

function frame(type, job, seq, ...parts) {
  const payload = Buffer.concat(parts);
  return Buffer.concat([u32(payload.length), Buffer.from([type, 0]), u16(seq), u32(job), payload]);
}
const send = (type, job, ...parts) => socket.write(frame(type, job, 0, ...parts));

function headerList(headers) {
  const pairs = headers.map(([name, value]) => Buffer.concat([u16(name.length), u16(value.length), Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1')]));
  const block = Buffer.concat([u16(headers.length), ...pairs]);
  return Buffer.concat([u32(block.length), block]);
}
const RESULTS = ['ok', 'redirect', 'not_found', 'thrown', 'aborted', 'timeout', 'bad_response'];
function outcome({ result = 'ok', message, tags = [], proxy, after = false } = {}) {
  const error = message === undefined ? none : Buffer.concat([Buffer.from([1]), text('digest1'), text(message), text('stack')]);
  return Buffer.concat([
    Buffer.from([RESULTS.indexOf(result)]), error, none, u16(tags.length), ...tags.map(text), none, none, none, u16(0),
    proxy ?? none, u32(1), u32(2), Buffer.from([after ? 1 : 0]),
  ]);
}
const head = (job, status, headers, body = '', reason = '') => send(0x83, job.id, u16(status), text(reason), headerList(headers), none, Buffer.from(body));
const chunk = (job, bytes, channel = 0) => send(0x84, job.id, Buffer.from([channel]), Buffer.from(bytes));
function end(job, options) {
  jobs.delete(job.id);
  send(0x85, job.id, outcome(options));
  if (draining && jobs.size === 0) socket.end(() => process.exit(0));
}
function answer(job, body, headers = []) {
  jobs.delete(job.id);
  send(0x83, job.id, u16(200), text(''), headerList(headers), Buffer.from([1]), outcome(), Buffer.from(body));
}
function call(job, seq, ...parts) {
  return new Promise((resolve) => {
    job.calls.set(seq, resolve);
    socket.write(frame(0x88, job.id, seq, ...parts));
  });
}

/** Sends `total` bytes, as fast as credit allows, in chunks of `size`. */
async function stream(job, total, size) {
  head(job, 200, []);
  for (let sent = 0; sent < total && !job.cancelled;) {
    if (job.credit === 0) { await new Promise((resolve) => { job.more = resolve; }); continue; }
    const count = Math.min(size, total - sent, job.credit);
    job.credit -= count;
    chunk(job, Buffer.alloc(count, 120));
    sent += count;
  }
  end(job, { result: job.cancelled ? 'aborted' : 'ok' });
}

/** Reads the body, giving back credit for what was read. */
async function upload(job, slowly) {
  let bytes = 0;
  let most = 0;
  for (;;) {
    while (job.body.length === 0 && job.bodyEnd === undefined) await new Promise((resolve) => { job.wake = resolve; });
    most = Math.max(most, job.body.reduce((sum, part) => sum + part.length, 0));
    const part = job.body.shift();
    if (part === undefined) break;
    if (slowly) await new Promise((resolve) => setTimeout(resolve, 1));
    bytes += part.length;
    send(0x87, job.id, u32(part.length));
  }
  answer(job, JSON.stringify({ bytes, most, end: job.bodyEnd }));
}

const routes = {
  '/hello': (job) => answer(job, `hello from ${process.pid}`, [['content-type', 'text/plain']]),
  '/echo': (job) => answer(job, JSON.stringify({ ...job, calls: undefined, body: undefined })),
  '/two-chunks': (job) => { head(job, 201, [['x-a', '1'], ['x-a', '2'], ['connection', 'close']], '', 'Fait à deux'); chunk(job, 'one'); chunk(job, 'flight', 1); chunk(job, 'two'); end(job, { tags: ['t'] }); },
  '/wait': (job) => { job.onCancel = () => end(job, { result: 'aborted' }); },
  '/head-then-wait': (job) => { head(job, 200, []); chunk(job, 'first'); job.onCancel = (reason) => { console.log(`cancelled ${reason}`); end(job, { result: 'aborted' }); }; },
  '/ignore-cancel': () => {},
  '/throw': (job) => end(job, { result: 'thrown', message: 'boom' }),
  '/throw-late': (job) => { head(job, 200, []); chunk(job, 'part'); end(job, { result: 'thrown', message: 'boom' }); },
  '/proxy': (job) => end(job, { proxy: Buffer.concat([Buffer.from([1, 1]), text('/other'), none, headerList([['x-p', 'v']])]) }),
  '/exit': () => process.exit(7),
  '/abort': () => process.abort(),
  '/die-once': (job) => { if (process.env.STATE_FILE && take(process.env.STATE_FILE)) process.exit(1); routes['/hello'](job); },
  '/head-then-die': (job) => { head(job, 200, []); chunk(job, 'part'); setTimeout(() => process.exit(1), 50); },
  '/loop': () => { for (;;); },
  '/print': (job) => { console.log('printed'); console.error('complained'); answer(job, ''); },
  '/stream': (job) => void stream(job, 8 * 1024 * 1024, 50_000),
  '/upload': (job) => void upload(job, false),
  '/upload-slow': (job) => void upload(job, true),
  '/grandchild': (job) => { const child = execFile('sleep', ['1000']); answer(job, String(child.pid)); },
  '/fds': async (job) => { const { readdirSync } = await import('node:fs'); answer(job, readdirSync('/proc/self/fd').join(' ')); },
  '/env': (job) => answer(job, JSON.stringify(process.env)),
  '/after': (job) => {
    send(0x85, job.id, outcome({ after: true }));
    setTimeout(() => { jobs.delete(job.id); send(0x86, job.id, u16(0), u16(1), text('d'), text('late error'), text('')); }, 100);
  },
  '/cache-get': async (job) => {
    const reply = await call(job, 7, Buffer.from([0, 1]), u32(3), Buffer.from('key'), u16(1), text('tag'));
    answer(job, reply.toString('latin1'));
  },
  '/many-calls': async (job) => {
    const replies = await Promise.all(Array.from({ length: 100 }, (_, seq) => call(job, seq + 1, Buffer.from([4]), text('/slow'))));
    answer(job, JSON.stringify({ refused: replies.filter((reply) => reply[0] === 5).length }));
  },
  '/log': (job) => { send(0x8a, job.id, Buffer.from([3]), text('app'), text('a line'), u16(1), text('k'), text('v')); answer(job, ''); },
  '/log-flood': (job) => { for (let i = 0; i < 3000; i++) send(0x8a, job.id, Buffer.from([3]), text('app'), text(`line ${i}`), u16(0)); answer(job, ''); },
  '/never-read': () => { socket.pause(); },
  // Answers that HTTP does not allow.
  '/bad-status': (job) => { head(job, 199, []); job.onCancel = () => end(job, { result: 'aborted' }); },
  '/bad-reason': (job) => { head(job, 200, [], '', 'OK\r\nset-cookie: b'); end(job); },
  '/bad-name': (job) => { head(job, 200, [['X-Upper', 'v']]); end(job); },
  '/bad-value': (job) => { head(job, 200, [['x', 'a\r\nset-cookie: b']]); end(job); },
  '/too-long': (job) => { head(job, 200, [['content-length', '3']]); chunk(job, 'four'); end(job); },
  '/too-short': (job) => { head(job, 200, [['content-length', '5']]); chunk(job, 'four'); end(job); },
  '/many-headers': (job) => { head(job, 200, Array.from({ length: 300 }, (_, i) => [`x-${i}`, ''])); end(job); },
  // Faults.
  '/second-head': (job) => { head(job, 200, []); head(job, 200, []); },
  '/chunk-first': (job) => chunk(job, 'x'),
  '/second-outcome': (job) => { end(job, { after: true }); end(job); },
  '/unknown-job': () => send(0x85, 999_999, outcome()),
  '/frame-after-end': (job) => { end(job); send(0x85, job.id, outcome()); },
  '/overrun': (job) => { head(job, 200, []); for (let i = 0; i < 12; i++) chunk(job, Buffer.alloc(60_000)); },
  '/unknown-type': () => send(0xf0, 0),
  '/front-type': () => send(0x05, 1, Buffer.from([0])),
  '/flags': (job) => { const bytes = frame(0x85, job.id, 0, outcome()); bytes[5] = 1; socket.write(bytes); },
  '/too-large': () => socket.write(Buffer.concat([u32(2 ** 31), Buffer.from([0x83, 0, 0, 0, 1, 0, 0, 0])])),
  '/left-over': (job) => send(0x87, job.id, u32(1), Buffer.from([0])),
  '/bad-utf8': (job) => send(0x8a, job.id, Buffer.from([3]), u16(1), Buffer.from([0xff]), text(''), u16(0)),
  '/bad-word': (job) => send(0x85, job.id, Buffer.concat([Buffer.from([99]), outcome().subarray(1)])),
  '/bad-pong': () => send(0x89, 0, u32(12345), u32(0), u32(0), u64(0), u64(0), u64(0)),
  '/second-ready': () => send(0x82, 0, u32(0), u32(0), u16(0)),
  // At once and not through the stream: a PONG that came behind the half frame would make a lie of a death.
  '/cut': (job) => { writeSync(3, frame(0x83, job.id, 0, u16(200), text(''), headerList([['a', 'b']]), none).subarray(0, Number(job.query))); process.exit(0); },
};

import { rmSync, writeSync } from 'node:fs';
function take(file) {
  try { rmSync(file); return true; } catch { return false; }
}

function readJob(id, bytes) {
  let at = 2;
  const string = () => { const length = bytes.readUInt16LE(at); at += 2; const value = bytes.toString('utf8', at, at + length); at += length; return value; };
  const method = string();
  at += 1;
  const authority = string();
  const path = string();
  const query = string();
  const clientAddress = string();
  const route = bytes.readUInt32LE(at);
  at += 4;
  const params = Array.from({ length: bytes.readUInt16LE((at += 2) - 2) }, () => {
    const name = string();
    const values = Array.from({ length: bytes.readUInt16LE((at += 2) - 2) }, string);
    return { name, values, kind: bytes[at++] };
  });
  const target = string();
  const permit = Number(bytes.readBigUInt64LE(at));
  const deadline = bytes.readUInt32LE(at + 8);
  at += 12;
  const requestId = string();
  const trace = string();
  const credit = bytes.readUInt32LE(at);
  const hasBody = bytes[at + 4] === 1;
  return { id, kind: bytes[0], method, authority, path, query, clientAddress, route, params, target, permit, deadline, requestId, trace, credit, hasBody, headerBytes: bytes.length - at - 5, body: [], calls: new Map() };
}

function control(job) {
  const input = JSON.parse(Buffer.concat(job.body).toString());
  if (job.target === 'double') return answer(job, JSON.stringify({ doubled: input.value * 2 }));
  if (job.target === 'garbage') return answer(job, 'no json');
  end(job, { result: 'thrown', message: `there is no ${job.target}` });
}

function handle(type, id, seq, payload) {
  const job = jobs.get(id);
  switch (type) {
    case 0x01:
      if (mode !== 'never-ready') send(0x82, 0, u32(1), u32(2), u16(0));
      break;
    case 0x02: {
      const started = readJob(id, payload);
      jobs.set(id, started);
      if (started.kind === 6) return;
      (routes[started.path] ?? ((job) => end(job, { result: 'not_found' })))(started);
      break;
    }
    case 0x03: job?.body.push(Buffer.from(payload)); job?.wake?.(); if (job?.kind === 6) send(0x87, id, u32(payload.length)); break;
    case 0x04: if (job) { job.bodyEnd = payload[0]; job.wake?.(); if (job.kind === 6) control(job); } break;
    case 0x05: if (job) { job.cancelled = true; job.more?.(); job.onCancel?.(payload[0]); } break;
    case 0x06: if (job) { job.credit += payload.readUInt32LE(0); job.more?.(); } break;
    case 0x07: job?.calls.get(seq)?.(Buffer.from(payload)); break;
    case 0x08: {
      const { heapUsed, rss } = process.memoryUsage();
      send(0x89, 0, payload, u32(0), u32(jobs.size), u64(heapUsed), u64(mode === 'heap-full' ? heapUsed : 2 ** 32), u64(rss));
      break;
    }
    case 0x09: draining = true; if (jobs.size === 0) socket.end(() => process.exit(0)); break;
  }
}

socket.on('data', (bytes) => {
  buffer = buffer.length === 0 ? bytes : Buffer.concat([buffer, bytes]);
  while (buffer.length >= 12) {
    const size = buffer.readUInt32LE(0);
    if (buffer.length < 12 + size) return;
    const [type, seq, id, payload] = [buffer[4], buffer.readUInt16LE(6), buffer.readUInt32LE(8), buffer.subarray(12, 12 + size)];
    buffer = buffer.subarray(12 + size);
    handle(type, id, seq, payload);
  }
});
socket.on('close', () => process.exit(0));
socket.on('error', () => process.exit(1));

if (mode === 'exit') { console.error('the build is broken'); process.exit(3); }
if (mode === 'garbage') socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
if (mode === 'ready-first') send(0x82, 0, u32(1), u32(2), u16(0));
if (mode !== 'no-hello') {
  send(0x81, 0, Buffer.from('IRNS'), u16(Number(version)), text(schema), u32(process.pid), text(mode === 'old' ? 'v18.0.0' : process.version), text('test'));
}
