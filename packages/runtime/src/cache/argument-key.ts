/**
 * Arguments of a cached function as text: equal for arguments that the function can't tell apart, and different for others. JSON
 * won't do: to it every `Map`, `Set` and `URLSearchParams` is `{}` and `undefined` in a list is `null`, so that one visitor's
 * answer would be another's (Next behaviour 5.14 uses it).
 */

/** Throws a `TypeError` for what refers to itself, as JSON does. */
export function argumentKey(args: readonly unknown[]): string {
  return described(args, []);
}

function described(value: unknown, around: object[]): string {
  switch (typeof value) {
    case 'string': return JSON.stringify(value);
    case 'number': return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint': return `${value}n`;
    // A function has no better name than its text.
    case 'function': return `function ${JSON.stringify(String(value))}`;
    case 'object': return value === null ? 'null' : describedObject(value, around);
    default: return String(value);
  }
}

function describedObject(value: object, around: object[]): string {
  if (around.includes(value)) throw new TypeError('An argument of a cached function refers to itself, so it cannot be a part of a key.');
  const inside = [...around, value];
  const list = (items: Iterable<unknown>) => Array.from(items, (item) => described(item, inside)).join(',');
  if (Array.isArray(value)) return `[${list(value)}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${JSON.stringify(String(value))})`;
  if (value instanceof Error) return `Error(${JSON.stringify([value.name, value.message])})`;
  if (value instanceof Blob) return `Blob(${JSON.stringify([value.size, value.type, (value as { name?: unknown }).name, (value as { lastModified?: unknown }).lastModified])})`;
  const name = JSON.stringify(value.constructor?.name ?? '');
  if (value instanceof ArrayBuffer) return `${name}(${Buffer.from(value).toString('hex')})`;
  if (ArrayBuffer.isView(value)) return `${name}(${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')})`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return `${name}(${described((value.toJSON as () => unknown)(), inside)})`;
  // What is its own iterator would be used up by reading it.
  if (Symbol.iterator in value && ((value as Iterable<unknown>)[Symbol.iterator]() as unknown) !== value) return `${name}(${list(value as Iterable<unknown>)})`;
  return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${described(item, inside)}`).join(',')}}`;
}
