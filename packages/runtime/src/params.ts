/** The parameters of a route as code gets them: a promise that also has the values as properties, for code from before Next 15. */
import type { JobParam } from './job.ts';

export type Params = Record<string, string | string[]>;

/** A parameter that is no valid percent-encoding. */
export class BadParamError extends Error {
  constructor(name: string, value: string, cause: unknown) {
    super(`The parameter ${name} has the value ${JSON.stringify(value)}, which is no valid percent-encoding.`, { cause });
  }
}

/** Decoded once. An optional catch-all without values is absent. */
export function decodedParams(params: readonly JobParam[]): Params {
  const decoded = Object.create(null) as Params;
  for (const { name, values, kind } of params) {
    if (kind === 'd') decoded[name] = decode(name, values[0] ?? '');
    else if (values.length > 0) decoded[name] = values.map((value) => decode(name, value));
  }
  return { ...decoded };
}

function decode(name: string, value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch (error) {
    throw new BadParamError(name, value, error);
  }
}

/** Names that a promise itself needs. */
const OF_PROMISES = new Set(['then', 'catch', 'finally', 'status', 'value', 'reason', 'constructor', 'toString', 'toJSON', 'valueOf', '__proto__', 'hasOwnProperty', 'displayName', '_debugInfo', '$$typeof']);

/** Whether a name means something on promises, so that a parameter of that name is only in the awaited value. */
export function isPromisesOwn(name: string): boolean {
  return OF_PROMISES.has(name);
}

/** A resolved promise of `values` with each of them as a property. */
export function promiseWithProperties<T extends Record<string, unknown>>(values: T): Promise<T> & T {
  const promise = Promise.resolve(values);
  for (const name of Object.keys(values)) {
    if (!OF_PROMISES.has(name)) Object.defineProperty(promise, name, { value: values[name], enumerable: true, configurable: true, writable: true });
  }
  return promise as unknown as Promise<T> & T;
}
