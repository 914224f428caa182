// Fuzzes the runtime's reader of multipart forms (`packages/runtime/src/form/multipart.ts`). The same bytes have the same parts in
// whatever pieces they come; what is refused is refused with a FormError and nothing else; no part is larger than what was sent;
// and what undici reads as a form is read with the same contents here.
//
// `node fuzz/form.mjs [MINUTES] [SEED]` from the repository's root. Findings are written to `fuzz/findings/form`.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';

const [minutes = '1', seed = '1'] = process.argv.slice(2);
const boundary = 'xYz';
const limits = { parts: 50, header: 512 };

const out = mkdtempSync(join(tmpdir(), 'ironside-fuzz-'));
await build({ input: { multipart: 'packages/runtime/src/form/multipart.ts', error: 'packages/runtime/src/form/form-error.ts' }, output: { dir: out, format: 'esm', entryFileNames: '[name].mjs' }, platform: 'node', logLevel: 'silent' });
const { MultipartParser } = await import(pathToFileURL(join(out, 'multipart.mjs')).href);
const { FormError } = await import(pathToFileURL(join(out, 'error.mjs')).href);
rmSync(out, { recursive: true });

let state = BigInt(seed);
/** SplitMix64. */
function below(end) {
  state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
  let z = state;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
  return Number((z ^ (z >> 31n)) % BigInt(Math.max(end, 1)));
}
const pick = (list) => list[below(list.length)];

const words = ['\r\n--xYz', '--xYz', '\r\n--xYz\r\n', '\r\n--xYz--', '--xYz--\r\n', '--', '\r\n', '\r', '\n', '\r\n\r\n', '\r\n--xY', '\r\n--xYzz', '\r\n--xYz \t\r\n', 'Content-Disposition: form-data; name="a"\r\n\r\n', 'Content-Disposition: form-data; name="b"; filename="f"\r\n', 'Content-Type: text/plain\r\n\r\n', 'content-disposition:form-data;name=a\r\n\r\n', "; filename*=utf-8''x%", 'name="%22\\"', '"', '\0', '\xff', ' ', ':', ';'.repeat(600)].map((text) => Buffer.from(text, 'latin1'));
const corpus = readdirSync('fuzz/corpus/multipart').sort().map((name) => readFileSync(join('fuzz/corpus/multipart', name)));

function make() {
  if (below(5) === 0) return mutate(pick(corpus));
  const pieces = [];
  for (let part = below(4); part > 0; part -= 1) {
    pieces.push(Buffer.from(`${pieces.length ? '\r\n' : ''}--xYz\r\nContent-Disposition: form-data; name="${pick(['a', 'b%22', '', 'é', '$ACTION_ID_x'])}"${pick(['\r\n\r\n', '; filename="f"\r\nContent-Type: x/y\r\n\r\n'])}`));
    for (let word = below(6); word > 0; word -= 1) pieces.push(pick(words));
    pieces.push(Buffer.from(Array.from({ length: below(30) }, () => below(256))));
  }
  pieces.push(Buffer.from('\r\n--xYz--\r\n'));
  const body = Buffer.concat(pieces);
  return below(3) === 0 ? mutate(body) : body;
}

function mutate(body) {
  for (let times = below(4); times >= 0; times -= 1) {
    const at = below(body.length + 1);
    const [front, back] = [body.subarray(0, at), body.subarray(at)];
    body = [
      () => Buffer.concat([front, Buffer.from([below(256)]), back.subarray(1)]),
      () => Buffer.concat([front, back.subarray(1)]),
      () => Buffer.concat([front, back.subarray(0, below(20)), back]),
      () => front,
      () => Buffer.concat([front, pick(words), back]),
    ][below(5)]();
  }
  return body;
}

/** The parts, or what refused them. */
function read(body, piece) {
  const parts = [];
  const parser = new MultipartParser(boundary, limits, {
    begin: (head) => parts.push({ ...head, data: [], ended: false }),
    data: (bytes) => parts.at(-1).data.push(Buffer.from(bytes)),
    end: () => { parts.at(-1).ended = true; },
  });
  try {
    for (let at = 0; at < body.length; ) {
      const size = Math.min(Math.max(piece(), 1), body.length - at);
      parser.push(Uint8Array.from(body.subarray(at, at + size)));
      at += size;
    }
    parser.end();
  } catch (error) {
    if (error instanceof FormError) return { refused: true };
    throw error;
  }
  return { parts: parts.map(({ data, ...rest }) => ({ ...rest, data: Buffer.concat(data).toString('latin1') })) };
}

async function check(body) {
  const whole = read(body, () => Infinity);
  for (const piece of [() => 1, () => 1 + below(9)]) {
    const other = read(body, piece);
    if (JSON.stringify(other) !== JSON.stringify(whole)) throw new Error(`in pieces: ${JSON.stringify(other)}; at once: ${JSON.stringify(whole)}`);
  }
  if (whole.refused) return 'refused';
  if (!whole.parts.every(({ ended }) => ended)) throw new Error('a part that began has not ended');
  const theirs = await new Response(body, { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }).formData().catch(() => undefined);
  if (theirs === undefined) return 'only here';
  const contents = await Promise.all([...theirs].map(async ([name, value]) => [name, typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer()).toString('latin1')]));
  const ours = whole.parts.map(({ name, filename, data }) => [name, filename === undefined ? new TextDecoder().decode(Buffer.from(data, 'latin1')) : data]);
  if (JSON.stringify(ours) !== JSON.stringify(contents)) throw new Error(`undici reads ${JSON.stringify(contents)}, we read ${JSON.stringify(ours)}`);
  return 'both';
}

const until = Date.now() + Number(minutes) * 60_000;
const count = { refused: 0, 'only here': 0, both: 0 };
async function attempt(body) {
  const began = performance.now();
  try {
    count[await check(body)] += 1;
    if (performance.now() - began > 5_000) throw new Error('it took more than 5 s');
  } catch (error) {
    mkdirSync('fuzz/findings/form', { recursive: true });
    const file = join('fuzz/findings/form', `finding-${Date.now()}`);
    writeFileSync(file, body);
    console.error(`${file}: ${error.message}`);
    process.exit(1);
  }
}
for (const body of corpus) await attempt(body);
while (Date.now() < until) for (let at = 0; at < 64; at += 1) await attempt(make());
console.log(`fuzz-form: ${count.refused + count['only here'] + count.both} forms, no finding (${JSON.stringify(count)})`);
