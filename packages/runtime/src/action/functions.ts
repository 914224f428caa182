/**
 * From an action's id to its function, by the manifest and nothing else. A server function that nothing outside may call
 * (`reach` is empty) is not found under an id that a request brings.
 */
import { registerClientReference } from 'react-server-dom-webpack/server.node';
import type { Manifest } from '@ironside/protocol/manifest.ts';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { App } from '../app.ts';
import { setLoader } from '../loader.rsc.ts';
import { __webpack_require__ as load } from '../loader.rsc.ts';
import { ACTION_EXPORT } from '../render/react-maps.ts';
import { cachedById } from '../use-cache/registry.ts';

export type ServerFunction = (...args: unknown[]) => unknown;

/** Why an id leads to no function. */
export type IdProblem = 'malformed' | 'unknown';

/** 42 lower-case hex digits that the manifest knows and that may be called from outside. */
export function checkActionId(manifest: Manifest, id: string): IdProblem | undefined {
  if (!/^[0-9a-f]{42}$/i.test(id)) return 'malformed';
  const action = Object.hasOwn(manifest.actions, id) ? manifest.actions[id] : undefined;
  return action && action.reach.length > 0 ? undefined : 'unknown';
}

/** The function of an id that `checkActionId` has passed. */
export async function loadAction(id: string): Promise<ServerFunction> {
  const module = (await load(`action:${id}`)) as { [ACTION_EXPORT]: ServerFunction };
  return module[ACTION_EXPORT];
}

/** Tells Flight where server functions and client references are; called once at start. */
export function installLoaders({ manifest, folder }: Pick<App, 'manifest' | 'folder'>): void {
  setLoader('action:', async (id) => {
    const action = Object.hasOwn(manifest.actions, id) ? manifest.actions[id] : undefined;
    const cached = action ? undefined : cachedById(id);
    if (cached) return { [ACTION_EXPORT]: cached };
    if (!action) throw new Error(`There is no server function ${id} in this build.`);
    const chunk = (await import(/* @vite-ignore */ pathToFileURL(join(folder, action.chunk)).href)) as Record<string, unknown>;
    const found = Object.hasOwn(chunk, action.export) ? chunk[action.export] : undefined;
    if (typeof found !== 'function') {
      throw new TypeError(`\`${action.name}\` in ${action.file}:${action.line} is no function. A 'use server' file may export async functions only.`);
    }
    return { [ACTION_EXPORT]: found };
  });
  setLoader('client:', (id) => {
    const references: Record<string, unknown> = {};
    for (const name of manifest.clients[id]?.exports ?? []) references[name] = registerClientReference(() => undefined, id, name);
    return Promise.resolve(references);
  });
}
