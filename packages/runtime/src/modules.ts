/**
 * Modules of the build, by the path that the manifest names them with. One promise per chunk for ever: a module is evaluated
 * once, and one that failed to load fails in the same way for everybody.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from './app.ts';

export type ModuleExports = Record<string, unknown>;

const loaded = new Map<string, Promise<ModuleExports>>();

/** Imports `server/rsc/…mjs`, relative to the build folder. */
export function loadModule(path: string): Promise<ModuleExports> {
  let module = loaded.get(path);
  if (!module) {
    module = import(pathToFileURL(join(app().folder, path)).href) as Promise<ModuleExports>;
    // Whoever awaits it sees the failure; this only keeps Node from calling it unhandled before.
    module.catch(() => undefined);
    loaded.set(path, module);
  }
  return module;
}
