// The judge of the fuzz target `flight`: decodes bodies that the firewall has accepted with React's real decoder, under a budget,
// and walks through what comes out as an application might. Reads frames from standard input: three lengths as u32 (content
// type, entries that the firewall saw as JSON, body) and the three; a frame of three zeros ends a batch. Answers each batch
// with one line of JSON: {"decoded": n, "refused": {message: n}, "findings": [{at, what}]}.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const call = async () => undefined;
globalThis.__webpack_require__ = () => ({ call });
globalThis.__webpack_chunk_load__ = () => Promise.resolve();
const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const { createTemporaryReferenceSet, decodeAction, decodeFormState, decodeReply } = require('react-server-dom-webpack/server.node');
const known = { id: 'module', name: 'call', chunks: [] };
const manifest = { '40aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': known };

const CPU = 600_000; // microseconds for one body
const WAIT = 2000; // milliseconds until a promise has to settle
const STEPS = 200_000; // values that a walk visits

let findings = [];
let at = 0;
const find = (what) => findings.push({ at, what });
process.on('unhandledRejection', (error) => {
  // A promise that is rejected and that nobody awaited belongs to the body, which is an error of its own kind but a clean one.
  if (!(error instanceof Error)) find(`an unhandled rejection with ${typeof error}`);
});
process.on('uncaughtException', (error) => find(`an uncaught exception: ${error?.message}`));

const within = (promise) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('PENDING')), WAIT)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** Visits everything, promises and streams as well, each object once. */
async function walk(root) {
  const seen = new Set();
  const todo = [root];
  for (let steps = 0; todo.length > 0 && steps < STEPS; steps++) {
    const value = todo.pop();
    if (value === null || typeof value !== 'object' || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Blob || value instanceof Date) continue;
    if (value instanceof ReadableStream) {
      const reader = value.getReader();
      for (;;) {
        const { done, value: item } = await within(reader.read());
        if (done) break;
        todo.push(item);
      }
    } else if (value instanceof Promise) todo.push(await within(value));
    else if (value instanceof FormData) continue;
    else if (value instanceof Map) for (const entry of value) todo.push(entry[0], entry[1]);
    else if (value instanceof Set) todo.push(...value);
    else if (Array.isArray(value)) for (const item of value) todo.push(item);
    else if (typeof value[Symbol.asyncIterator] === 'function') {
      const iterator = value[Symbol.asyncIterator]();
      for (;;) {
        const { done, value: item } = await within(iterator.next());
        todo.push(item);
        if (done) break;
      }
    } else if (typeof value[Symbol.iterator] === 'function') for (const item of value) todo.push(item);
    else {
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== Object.prototype) find('an object of a foreign prototype');
      for (const key of Object.keys(value)) todo.push(value[key]);
    }
  }
}

async function judge(contentType, entries, body, isForm) {
  let reply = body.toString('utf8');
  if (contentType.startsWith('multipart/')) {
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
    const seen = [...form].map(([name, value]) => [name, typeof value !== 'string', typeof value === 'string' ? null : value.size]);
    if (JSON.stringify(seen) !== JSON.stringify(entries)) find(`another parser sees ${JSON.stringify(seen)} where the firewall sees ${JSON.stringify(entries)}`);
    reply = form;
  }
  if (isForm) {
    const action = await decodeAction(reply, manifest);
    await decodeFormState(1, reply, manifest);
    if (!action) return find('a form without an action');
    return;
  }
  const value = await within(decodeReply(reply, manifest, { temporaryReferences: createTemporaryReferenceSet() }));
  if (!Array.isArray(value)) find('the arguments are no list');
  await walk(value);
}

const chunks = [];
let held = 0;
const input = process.stdin[Symbol.asyncIterator]();
async function take(length) {
  while (held < length) {
    const { done, value } = await input.next();
    if (done) process.exit(0);
    chunks.push(value);
    held += value.length;
  }
  const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  chunks.length = 0;
  chunks.push(all.subarray(length));
  held -= length;
  return all.subarray(0, length);
}

for (;;) {
  let decoded = 0;
  const refused = {};
  findings = [];
  for (at = 0; ; at++) {
    const head = await take(12);
    const [a, b, c] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)];
    if (a === 0 && b === 0 && c === 0) break;
    const kind = (await take(a)).toString();
    const entries = JSON.parse((await take(b)).toString());
    const body = Buffer.from(await take(c));
    const before = process.cpuUsage();
    try {
      await judge(kind.slice(1), entries, body, kind[0] === 'F');
      decoded++;
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message.replace(/[^ -~]/g, '?').replace(/[0-9a-f]{8,}|\d+/g, 'N').slice(0, 80)}` : `not an error: ${typeof error}`;
      refused[message] = (refused[message] ?? 0) + 1;
      if (!(error instanceof Error) || error.message === 'PENDING' || /call stack|heap/.test(error.message)) find(message);
    }
    const used = process.cpuUsage(before);
    if (used.user + used.system > CPU) find(`${Math.round((used.user + used.system) / 1000)} ms of CPU`);
  }
  process.stdout.write(`${JSON.stringify({ decoded, refused, findings })}\n`);
}
