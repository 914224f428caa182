/**
 * Header lists. A list that JavaScript writes is an array of pairs. One that it reads is a stretch of one Latin-1 string,
 * made once for the whole frame, and is scanned only when somebody asks: most code looks at two headers of twenty.
 */
export type HeaderPair = readonly [name: string, value: string];
export type HeaderPairs = readonly HeaderPair[];

/** A header list that has been received. Names are in lower case; order and repeats are as they were sent. */
export type HeaderBlock = {
  /** Latin-1 of the frame. */
  readonly text: string;
  /** Where the first pair begins. */
  readonly at: number;
  readonly count: number;
};

function u16(text: string, at: number): number {
  return text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8);
}

/** All headers, in order. */
export function headerPairs(block: HeaderBlock): [name: string, value: string][] {
  const { text, count } = block;
  const pairs = new Array<[string, string]>(count);
  let at = block.at;
  for (let index = 0; index < count; index++) {
    const valueAt = at + 4 + u16(text, at);
    const end = valueAt + u16(text, at + 2);
    pairs[index] = [text.substring(at + 4, valueAt), text.substring(valueAt, end)];
    at = end;
  }
  return pairs;
}

/** The first value of a header, by its name in lower case, without making the others. */
export function headerValue(block: HeaderBlock, name: string): string | undefined {
  const { text, count } = block;
  let at = block.at;
  for (let index = 0; index < count; index++) {
    const length = u16(text, at);
    const valueAt = at + 4 + length;
    const end = valueAt + u16(text, at + 2);
    if (length === name.length && text.startsWith(name, at + 4)) return text.substring(valueAt, end);
    at = end;
  }
  return undefined;
}

/** A block that holds these pairs, as if it had been received. For tests and for requests that the worker makes up. */
export function headerBlock(pairs: HeaderPairs): HeaderBlock {
  const u16Text = (value: number) => String.fromCharCode(value & 0xff, value >> 8);
  const text = pairs.map(([name, value]) => u16Text(name.length) + u16Text(value.length) + name + value).join('');
  return { text, at: 0, count: pairs.length };
}
