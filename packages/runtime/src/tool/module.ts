/** Importing a configuration file, whichever of the two module systems it is written in. */
import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The default export, or what a CommonJS module exports. A changed file is read again, though not what it imports. */
export async function importDefault(file: string): Promise<unknown> {
  const url = pathToFileURL(file);
  url.searchParams.set('changed', String(statSync(file).mtimeMs));
  const namespace: unknown = await import(url.href);
  const value = member(namespace, 'default');
  // Code that was compiled from ESM to CommonJS has its default export one level deeper.
  return member(value, '__esModule') === true ? member(value, 'default') : value;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
