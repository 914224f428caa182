/** Modules of the application for tests, in place of files: `vi.mock('../src/modules.ts', () => import('./support/modules.ts'))`. */
import type { ModuleExports } from '../../src/modules.ts';

const modules = new Map<string, ModuleExports>();

export function setModule(path: string, exports: ModuleExports): void {
  modules.set(path, exports);
}

export function loadModule(path: string): Promise<ModuleExports> {
  const module = modules.get(path);
  return module ? Promise.resolve(module) : Promise.reject(new Error(`no module ${path}`));
}

/** As if nothing had been loaded before. */
export function loadedModule(): undefined {
  return undefined;
}
