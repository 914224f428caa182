/**
 * Runs the application's PostCSS plugins over a stylesheet. PostCSS and the plugins come from the application's own
 * `node_modules`; nothing of them is part of Ironside.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { applyEnvironment, fields, isFields, text, type Fields } from './input.ts';
import { importDefault } from './module.ts';
import type { Place } from './operations.ts';

export type PostcssAnswer = {
  css: string;
  /** Files whose change makes the result stale. */
  dependencies: string[];
  /** Folders in which any such file may do so. */
  folders: { folder: string; glob?: string }[];
  warnings: { message: string; line?: number; column?: number }[];
};

/** The part of PostCSS that is used here. */
type Result = {
  css: string;
  messages: Fields[];
  warnings(): { text: string; line?: number; column?: number }[];
};
type Processor = { process(css: string, options: Fields): PromiseLike<Result> };
type Postcss = (plugins: unknown[]) => Processor;
type Require = ReturnType<typeof createRequire>;
type Prepared = { processor: Processor; options: Fields };

const prepared = new Map<string, Promise<Prepared>>();

/** `{root, config, version, file, css, env?}`; `config` is the configuration's path, `version` changes with its content. */
export async function postcss(rawInput: unknown): Promise<PostcssAnswer> {
  const input = fields(rawInput);
  applyEnvironment(input);
  const [root, config, file] = [text(input, 'root'), text(input, 'config'), text(input, 'file')];
  const key = `${config}\n${text(input, 'version')}`;
  let ready = prepared.get(key);
  if (ready === undefined) {
    ready = prepare(root, config);
    prepared.set(key, ready);
    // A failure may be mended by installing a package: it is not kept.
    ready.catch(() => prepared.delete(key));
  }
  const { processor, options } = await ready;
  try {
    const result = await processor.process(text(input, 'css'), { ...options, from: file, to: file, map: false });
    return {
      css: result.css,
      ...dependencies(result.messages),
      warnings: result.warnings().map(({ text: message, line, column }) => ({
        message, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }),
      })),
    };
  } catch (error) {
    throw withPlace(error, file);
  }
}

function dependencies(messages: Fields[]): Pick<PostcssAnswer, 'dependencies' | 'folders'> {
  const files = new Set<string>();
  const folders = new Map<string, { folder: string; glob?: string }>();
  for (const message of messages) {
    if (message['type'] === 'dependency' && typeof message['file'] === 'string') files.add(message['file']);
    if (message['type'] === 'dir-dependency' && typeof message['dir'] === 'string') {
      const glob = message['glob'];
      folders.set(`${message['dir']}\n${String(glob)}`, { folder: message['dir'], ...(typeof glob === 'string' ? { glob } : {}) });
    }
  }
  return { dependencies: [...files], folders: [...folders.values()] };
}

async function prepare(root: string, file: string): Promise<Prepared> {
  const require = createRequire(pathToFileURL(join(root, 'package.json')));
  let config: unknown = await readConfig(file);
  if (typeof config === 'function') {
    config = await config({ env: process.env['NODE_ENV'], mode: process.env['NODE_ENV'], cwd: root, file });
  }
  if (!isFields(config)) throw new TypeError('The PostCSS configuration has to export an object with `plugins`.');
  const { plugins: listed, ...options } = config;
  const names = pluginList(listed);
  const postcss = loadPostcss(require, names);
  const plugins: unknown[] = [];
  for (const [plugin, pluginOptions] of names) {
    plugins.push(typeof plugin === 'string' ? await loadPlugin(require, plugin, pluginOptions) : plugin);
  }
  for (const name of ['parser', 'syntax', 'stringifier']) {
    const value = options[name];
    if (typeof value === 'string') options[name] = await importFrom(require, value);
  }
  return { processor: postcss(plugins), options };
}

async function readConfig(file: string): Promise<unknown> {
  if (!/\.(?:json|postcssrc)$/.test(file)) return importDefault(file);
  const data: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return file.endsWith('/package.json') && isFields(data) ? data['postcss'] : data;
}

type Listed = [plugin: unknown, options: unknown];

/** `{name: options}`, or a list of names, of pairs and of the plugins themselves. */
function pluginList(listed: unknown): Listed[] {
  if (listed === undefined) return [];
  if (Array.isArray(listed)) {
    return listed.filter(Boolean).map((entry: unknown): Listed => (Array.isArray(entry) ? [entry[0], entry[1]] : [entry, undefined]));
  }
  if (!isFields(listed)) throw new TypeError('`plugins` of the PostCSS configuration has to be an object or an array.');
  return Object.entries(listed).filter(([, options]) => options !== false);
}

async function loadPlugin(require: Require, name: string, options: unknown): Promise<unknown> {
  const plugin = await importFrom(require, name);
  if (typeof plugin !== 'function') throw new TypeError(`The PostCSS plugin '${name}' exports no function.`);
  return options === undefined || options === true ? plugin() : plugin(options);
}

async function importFrom(require: Require, name: string): Promise<unknown> {
  let path: string;
  try {
    path = require.resolve(name);
  } catch (cause) {
    throw new Error(`The PostCSS configuration names '${name}', which is not installed.`, { cause });
  }
  return importDefault(path);
}

/** The application's, or that of one of its plugins where packages are kept apart. */
function loadPostcss(require: Require, plugins: Listed[]): Postcss {
  const places = [require];
  for (const [plugin] of plugins) {
    if (typeof plugin !== 'string') continue;
    try {
      places.push(createRequire(pathToFileURL(require.resolve(plugin))));
    } catch {
      // `loadPlugin` says that it is missing.
    }
  }
  for (const place of places) {
    try {
      return place('postcss') as Postcss;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error("There is a PostCSS configuration, but the package 'postcss' is not installed.");
}

function withPlace(error: unknown, file: string): unknown {
  if (!(error instanceof Error)) return error;
  const { line, column, file: where, reason } = error as { line?: unknown; column?: unknown; file?: unknown; reason?: unknown };
  if (typeof line !== 'number') return error;
  const place: Place = { file: typeof where === 'string' ? where : file, line, column: typeof column === 'number' ? column : 1 };
  return Object.assign(error, { place }, typeof reason === 'string' ? { message: reason } : {});
}
