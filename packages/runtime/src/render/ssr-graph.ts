/** The `ssr` graph: a bundle of its own in this process, loaded once. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { App } from '../app.ts';

export type SsrGraph = typeof import('../ssr/entry.ts');

const graphs = new Map<string, Promise<SsrGraph>>();

export function ssrGraph({ manifest, folder }: Pick<App, 'manifest' | 'folder'>): Promise<SsrGraph> {
  const path = join(folder, manifest.bootstrap.ssr);
  let graph = graphs.get(path);
  if (!graph) {
    graph = (import(/* @vite-ignore */ pathToFileURL(path).href) as Promise<SsrGraph>).then((entry) => {
      entry.setBuildFolder(folder);
      return entry;
    });
    graphs.set(path, graph);
  }
  return graph;
}
