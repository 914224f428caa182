/**
 * What generated code of the `rsc` graph imports as `ironside:references`: stand-ins for client components, registration of
 * server functions, the seal for values that inline server functions capture, and cached functions.
 */
import { createClientModuleProxy, registerClientReference, registerServerReference } from 'react-server-dom-webpack/server.node';
import { open, seal } from './action/seal.ts';

export { cached } from './use-cache/cached.ts';
export { seal };

/** One export of a client file: an element type that Flight sends by name. */
export function clientReference(clientId: string, exportName: string): unknown {
  const refuse = (): never => {
    const name = exportName === 'default' ? 'The default export' : `\`${exportName}\``;
    throw new Error(`${name} of a 'use client' file was called on the server. It can be rendered as a component or passed to one; to call it from both sides, move it to a file without the directive.`);
  };
  return registerClientReference(refuse, clientId, exportName);
}

/** All exports of a client file whose names are not known before it runs (CommonJS). */
export function clientModule(clientId: string): Record<string, unknown> {
  return createClientModuleProxy(clientId);
}

type ServerFunction = (...args: never[]) => unknown;

/**
 * Registers a server function under its id. A `sealed` one gets the captured values as its first argument, as a list; what
 * is registered takes the sealed string in its place and refuses to run without a right one.
 */
export function action<T extends ServerFunction>(implementation: T, id: string, sealed?: boolean | number): T {
  if (typeof implementation !== 'function') {
    throw new TypeError(`A 'use server' file may export async functions only, but one of its exports is ${describe(implementation)}. Move it to a file without the directive.`);
  }
  if (!sealed) return Object.hasOwn(implementation, '$$id') ? implementation : registerServerReference(implementation, id, null);
  return registerServerReference(opening(implementation, id), id, null);
}

const describe = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`);

/** A generator stays one: its caller gets an async iterable. */
function opening<T extends ServerFunction>(implementation: T, id: string): T {
  const run = implementation as unknown as (captured: unknown[], ...args: unknown[]) => unknown;
  const isGenerator = Object.prototype.toString.call(implementation) === '[object AsyncGeneratorFunction]';
  const wrapped = isGenerator
    ? async function* (box: unknown, ...args: unknown[]) {
        yield* run(await open(id, box), ...args) as AsyncIterable<unknown>;
      }
    : async (box: unknown, ...args: unknown[]) => run(await open(id, box), ...args);
  Object.defineProperty(wrapped, 'name', { value: implementation.name, configurable: true });
  return wrapped as unknown as T;
}
