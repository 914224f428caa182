/**
 * What the client says it has (`Ironside-Have`): hashes of ids of segments. It is only used to leave things out. Two ids with
 * one hash cost a second request: the client notices that a slot is missing and asks again without the header.
 */

const MOST = 64;

/** FNV-1a, 32 bits, over the UTF-8 bytes; lower-case hex without leading zeros. */
export function hashOfId(id: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

/** Leading zeros are optional; what is no hash is ignored. */
export function parseHave(header: string | undefined): ReadonlySet<string> {
  const hashes = new Set<string>();
  for (const piece of (header ?? '').split(',', MOST + 1).slice(0, MOST)) {
    const text = piece.trim().toLowerCase();
    if (/^[0-9a-f]{1,8}$/.test(text)) hashes.add(text.replace(/^0+(?=.)/, ''));
  }
  return hashes;
}
