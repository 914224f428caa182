/**
 * The cached functions that this process has loaded, by id. To React they are server functions: so they can be captured by actions
 * and by one another. But no id of them is in the manifest, so nothing outside can call one.
 */
import { registerServerReference } from 'react-server-dom-webpack/server.node';
import { addReference } from '../render/react-maps.ts';

// Any arguments: it stands for every function there is.
export type AnyFunction = (...args: unknown[]) => unknown;

type Known = { implementation: AnyFunction; cached: AnyFunction; reference: AnyFunction };

const known = new Map<string, Known>();

/** The function that was made of an implementation before. */
export function knownCached(id: string, implementation: AnyFunction): AnyFunction | undefined {
  const found = known.get(id);
  return found?.implementation === implementation ? found.cached : undefined;
}

/** `reference` is what other code holds; the function itself, if it is no declaration. */
export function addCached(id: string, implementation: AnyFunction, cached: AnyFunction, reference: AnyFunction = cached): void {
  known.set(id, { implementation, cached, reference });
  registerServerReference(reference, id, null);
  addReference(id);
}

export function cachedById(id: string): AnyFunction | undefined {
  return known.get(id)?.reference;
}

/** The id of a cached function; bound ones have the id of theirs. */
export function cachedIdOf(value: unknown): string | undefined {
  const id = typeof value === 'function' ? (value as { $$id?: unknown }).$$id : undefined;
  return typeof id === 'string' && known.has(id) ? id : undefined;
}
