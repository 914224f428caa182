/** Loading the manifest, and looking things up in it. */
import { readFile } from 'node:fs/promises';
import type { Manifest, Route, Segment } from '@ironside/protocol/manifest.ts';
import type { Job } from './job.ts';
import { loadedModule, loadModule, type ModuleExports } from './modules.ts';

/** The form of the manifest that this runtime reads; `MANIFEST_FORMAT` in Rust. */
const FORMAT = 1;

export async function loadManifest(path: string): Promise<Manifest> {
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  if (manifest.format !== FORMAT) {
    throw new Error(`${path} has the form ${manifest.format}, this runtime reads ${FORMAT}. Run \`ironside build\` again.`);
  }
  return manifest;
}

/** The route of a job. The front sends only indexes of the same manifest. */
export function routeOf(manifest: Manifest, job: Job): Route {
  const route = manifest.routes[job.route];
  if (!route) throw new Error(`The job names route ${job.route}, but the manifest has ${manifest.routes.length} routes.`);
  return route;
}

/** The module of a handler's or metadata route's file. */
export async function routeModule(manifest: Manifest, route: Route): Promise<{ segment: Segment; module: ModuleExports }> {
  const segment = route.file === null ? undefined : manifest.segments[route.file];
  if (!segment) throw new Error(`The manifest has no module for the route ${route.path}.`);
  return { segment, module: await loadModule(segment.chunk) };
}

/** The same module, if it has been loaded before. */
export function loadedRouteModule(manifest: Manifest, route: Route): ModuleExports | undefined {
  const segment = route.file === null ? undefined : manifest.segments[route.file];
  return segment && loadedModule(segment.chunk);
}
