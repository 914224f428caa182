// Makes values of every kind that React's client can send, and writes what `encodeReply` makes of them: for each body a line with
// content type and length, then the bytes. Arguments: seed, number of bodies.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

globalThis.__webpack_require__ = () => ({});
globalThis.__webpack_require__.u = () => '';
const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const { createServerReference, createTemporaryReferenceSet, encodeReply } = require('react-server-dom-webpack/client.browser');

let [seed, count] = process.argv.slice(2).map(Number);
/** A number below `end` (mulberry32). */
function random(end) {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % end;
}
const pick = (list) => list[random(list.length)];
const times = (most, make) => Array.from({ length: random(most + 1) }, make);

const texts = ['', 'a', '$', '$$', '$F1', '$@1', '$0:0', 'ä€😀', '\ud800', '"\\\n\u0000', '\ufeffx', '__proto__', 'then', 'x'.repeat(3000), '--boundary\r\n', '2026-01-01Z'];
const keys = ['a', 'b', 'id', 'bound', 'length', '', '0', 'key with space', 'ä', 'a:b', '"', '\\'];
const arrays = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView];
class Instance {}
const id = '40aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const call = async () => undefined;

/** Values that were made and may be used again: containers that are whole, so nothing holds itself but by `cycle`. */
let shared = [];

function value(depth) {
  const kind = random(depth > 5 ? 14 : 34);
  const made = one(kind, depth);
  if (made !== null && typeof made === 'object' && random(3) === 0) shared.push(made);
  return made;
}

function one(kind, depth) {
  const inner = () => value(depth + 1);
  switch (kind) {
    case 0: return null;
    case 1: return undefined;
    case 2: return pick([true, false]);
    case 3: return pick([0, -0, 1.5, -1e300, 5e-324, NaN, Infinity, -Infinity, random(1e9)]);
    case 4: case 5: return pick(texts);
    case 6: return BigInt(random(1e9)) ** BigInt(random(30)) * (random(2) ? 1n : -1n);
    case 7: return new Date(pick([0, 1e12, NaN, -1e13]));
    case 8: return shared.length ? pick(shared.filter((made) => !(made instanceof ReadableStream)).concat('none')) : 'none';
    case 9: return pick([() => 1, Symbol('local'), new Instance(), /x/, new Error('e'), Object.create(null), new URL('http://a/b')]);
    case 10: return createServerReference(id, call);
    case 11: return new Blob([pick(texts)], { type: pick(['', 'text/plain']) });
    // Not without a name: then Node, unlike browsers, sends text.
    case 12: return new File([pick(texts)], pick(['a.txt', 'ä "q".png']), { type: pick(['', 'image/png']) });
    case 13: { const Type = pick(arrays); return new Type(new ArrayBuffer(8 * random(4))); }
    case 14: return new ArrayBuffer(random(20));
    case 15: return new Map(times(4, () => [inner(), inner()]));
    case 16: return new Set(times(4, inner));
    case 17: { const form = new FormData(); for (const name of times(4, () => pick([...keys, '$ACTION_ID_x', '_1_x']))) form.append(name, random(3) ? pick(texts) : new Blob(['b'])); return form; }
    case 18: return Promise.resolve(inner());
    case 19: return times(4, inner)[Symbol.iterator]();
    case 20: { const items = times(3, inner); return new ReadableStream({ start(c) { for (const item of items) c.enqueue(item); c.close(); } }); }
    case 21: return new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2, 3])); c.close(); } });
    case 22: { const items = times(3, inner), last = inner(); return (async function* () { yield* items; return last; })(); }
    case 23: { const items = times(3, inner); return { async *[Symbol.asyncIterator]() { yield* items; } }; }
    case 24: return createServerReference(id, call).bind(null, ...times(3, inner));
    case 25: { const cycle = { list: [] }; cycle.self = cycle; cycle.list.push(cycle, cycle.list); return cycle; }
    case 26: return { *[Symbol.iterator]() { yield 1; yield [2]; } };
    case 27: case 28: case 29: return times(5, inner);
    default: return Object.fromEntries(times(5, () => [pick(keys), inner()]));
  }
}

const write = (bytes) => new Promise((done) => process.stdout.write(bytes, done));
for (let at = 0; at < count; at++) {
  shared = [];
  let body;
  try {
    body = await encodeReply(times(4, () => value(0)), { temporaryReferences: createTemporaryReferenceSet() });
  } catch {
    // What it can't send: a locked stream, which was sent before.
    continue;
  }
  const response = new Response(body);
  const bytes = Buffer.from(await response.arrayBuffer());
  await write(`${response.headers.get('content-type')}\n${bytes.length}\n`);
  await write(bytes);
}
