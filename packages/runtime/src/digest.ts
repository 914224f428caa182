/**
 * The digest of an error: what a browser is told instead of the message, and what the log names, so that the two can be
 * brought together. Equal errors have equal digests (Next behaviour 1.86).
 */

/** Decimal text of an unsigned 32-bit hash (djb2 with xor, from the end). */
export function hashText(text: string): string {
  let hash = 5381;
  for (let index = text.length - 1; index >= 0; index--) hash = (hash * 33) ^ text.charCodeAt(index);
  return String(hash >>> 0);
}

/** An existing `digest` is kept; a thrown string is hashed itself; otherwise message and stack are. */
export function digestOf(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    const own = (error as { digest?: unknown }).digest;
    if (typeof own === 'string' && own !== '') return own;
    const { message, stack } = error as { message?: unknown; stack?: unknown };
    return hashText(`${typeof message === 'string' ? message : ''}${typeof stack === 'string' ? stack : ''}`);
  }
  return hashText(String(error));
}
