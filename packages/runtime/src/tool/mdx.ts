/** Compiles MDX with the package `@mdx-js/mdx` of the application, and with what its `next.config` says about it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { applyEnvironment, fields, isFields, text, type Fields } from './input.ts';
import { importDefault } from './module.ts';
import type { Place } from './operations.ts';

/** The part of MDX that is used here. */
type Mdx = { compile(file: { path: string; value: string }, options: Fields): Promise<{ toString(): string }> };
type Require = ReturnType<typeof createRequire>;

/** Plugins are functions, which do not leave this process with the rest of the configuration. */
let remembered: Fields = {};

const LOADER = /mdx-js-loader|mdx-rs-loader|@mdx-js[/\\]loader/;

/** Keeps the options that `@next/mdx` has put into the rules of a configuration. */
export function rememberMdx(config: unknown): void {
  const rules = isFields(config) && isFields(config['turbopack']) ? config['turbopack']['rules'] : undefined;
  for (const rule of Object.values(isFields(rules) ? rules : {}).flat()) {
    const loaders: unknown[] = isFields(rule) && Array.isArray(rule['loaders']) ? rule['loaders'] : [rule];
    for (const loader of loaders) {
      if (isFields(loader) && LOADER.test(String(loader['loader'])) && isFields(loader['options'])) remembered = loader['options'];
    }
  }
}

/** `{root, file, source, env?}` → `{code}`: a module in JavaScript. */
export async function mdx(rawInput: unknown): Promise<{ code: string }> {
  const input = fields(rawInput);
  applyEnvironment(input);
  const [root, file] = [text(input, 'root'), text(input, 'file')];
  const require = createRequire(pathToFileURL(join(root, 'package.json')));
  const compiler = (await import(pathToFileURL(find(require)).href)) as Mdx;
  const { remarkPlugins, rehypePlugins, recmaPlugins, providerImportSource: _, mdxType: __, ...options } = remembered;
  try {
    const compiled = await compiler.compile({ path: file, value: text(input, 'source') }, {
      ...options,
      remarkPlugins: await plugins(require, remarkPlugins),
      rehypePlugins: await plugins(require, rehypePlugins),
      recmaPlugins: await plugins(require, recmaPlugins),
      providerImportSource: components(root, file),
      jsx: false,
    });
    return { code: String(compiled) };
  } catch (error) {
    throw withPlace(error, file);
  }
}

/** The application's, or that of the packages that bring it. */
function find(require: Require): string {
  const places = [require];
  for (const name of ['@next/mdx', '@mdx-js/loader']) {
    try {
      places.push(createRequire(require.resolve(name)));
    } catch {
      // It is not there.
    }
  }
  for (const place of places) {
    try {
      return place.resolve('@mdx-js/mdx');
    } catch {
      // Perhaps the next one has it.
    }
  }
  throw new Error("A file is written in MDX, and the package '@mdx-js/mdx' is not installed.");
}

/** Plugins may be named, as configurations for Turbopack do. */
async function plugins(require: Require, listed: unknown): Promise<unknown[]> {
  const loaded = async (plugin: unknown): Promise<unknown> => (typeof plugin === 'string' ? importDefault(require.resolve(plugin)) : plugin);
  const list: unknown[] = Array.isArray(listed) ? listed : [];
  return Promise.all(list.map(async (entry) => (Array.isArray(entry) ? [await loaded(entry[0]), ...entry.slice(1)] : loaded(entry))));
}

/** `mdx-components` of the application, as the compiled file names it. */
function components(root: string, file: string): string | undefined {
  for (const folder of ['src', '.']) {
    for (const ending of ['tsx', 'ts', 'jsx', 'js']) {
      const found = join(root, folder, `mdx-components.${ending}`);
      if (!existsSync(found)) continue;
      const path = relative(dirname(file), found);
      return path.startsWith('.') ? path : `./${path}`;
    }
  }
  return undefined;
}

function withPlace(error: unknown, file: string): unknown {
  const { reason, line, column } = error as { reason?: unknown; line?: unknown; column?: unknown };
  if (!(error instanceof Error) || typeof reason !== 'string') return error;
  const place: Place = { file, line: typeof line === 'number' ? line : 1, column: typeof column === 'number' ? column : 1 };
  return Object.assign(new Error(reason), { place });
}
