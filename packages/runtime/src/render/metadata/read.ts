/** Reading what an application wrote: fields that may be one or many, text or number, absent or null. */

export type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** Text of a string, number, boolean, URL or date; null for what is none of them. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof URL) return value.href;
  if (value instanceof Date) return value.toISOString();
  return null;
}

export function listOf(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

export function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((item) => textOf(item) ?? []);
}

/** The members that have text, as text. */
export function textFields(fields: Fields, names: readonly string[] = Object.keys(fields)): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = textOf(fields[name]);
    if (text !== null) found[name] = text;
  }
  return found;
}
