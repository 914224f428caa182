/** One digest for equal inputs and another for different ones: by it a second submission under the same key is told from another one. */
import { createHash, type Hash } from 'node:crypto';
import { IDEMPOTENCY_FIELD } from './form-fields.ts';

const DEEPEST = 64;

/** 32 bytes. Order counts in lists and forms, not in objects. */
export async function fingerprint(...values: unknown[]): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for (const value of values) await add(hash, value, 0);
  return hash.digest();
}

async function add(hash: Hash, value: unknown, depth: number): Promise<void> {
  if (depth > DEEPEST) throw new RangeError('The input is nested too deeply to be told from another one.');
  if (value instanceof FormData) return addForm(hash, value, depth);
  if (value instanceof Blob) return addBlob(hash, value);
  if (value instanceof Date) return write(hash, 'date', String(value.getTime()));
  if (ArrayBuffer.isView(value)) {
    write(hash, 'bytes', value.constructor.name);
    return write(hash, '', new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  if (value instanceof ArrayBuffer) return write(hash, 'bytes', new Uint8Array(value));
  if (value instanceof Map) return addAll(hash, 'map', [...value].flat(), depth);
  if (value instanceof Set) return addAll(hash, 'set', [...value], depth);
  if (Array.isArray(value)) return addAll(hash, 'list', value, depth);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([key]) => key !== IDEMPOTENCY_FIELD).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return addAll(hash, 'object', entries.flat(), depth);
  }
  write(hash, typeof value, Object.is(value, -0) ? '-0' : String(value));
}

async function addAll(hash: Hash, kind: string, values: readonly unknown[], depth: number): Promise<void> {
  write(hash, kind, String(values.length));
  for (const value of values) await add(hash, value, depth + 1);
}

async function addForm(hash: Hash, form: FormData, depth: number): Promise<void> {
  // React's own fields hold what changes from render to render.
  const entries = [...form].filter(([name]) => name !== IDEMPOTENCY_FIELD && !name.startsWith('$ACTION_'));
  await addAll(hash, 'form', entries.flat(), depth);
}

async function addBlob(hash: Hash, blob: Blob): Promise<void> {
  write(hash, 'file', `${blob.type}\n${blob instanceof File ? blob.name : ''}`);
  write(hash, '', new Uint8Array(await blob.arrayBuffer()));
}

/** With its length in front, so that two values never read as one. */
function write(hash: Hash, kind: string, content: string | Uint8Array): void {
  hash.update(`${kind}:${typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength}:`);
  hash.update(content);
}
