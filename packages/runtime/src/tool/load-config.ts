/**
 * Evaluates `next.config`: the object, or the function that returns it, with `headers()`, `redirects()`, `rewrites()` and
 * `generateBuildId()` called, so that what is left is data.
 */
import { applyEnvironment, fields, isFields, text, type Fields } from './input.ts';
import { rememberMdx } from './mdx.ts';
import { importDefault } from './module.ts';

/** It ran, and gave something else than a configuration. No line of it is to blame. */
class WrongConfig extends Error {
  override name = 'WrongConfig';
  readonly place = undefined;
}

/** `{file, phase, defaultConfig?, env?}` → `{config, functions}`. `functions` names options that are functions and so are not in `config`. */
export async function loadConfig(rawInput: unknown): Promise<{ config: Fields; functions: string[] }> {
  const input = fields(rawInput);
  applyEnvironment(input);
  // Configurations in TypeScript were compiled: what they throw shall name lines of the source.
  process.setSourceMapsEnabled(true);
  let config: unknown = await importDefault(text(input, 'file'));
  if (typeof config === 'function') config = config(text(input, 'phase'), { defaultConfig: input['defaultConfig'] ?? {} });
  config = await config;
  if (!isFields(config)) {
    throw new WrongConfig(`the configuration has to be an object or a function that returns one, and is ${article(config)}`);
  }
  const resolved = { ...config };
  for (const name of ['headers', 'redirects', 'rewrites', 'generateBuildId']) {
    if (typeof resolved[name] === 'function') resolved[name] = await (config[name] as () => unknown)();
  }
  rememberMdx(resolved);
  const functions: string[] = [];
  return { config: toData(resolved, '', functions, new Set()) as Fields, functions };
}

function article(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** Regular expressions become their source, functions are named and left out, circles are cut. */
function toData(value: unknown, path: string, functions: string[], seen: Set<object>): unknown {
  if (typeof value === 'function') {
    functions.push(path);
    return undefined;
  }
  if (value instanceof RegExp) return value.source;
  if (value instanceof URL) return value.href;
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  // JSON would make `null` of it, which means something else.
  if (typeof value === 'number' && !Number.isFinite(value)) return value > 0 ? Number.MAX_SAFE_INTEGER : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return undefined;
  seen.add(value);
  const inner = (key: string, member: unknown) => toData(member, path === '' ? key : `${path}.${key}`, functions, seen);
  const copy = Array.isArray(value)
    ? value.map((member, index) => inner(String(index), member) ?? null)
    : Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inner(key, member)]));
  seen.delete(value);
  return copy;
}
