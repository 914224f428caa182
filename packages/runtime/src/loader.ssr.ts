/**
 * How Flight loads client components while HTML is made: its free names `__webpack_require__` and `__webpack_chunk_load__`
 * become imports of this file in the `ssr` graph. Names are paths of chunks relative to the build folder, or `action:` and the id
 * of a server function; they come from our manifest only, never from a request. One promise for ever per name: React keeps the
 * outcome on it. References of functions need no promise, so that nothing waits for them.
 */
import { pathToFileURL } from 'node:url';

const ACTION = 'action:';

let base: string | undefined;
let loadAction: ((id: string) => object) | undefined;
const modules = new Map<string, Promise<unknown>>();
const actions = new Map<string, object>();

/** The build folder, absolute. */
export function setBuildFolder(folder: string): void {
  base = `${pathToFileURL(folder).href}/`;
}

/** What answers names of server functions. */
export function setActionLoader(load: (id: string) => object): void {
  loadAction = load;
}

export function __webpack_require__(path: string): Promise<unknown> | object {
  return path.startsWith(ACTION) ? requireAction(path.slice(ACTION.length)) : requireChunk(path);
}

function requireAction(id: string): object {
  let module = actions.get(id);
  if (!module) {
    if (!loadAction) throw new Error('Nothing loads references of server functions.');
    actions.set(id, (module = loadAction(id)));
  }
  return module;
}

function requireChunk(path: string): Promise<unknown> {
  let module = modules.get(path);
  if (!module) {
    module = base === undefined ? Promise.reject(new Error('The build folder is not set.')) : import(/* @vite-ignore */ base + path);
    modules.set(path, module);
  }
  return module;
}

export const __webpack_chunk_load__ = (): Promise<void> => Promise.resolve();
