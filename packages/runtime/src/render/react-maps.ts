/**
 * React's manifests, made from ours once per build. Client files are named by the URL of their browser chunk, so that the
 * browser looks nothing up; server functions by id alone, so that a reference in a request can reach no other export of a
 * chunk. All maps are without prototype: a name that a request brings finds our entries or nothing.
 */
import type { Manifest } from '@ironside/protocol/manifest.ts';
import type { ClientManifest, ServerManifest } from 'react-server-dom-webpack/server.node';
import type { ConsumerManifest } from 'react-server-dom-webpack/client.node';
import { assetUrl } from './asset-url.ts';

type ModuleMap = NonNullable<ConsumerManifest['moduleMap']>;

export type ReactMaps = {
  /** For serialising: client id → browser chunk. */
  client: ClientManifest;
  /** For making HTML: browser chunk → ssr chunk. */
  ssr: ModuleMap;
  /** For opening captured values in the `rsc` graph: browser chunk → client references. */
  reopen: ModuleMap;
  /** For references in requests: action id → the function. Only those with a reach. */
  callable: ServerManifest;
  /** For values that we sealed ourselves, and for making HTML of our own payloads: every function. */
  every: ServerManifest;
  /** Client ids by the URL of the browser chunk. */
  clientIds: ReadonlyMap<string, string>;
};

/** The name under which a server function's module (see `action/functions.ts`) exports it. */
export const ACTION_EXPORT = 'action';

const entry = (id: string, name: string) => ({ id, chunks: [], name, async: true });
const bare = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

const made = new WeakMap<Manifest, ReactMaps>();
/** Server functions that no manifest has. */
const added = new Set<string>();
let last: ReactMaps | undefined;

/** A server function of this process that only we refer to. */
export function addReference(id: string): void {
  added.add(id);
  if (last) last.every[id] = entry(`action:${id}`, ACTION_EXPORT);
}

export function reactMaps(manifest: Manifest): ReactMaps {
  let maps = made.get(manifest);
  if (!maps) made.set(manifest, (maps = make(manifest)));
  return maps;
}

function make(manifest: Manifest): ReactMaps {
  const clientIds = new Map<string, string>();
  const maps: ReactMaps = { client: bare(), ssr: bare(), reopen: bare(), callable: bare(), every: bare(), clientIds };
  for (const [clientId, client] of Object.entries(manifest.clients)) {
    const url = assetUrl(manifest, client.browser);
    clientIds.set(url, clientId);
    maps.client[clientId] = entry(url, '*');
    maps.ssr[url] = { '*': entry(client.ssr, '*') };
    maps.reopen[url] = { '*': entry(`client:${clientId}`, '*') };
  }
  for (const [id, action] of Object.entries(manifest.actions)) {
    maps.every[id] = entry(`action:${id}`, ACTION_EXPORT);
    if (action.reach.length > 0) maps.callable[id] = maps.every[id];
  }
  for (const id of added) maps.every[id] = entry(`action:${id}`, ACTION_EXPORT);
  last = maps;
  return maps;
}
