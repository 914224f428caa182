/**
 * What the build helper can do. Each operation is a plain function from JSON to JSON; how it is asked for is the business
 * of `main.ts`. What it throws has, where it is known, a `place` in the source as the user knows it.
 */
import { loadConfig } from './load-config.ts';
import { mdx } from './mdx.ts';
import { postcss } from './postcss.ts';
import { sass } from './sass.ts';

export type Operation = (input: unknown) => Promise<unknown>;

/** Lines and columns from 1. */
export type Place = { file: string; line: number; column: number };

export const operations: Readonly<Record<string, Operation>> = {
  'load-config': placed(loadConfig),
  mdx: placed(mdx),
  postcss: placed(postcss),
  sass: placed(sass),
};

function placed(operation: Operation): Operation {
  return async (input) => {
    try {
      return await operation(input);
    } catch (error) {
      if (error instanceof Error && !('place' in error)) {
        const place = placeInStack(error.stack ?? '');
        if (place !== undefined) Object.assign(error, { place });
      }
      throw error;
    }
  };
}

/** The innermost frame that is in a file outside of packages; a syntax error has its place in the first line instead. */
export function placeInStack(stack: string): Place | undefined {
  const lines = stack.split('\n');
  const first = /^(?:file:\/\/)?(\/.+?)(?:\?[^:]*)?:(\d+)$/.exec(lines[0] ?? '');
  if (first?.[1] !== undefined) return { file: decodeURI(first[1]), line: Number(first[2]), column: 1 };
  for (const line of lines) {
    const frame = /^\s+at (?:.*\()?(?:file:\/\/)?(\/.+?)(?:\?[^:)]*)?:(\d+):(\d+)\)?$/.exec(line);
    if (frame?.[1] === undefined || frame[1].includes('/node_modules/')) continue;
    return { file: decodeURI(frame[1]), line: Number(frame[2]), column: Number(frame[3]) };
  }
  return undefined;
}
