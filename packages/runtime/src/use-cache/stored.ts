/** The result of a cached function as bytes for the shared cache: u32 length of a JSON head, the head, the Flight stream. */
import type { Lifetime } from './lifetime.ts';

export type StoredResult = { tags: string[]; lifetime: Lifetime; flight: Uint8Array };

type Head = { tags: string[]; life: (number | null)[] };

export function encodeResult({ tags, lifetime, flight }: StoredResult): Uint8Array {
  const life = [lifetime.stale, lifetime.revalidate, lifetime.expire].map((value) => (Number.isFinite(value) ? value : null));
  const head = Buffer.from(JSON.stringify({ tags, life } satisfies Head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, flight]);
}

export function decodeResult(bytes: Uint8Array): StoredResult {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + buffer.readUInt32LE(0);
  const { tags, life } = JSON.parse(buffer.toString('utf8', 4, end)) as Head;
  const [stale, revalidate, expire] = life;
  return { tags, lifetime: { stale: stale ?? Infinity, revalidate: revalidate ?? Infinity, expire: expire ?? Infinity }, flight: buffer.subarray(end) };
}
