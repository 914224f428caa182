/**
 * Headers as most code gives them: an object with a few plain names and values. A `Headers` of Node's costs several
 * microseconds, so what it would be made of is kept as pairs until somebody looks at it. Whatever is not quite plain is left
 * to `Headers`, with its checks and its errors.
 */
export type PlainHeaders = [name: string, value: string][];

const NAME = /^[A-Za-z0-9-]+$/;
/** No control characters, nothing beyond ASCII, and no blank at either end, which `Headers` would take away. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const MOST = 16;

/** The pairs with names in lower case, or `undefined` where only `Headers` knows. */
export function plainHeaders(init: HeadersInit): PlainHeaders | undefined {
  if (Object.getPrototypeOf(init) !== Object.prototype || Symbol.iterator in init) return undefined;
  const record = init as Record<string, unknown>;
  const names = Object.keys(record);
  if (names.length > MOST || Object.getOwnPropertySymbols(record).length > 0) return undefined;
  const pairs: PlainHeaders = [];
  for (const given of names) {
    const value = record[given];
    if (typeof value !== 'string' || !NAME.test(given) || !VALUE.test(value)) return undefined;
    const name = given.toLowerCase();
    // Two spellings of one name are joined.
    if (pairs.some(([own]) => own === name)) return undefined;
    pairs.push([name, value]);
  }
  return pairs;
}
