/**
 * `dynamicParams = false` of the segments that a metadata file stands in: a picture of a page that does not exist is not made
 * either (`security-classes` 27). The lists of `generateStaticParams` belong to the build, so a process asks for them once.
 */
import type { FileKey, Manifest, Segment } from '@ironside/protocol/manifest.ts';
import { loadModule, type ModuleExports } from '../modules.ts';
import { promiseWithProperties, type Params } from '../params.ts';

type Listed = Record<string, unknown>;

/** One build has fewer; a list that grows with each level is stopped here. */
const MAX_LISTED = 100_000;

const known = new Map<FileKey, Promise<readonly Listed[] | undefined>>();

/** Whether the metadata file answers these parameters. */
export async function isAnswered(manifest: Manifest, file: FileKey, params: Params): Promise<boolean> {
  const asked = Object.entries(params);
  if (asked.length === 0) return true;
  let list = known.get(file);
  if (!list) {
    list = listed(manifest, file);
    known.set(file, list);
    // A list that could not be made is asked for again.
    list.catch(() => known.delete(file));
  }
  const sets = await list;
  return sets === undefined || sets.some((set) => asked.every(([name, value]) => isSame(set[name], value)));
}

/** Every set of parameters that there is; `undefined` if others are answered too. */
async function listed(manifest: Manifest, file: FileKey): Promise<readonly Listed[] | undefined> {
  const around = Object.entries(manifest.segments).filter(([key, segment]) => isAround(key, segment, file));
  // From the root inwards; the file itself is the innermost.
  around.sort(([a, left], [b, right]) => depth(a) - depth(b) || rank(left) - rank(right));
  const modules: [FileKey, ModuleExports][] = [];
  for (const [key, { chunk }] of around) modules.push([key, await loadModule(chunk)]);
  const nearest = modules.map(([, module]) => module['dynamicParams']).findLast((value) => value !== undefined);
  if (nearest !== false) return undefined;
  let sets: Listed[] = [{}];
  for (const [key, module] of modules) {
    const generate = module['generateStaticParams'];
    if (typeof generate !== 'function') continue;
    const next: Listed[] = [];
    for (const outer of sets) {
      const inner: unknown = await (generate as (props: object) => unknown)({ params: promiseWithProperties(outer as Params) });
      if (!Array.isArray(inner)) throw new TypeError(`generateStaticParams of ${key} has to return an array of objects, one for each set of parameters.`);
      for (const set of inner as Listed[]) next.push({ ...outer, ...set });
      if (next.length > MAX_LISTED) throw new RangeError(`generateStaticParams around ${file} lists more than ${MAX_LISTED} sets of parameters.`);
    }
    sets = next;
  }
  return sets;
}

const NAMED = ['generateStaticParams', 'dynamicParams'];

/** Layouts of the folders above and of the own one, the page of the own one, and the file itself. */
function isAround(key: FileKey, { kind, exports, chunk }: Segment, file: FileKey): boolean {
  if (chunk === '' || !NAMED.some((name) => exports.includes(name))) return false;
  if (key === file) return true;
  const [folder, own] = [folderOf(key), folderOf(file)];
  return kind === 'layout' ? `${own}/`.startsWith(`${folder}/`) : kind === 'page' && folder === own;
}

const folderOf = (key: FileKey): string => key.slice(0, Math.max(0, key.lastIndexOf('/')));
const depth = (key: FileKey): number => key.split('/').length;
const rank = ({ kind }: Segment): number => (kind === 'layout' ? 0 : kind === 'page' ? 1 : 2);

function isSame(listed: unknown, asked: string | string[]): boolean {
  if (!Array.isArray(asked)) return String(listed) === asked;
  return Array.isArray(listed) && listed.length === asked.length && asked.every((part, index) => String(listed[index]) === part);
}
