/** Which client files a payload uses, so that the document can name their chunks before the browser finds out. */
import type { Manifest } from '@ironside/protocol/manifest.ts';
import { assetUrl } from './asset-url.ts';
import type { ReactMaps } from './react-maps.ts';

export type UsedClients = {
  /** The map for the parser; it notes what is asked for. */
  moduleMap: ReactMaps['ssr'];
  /** URLs of the chunks, those of our own entry first. */
  chunks: () => string[];
};

export function usedClients(manifest: Manifest, maps: ReactMaps): UsedClients {
  const used = new Set<string>();
  return {
    moduleMap: new Proxy(maps.ssr, {
      get(target, url) {
        if (typeof url !== 'string') return undefined;
        if (url in target) used.add(url);
        return target[url];
      },
    }),
    chunks() {
      const chunks = new Set(manifest.bootstrap.preload.map((path) => assetUrl(manifest, path)));
      for (const url of used) {
        chunks.add(url);
        for (const path of manifest.clients[maps.clientIds.get(url) ?? '']?.preload ?? []) chunks.add(assetUrl(manifest, path));
      }
      return [...chunks];
    },
  };
}
