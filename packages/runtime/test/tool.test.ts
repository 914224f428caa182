import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { operations, placeInStack } from '../src/tool/operations.ts';

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'ironside-tool-')), name);
  writeFileSync(path, text);
  return path;
}

const load = (text: string) => operations['load-config']?.({ file: file('next.config.mjs', text), phase: 'phase-production-build' });

describe('load-config', () => {
  test('gives data: patterns as their source, functions named, circles cut', async () => {
    const text = `const circle = { a: 1 }; circle.self = circle;
      export default { htmlLimitedBots: /a|b/i, webpack() {}, compiler: { run: () => 1, keep: [1, , 3] }, circle, expireTime: Infinity }`;
    // As it travels.
    expect(JSON.parse(JSON.stringify(await load(text)))).toEqual({
      config: { htmlLimitedBots: 'a|b', compiler: { keep: [1, null, 3] }, circle: { a: 1 }, expireTime: Number.MAX_SAFE_INTEGER },
      functions: ['webpack', 'compiler.run'],
    });
  });

  test('calls the rules of URLs with their object as this', async () => {
    const answer = await load(`export default { base: '/x', async redirects() { return [{ source: this.base }]; } }`);
    expect(answer).toMatchObject({ config: { redirects: [{ source: '/x' }] } });
  });

  test('an error tells its place', async () => {
    await expect(load('const a = 1;\nthrow new Error("no")')).rejects.toMatchObject({ message: 'no', place: { line: 2 } });
  });
});

test('the place of an error is the innermost frame outside of packages', () => {
  expect(placeInStack('Error: x\n    at f (/app/node_modules/p/i.js:1:2)\n    at g (file:///app/a%20b.mjs?changed=1:3:4)\n    at /app/c.js:5:6')).toEqual({
    file: '/app/a b.mjs', line: 3, column: 4,
  });
  expect(placeInStack('file:///app/next.config.mjs?changed=12:7\nexport default {\n^\nSyntaxError: y')).toMatchObject({ file: '/app/next.config.mjs', line: 7 });
  expect(placeInStack('Error: x\n    at node:internal/a:1:2')).toBeUndefined();
});
