/**
 * How Flight loads modules in the `rsc` graph: its free names `__webpack_require__` and `__webpack_chunk_load__` become
 * imports of this file. Only two kinds of names are ever asked for, and neither can name a file: a server function's id, and
 * a client file's id (when captured values are opened, which may hold elements of client components). What stands behind a
 * name is decided by the loaders given at start, so that nothing that a browser sends leads to any other export.
 *
 * One promise for ever per name: React keeps the outcome on it, so that the second use is synchronous.
 */
type Load = (name: string) => Promise<object>;

const loaders = new Map<string, Load>();
const modules = new Map<string, Promise<object>>();

/** Sets what answers names that begin with `prefix`. */
export function setLoader(prefix: 'action:' | 'client:', load: Load): void {
  loaders.set(prefix, load);
}

export function __webpack_require__(name: string): Promise<object> {
  let module = modules.get(name);
  if (!module) {
    const colon = name.indexOf(':') + 1;
    const load = loaders.get(name.slice(0, colon));
    module = load ? load(name.slice(colon)) : Promise.reject(new Error(`Nothing loads the module "${name}".`));
    modules.set(name, module);
  }
  return module;
}

export const __webpack_chunk_load__ = (): Promise<void> => Promise.resolve();
