/**
 * `fetch(new URL('./font.ttf', import.meta.url))`: the common way to a file beside a module in code that was written for the
 * edge runtime. Node's `fetch` knows no files; here those of the build are answered, and no others.
 */
import { readFile, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app } from '../app.ts';
import { NativeResponse } from './native.ts';

/** Undefined if the URL is no file's. */
export function fileOf(input: RequestInfo | URL): URL | undefined {
  if (input instanceof URL) return input.protocol === 'file:' ? input : undefined;
  return typeof input === 'string' && /^file:\/\//i.test(input) ? new URL(input) : undefined;
}

export async function fetchFile(url: URL): Promise<Response> {
  const folder = await realpath(app().folder);
  const file = await realpath(fileURLToPath(url)).catch(() => undefined);
  if (!file?.startsWith(folder + sep)) {
    throw new TypeError(`fetch failed: ${url.href} is no file of the build. \`new URL('./file', import.meta.url)\` names one; other files are read with node:fs.`);
  }
  return new NativeResponse(new Uint8Array(await readFile(file)));
}
