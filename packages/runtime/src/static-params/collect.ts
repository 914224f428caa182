/**
 * `generateStaticParams` of a route: every set of parameters that its files list. Of a page they are asked from the root to the
 * leaf, the inner ones once for each result of the outer ones (Next behaviour 5.57).
 */
import type { Manifest, PatternPart, Route } from '@ironside/protocol/manifest.ts';
import type { JobParam } from '../job.ts';
import { routeModule } from '../manifest.ts';
import { conventionName, ID_PARAM, metadataIds } from '../metadata-route/run-metadata.ts';
import type { ModuleExports } from '../modules.ts';
import { loadSegments } from '../render/segment-modules.ts';
import { paramFiles } from './files.ts';

export type StaticParams = {
  /** Each complete, in the order of the route. */
  sets: JobParam[][];
  /** Some lack a parameter that only a request can tell; those are not in `sets`. */
  partial: boolean;
};

type Values = Record<string, unknown>;
type Generate = (props: { params: Values }) => unknown;

export async function collectStaticParams(manifest: Manifest, route: Route): Promise<StaticParams> {
  const parts = route.pattern.filter((part) => part.kind !== 'static');
  let found: Values[] = [{}];
  for (const [file, module] of await modulesOf(manifest, route)) {
    const generate = module['generateStaticParams'];
    if (typeof generate === 'function') found = await grow(found, generate as Generate, file, parts);
  }
  if (route.kind === 'metadata') found = await withIds(manifest, route, found);
  const sets = new Map<string, JobParam[]>();
  let partial = false;
  for (const values of found) {
    const set = jobParams(values, parts);
    if (set) sets.set(JSON.stringify(set), set);
    else partial = true;
  }
  return { sets: [...sets.values()], partial };
}

async function modulesOf(manifest: Manifest, route: Route): Promise<[file: string, module: ModuleExports][]> {
  if (!route.tree) return [[route.file ?? route.path, (await routeModule(manifest, route)).module]];
  const modules = await loadSegments(manifest, route.tree);
  return paramFiles(route.tree).flatMap((file): [string, ModuleExports][] => {
    const loaded = modules.get(file);
    return loaded ? [[file, loaded.exports]] : [];
  });
}

async function grow(outer: Values[], generate: Generate, file: string, parts: PatternPart[]): Promise<Values[]> {
  const grown: Values[] = [];
  for (const params of outer) {
    const list = await generate({ params });
    if (!Array.isArray(list)) throw new TypeError(`generateStaticParams of ${file} has to return an array of objects, one for each set of parameters; it returned ${nameOf(list)}.`);
    for (const item of list as unknown[]) {
      if (typeof item !== 'object' || item === null || Array.isArray(item)) throw new TypeError(`generateStaticParams of ${file} returned a list with ${nameOf(item)} in it; each item is an object such as { ${nameIn(parts[0])}: '…' }.`);
      check(item as Values, file, parts);
      grown.push({ ...params, ...item });
    }
  }
  return grown;
}

/** A value that cannot stand where the folder's name says is told at build. */
function check(item: Values, file: string, parts: PatternPart[]): void {
  for (const part of parts) {
    const name = nameIn(part);
    const value = item[name];
    if (value === undefined || value === null) continue;
    const list = part.kind !== 'dynamic';
    const fits = list ? Array.isArray(value) && value.every((entry) => typeof entry === 'string') : typeof value === 'string';
    if (!fits) throw new TypeError(`generateStaticParams of ${file} gave ${nameOf(value)} for the parameter ${JSON.stringify(name)}; it has to be ${list ? 'an array of strings' : 'a string'}.`);
  }
}

async function withIds(manifest: Manifest, route: Route, found: Values[]): Promise<Values[]> {
  if (!route.pattern.some((part) => nameIn(part) === ID_PARAM)) return found;
  const { module } = await routeModule(manifest, route);
  const file = route.file ?? route.path;
  const name = conventionName(file);
  const all: Values[] = [];
  for (const params of found) {
    for (const id of await metadataIds(module, name, file, params as Record<string, string>)) all.push({ ...params, [ID_PARAM]: name === 'sitemap' ? `${id}.xml` : id });
  }
  return all;
}

const KINDS = { dynamic: 'd', 'catch-all': 'c', 'optional-catch-all': 'oc' } as const;

function jobParams(values: Values, parts: PatternPart[]): JobParam[] | undefined {
  const params: JobParam[] = [];
  for (const part of parts) {
    if (part.kind === 'static') continue;
    const value = values[part.name];
    const list = Array.isArray(value) ? (value as string[]) : typeof value === 'string' && value !== '' ? [value] : [];
    if (list.length === 0 && part.kind !== 'optional-catch-all') return undefined;
    params.push({ name: part.name, values: list.map(encodeURIComponent), kind: KINDS[part.kind] });
  }
  return params;
}

const nameIn = (part: PatternPart | undefined): string => (part && part.kind !== 'static' ? part.name : '');

function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${JSON.stringify(value)}`;
}
