/** `Ironside-Have`: what the client has, so that the server may leave it out. Collisions are noticed, as something is missing then. */

const MOST_HAVE = 64;
const encoder = new TextEncoder();

/** FNV-1a 32 bit of each id, in hex. */
export function haveHeader(ids: string[]): string {
  return ids.slice(0, MOST_HAVE).map((id) => fnv1a(encoder.encode(id)).toString(16)).join(',');
}

function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
