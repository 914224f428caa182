/**
 * What the build helper can do. Each operation is a plain function from JSON to JSON; how it is asked for is the
 * business of `control.ts`.
 */
import { loadConfig } from './load-config.ts';
import { postcss } from './postcss.ts';

export type Operation = (input: unknown) => Promise<unknown>;

export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['load-config', loadConfig],
  ['postcss', postcss],
]);

/** The answer's envelope: a thrown value has facts that the protocol's own failures don't carry. */
export type Answer = { ok: unknown } | { error: { name: string; message: string; stack?: string; place?: Place } };

/** In the source as the user knows it. Lines and columns from 1. */
export type Place = { file: string; line: number; column: number };

/** Never rejects. */
export async function answer(name: string, input: unknown): Promise<Answer> {
  const operation = operations.get(name);
  if (operation === undefined) return { error: { name: 'Error', message: `There is no operation '${name}'.` } };
  try {
    return { ok: (await operation(input)) ?? null };
  } catch (thrown) {
    return { error: describe(thrown) };
  }
}

function describe(thrown: unknown): { name: string; message: string; stack?: string; place?: Place } {
  if (!(thrown instanceof Error)) return { name: 'Error', message: `A value was thrown that is no error: ${String(thrown)}` };
  const place = (thrown as { place?: Place }).place ?? placeInStack(thrown.stack ?? '');
  const described = { name: thrown.name, message: thrown.message };
  return { ...described, ...(thrown.stack === undefined ? {} : { stack: thrown.stack }), ...(place === undefined ? {} : { place }) };
}

/** The innermost frame that is in a file outside of packages; a syntax error has its place in the first line instead. */
export function placeInStack(stack: string): Place | undefined {
  const lines = stack.split('\n');
  const first = /^(?:file:\/\/)?(\/.+?):(\d+)$/.exec(lines[0] ?? '');
  if (first?.[1] !== undefined) return { file: decodeURI(first[1]), line: Number(first[2]), column: 1 };
  for (const line of lines) {
    const frame = /^\s+at (?:.*\()?(?:file:\/\/)?(\/.+?)(?:\?[^:)]*)?:(\d+):(\d+)\)?$/.exec(line);
    if (frame?.[1] === undefined || frame[1].includes('/node_modules/')) continue;
    return { file: decodeURI(frame[1]), line: Number(frame[2]), column: Number(frame[3]) };
  }
  return undefined;
}
