/**
 * How Flight loads client components while HTML is made: its free names `__webpack_require__` and `__webpack_chunk_load__`
 * become imports of this file in the `ssr` graph. Names are paths of chunks relative to the build folder and come from our
 * manifest only, never from a request. One promise for ever per name: React keeps the outcome on it.
 */
import { pathToFileURL } from 'node:url';

let base: string | undefined;
const modules = new Map<string, Promise<unknown>>();

/** The build folder, absolute. */
export function setBuildFolder(folder: string): void {
  base = `${pathToFileURL(folder).href}/`;
}

export function __webpack_require__(path: string): Promise<unknown> {
  let module = modules.get(path);
  if (!module) {
    module = base === undefined ? Promise.reject(new Error('The build folder is not set.')) : import(/* @vite-ignore */ base + path);
    modules.set(path, module);
  }
  return module;
}

export const __webpack_chunk_load__ = (): Promise<void> => Promise.resolve();
