/**
 * `dynamicParams = false`: only parameters that the handler's `generateStaticParams` lists are answered. The list belongs to
 * the build, so a process asks for it once.
 */
import type { ModuleExports } from '../modules.ts';
import type { Params } from '../params.ts';

type Listed = readonly Record<string, unknown>[];

const lists = new WeakMap<ModuleExports, Promise<Listed>>();

export async function isListed(module: ModuleExports, path: string, params: Params): Promise<boolean> {
  let list = lists.get(module);
  if (!list) {
    list = generated(module, path);
    lists.set(module, list);
    // A list that could not be made is asked for again.
    list.catch(() => lists.delete(module));
  }
  return (await list).some((item) => Object.entries(params).every(([name, value]) => isSame(item[name], value)));
}

async function generated(module: ModuleExports, path: string): Promise<Listed> {
  const generate = module['generateStaticParams'];
  if (typeof generate !== 'function') return [];
  const list: unknown = await (generate as (props: object) => unknown)({ params: {} });
  if (!Array.isArray(list)) throw new TypeError(`generateStaticParams of ${path} has to return an array of objects, one for each set of parameters.`);
  return list as Listed;
}

function isSame(listed: unknown, asked: string | string[]): boolean {
  if (!Array.isArray(asked)) return String(listed) === asked;
  return Array.isArray(listed) && listed.length === asked.length && asked.every((part, index) => String(listed[index]) === part);
}
