/**
 * Modules of the build, by the path that the manifest names them with. One promise per chunk for ever: a module is evaluated
 * once, and one that failed to load fails in the same way for everybody.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from './app.ts';

export type ModuleExports = Record<string, unknown>;

const loaded = new Map<string, Promise<ModuleExports>>();
/** Those whose evaluation has ended well. */
const ready = new Map<string, ModuleExports>();

/** A module that is there already, for those who would rather not wait for a promise. */
export function loadedModule(path: string): ModuleExports | undefined {
  return ready.get(path);
}

/** Imports `server/rsc/…mjs`, relative to the build folder. */
export function loadModule(path: string): Promise<ModuleExports> {
  let module = loaded.get(path);
  if (!module) {
    module = import(pathToFileURL(join(app().folder, path)).href) as Promise<ModuleExports>;
    // Whoever awaits it sees the failure; this also keeps Node from calling it unhandled before.
    module.then((exports) => ready.set(path, exports), () => undefined);
    loaded.set(path, module);
  }
  return module;
}
