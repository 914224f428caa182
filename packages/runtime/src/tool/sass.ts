/** Compiles Sass with the package `sass` (or `sass-embedded`) of the application. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { applyEnvironment, fields, isFields, text, type Fields } from './input.ts';
import type { Place } from './operations.ts';

/** The part of Sass that is used here. */
type Sass = { compileStringAsync(source: string, options: Fields): Promise<{ css: string; loadedUrls: URL[] }> };

/** `{root, file, css, options, env?}`; `options` is `sassOptions` of `next.config`. */
export async function sass(rawInput: unknown): Promise<{ css: string; dependencies: string[] }> {
  const input = fields(rawInput);
  applyEnvironment(input);
  const [root, file] = [text(input, 'root'), text(input, 'file')];
  const options = isFields(input['options']) ? input['options'] : {};
  try {
    const { css, loadedUrls } = await load(root).compileStringAsync(withData(text(input, 'css'), options), {
      syntax: file.endsWith('.sass') ? 'indented' : 'scss',
      url: pathToFileURL(file),
      loadPaths: [dirname(file), ...paths(root, options)],
      importers: [{ findFileUrl: (name: string) => inPackages(name, dirname(file)) }],
      style: 'expanded',
      quietDeps: true,
      ...(Array.isArray(options['silenceDeprecations']) ? { silenceDeprecations: options['silenceDeprecations'] } : {}),
      logger: { warn() {}, debug() {} },
    });
    return { css, dependencies: loadedUrls.filter((url) => url.protocol === 'file:').map((url) => fileURLToPath(url)) };
  } catch (error) {
    throw withPlace(error, file);
  }
}

function load(root: string): Sass {
  const require = createRequire(pathToFileURL(join(root, 'package.json')));
  for (const name of ['sass-embedded', 'sass']) {
    try {
      return require(name) as Sass;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error("A stylesheet is written in Sass, and the package 'sass' is not installed.");
}

/** What the configuration puts in front of every stylesheet. */
function withData(source: string, options: Fields): string {
  const data = options['additionalData'] ?? options['prependData'];
  return typeof data === 'string' ? `${data}\n${source}` : source;
}

function paths(root: string, options: Fields): string[] {
  const listed = [options['loadPaths'], options['includePaths']].find(Array.isArray) ?? [];
  return listed.filter((path): path is string => typeof path === 'string').map((path) => (path.startsWith('/') ? path : join(root, path)));
}

/** `bootstrap/scss/bootstrap`, with or without `~`: a file of an installed package. Sass itself adds endings. */
function inPackages(name: string, folder: string): URL | null {
  const bare = name.replace(/^~/, '');
  const [owner = '', inner = ''] = bare.split('/');
  const parts = owner.startsWith('@') ? [owner, inner] : [owner];
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', ...parts))) return pathToFileURL(join(at, 'node_modules', bare));
    if (at === dirname(at)) return null;
  }
}

function withPlace(error: unknown, file: string): unknown {
  const { span, sassMessage } = error as { span?: { start: { line: number; column: number }; url?: URL }; sassMessage?: string };
  if (!(error instanceof Error) || !span) return error;
  const place: Place = { file: span.url?.protocol === 'file:' ? fileURLToPath(span.url) : file, line: span.start.line + 1, column: span.start.column + 1 };
  return Object.assign(new Error(sassMessage ?? error.message), { place });
}
