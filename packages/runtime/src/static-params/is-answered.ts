/**
 * `dynamicParams = false`: only parameters that `generateStaticParams` lists are answered. A build that was prerendered has the
 * list, and the front keeps to it; in development, and where nothing was prerendered, the files are asked here, once.
 */
import type { Manifest } from '@ironside/protocol/manifest.ts';
import type { RequestStore } from '../request-store.ts';
import { collectStaticParams } from './collect.ts';
import { inParamsScope } from './scope.ts';

/** By route: canonical texts of the listed parameters. */
const lists = new Map<number, Promise<ReadonlySet<string>>>();

export async function isAnswered(manifest: Manifest, store: RequestStore): Promise<boolean> {
  const { job } = store;
  const route = manifest.routes[job.route];
  if (route?.config.dynamicParams !== false || job.params.length === 0 || manifest.prerendered) return true;
  // Without a list, and without `force-static`, the route is dynamic and answers all parameters.
  if (!route.staticParams && route.kind !== 'metadata' && route.config.dynamic !== 'force-static') return true;
  // A build asks for what it has listed itself.
  if (process.env['NEXT_PHASE'] === 'phase-production-build') return true;
  let list = lists.get(job.route);
  if (!list) {
    list = inParamsScope(store, route.path, () => collectStaticParams(manifest, route)).then(({ sets }) => new Set(sets.map(textOf)));
    lists.set(job.route, list);
    // A list that could not be made is asked for again.
    list.catch(() => lists.delete(job.route));
  }
  const names = new Set(route.pattern.flatMap((part) => (part.kind === 'static' ? [] : [part.name])));
  return (await list).has(textOf(job.params.filter((param) => names.has(param.name))));
}

const textOf = (params: readonly { values: readonly string[] }[]): string => JSON.stringify(params.map(({ values }) => values.map(decoded)));

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
