/**
 * The arguments of a cached function, captured values included, in the form in which React sends arguments of server functions. It
 * tells a `Date` from a text, a `Map` from an object, `1n` from `1`; so different arguments have different keys. What has no such
 * form (elements, functions, instances of classes) is passed through: the function gets a stand-in that it can put into its
 * result and do nothing else with, and whoever reads the result finds there what he passed himself.
 */
import { createHash } from 'node:crypto';
import { createTemporaryReferenceSet as holesOfCaller, encodeReply, type TemporaryReferences } from 'react-server-dom-webpack/client.node';
import { createTemporaryReferenceSet as holesOfFunction, decodeReply, type TemporaryReferenceSet } from 'react-server-dom-webpack/server.node';
import { app } from '../app.ts';
import { reactMaps } from '../render/react-maps.ts';
import { isSearchParams } from '../render/search-params.ts';
import { cachedById, cachedIdOf } from './registry.ts';

/** A call, ready to be looked up and to be made. */
export type CachedCall = {
  /** 32 bytes. */
  key: Uint8Array;
  body: string | FormData;
  /** What the caller passed that has no serialised form. */
  holes: TemporaryReferences;
  /** Whether the first argument had `searchParams` of a page, which are left out of all this. */
  search: { value: unknown } | undefined;
};

/** Arguments, without the cached functions among them: these are named by their place (argument, and place in a list), with what is bound. */
type Prepared = { args: unknown[]; functions: [at: number, inner: number, id: string, bound: Prepared][] };

export async function describeCall(id: string, args: readonly unknown[]): Promise<CachedCall> {
  const prepared = prepare(args);
  const first = prepared.args[0];
  let search: CachedCall['search'];
  if (typeof first === 'object' && first !== null && 'searchParams' in first && isSearchParams(first.searchParams)) {
    const { searchParams, ...rest } = first;
    search = { value: searchParams };
    prepared.args[0] = rest;
  }
  const holes = holesOfCaller();
  const body = await encodeReply(prepared, { temporaryReferences: holes });
  return { key: await keyOf(id, body), body, holes, search };
}

/** The arguments as the function gets them, and what stands for the caller's holes. */
export async function openCall(call: CachedCall, searchParams: unknown): Promise<{ args: unknown[]; holes: TemporaryReferenceSet }> {
  const holes = holesOfFunction();
  const prepared = await decodeReply(call.body, reactMaps(app().manifest).every, { temporaryReferences: holes }) as Prepared;
  const args = restore(prepared);
  if (call.search) args[0] = { ...(args[0] as object), searchParams };
  return { args, holes };
}

function prepare(given: readonly unknown[]): Prepared {
  const args = [...given];
  const functions: Prepared['functions'] = [];
  const named = (value: unknown, at: number, inner: number): boolean => {
    const id = cachedIdOf(value);
    if (id === undefined) return false;
    functions.push([at, inner, id, prepare((value as { $$bound?: unknown[] | null }).$$bound ?? [])]);
    return true;
  };
  for (const [at, value] of args.entries()) {
    if (named(value, at, -1)) args[at] = null;
    // A list may be the captured values.
    else if (Array.isArray(value) && value.some((item) => cachedIdOf(item) !== undefined)) args[at] = value.map((item, inner) => (named(item, at, inner) ? null : item as unknown));
  }
  return { args, functions };
}

function restore({ args, functions }: Prepared): unknown[] {
  for (const [at, inner, id, bound] of functions) {
    const values = restore(bound);
    const base = cachedById(id);
    const value = values.length > 0 ? base?.bind(null, ...values) : base;
    if (inner < 0) args[at] = value;
    else (args[at] as unknown[])[inner] = value;
  }
  return args;
}

async function keyOf(id: string, body: string | FormData): Promise<Uint8Array> {
  const hash = createHash('sha256').update(id);
  const add = (kind: string, part: string | Uint8Array) => {
    // Each part with its length, so that no two lists of parts look alike.
    hash.update(`\n${kind}${Buffer.byteLength(part)}:`).update(part);
  };
  if (typeof body === 'string') add('t', body);
  else {
    for (const [name, part] of body as unknown as Iterable<[string, string | Blob]>) {
      add('n', name);
      if (typeof part === 'string') add('t', part);
      else {
        add('b', part.type);
        add('b', new Uint8Array(await part.arrayBuffer()));
      }
    }
  }
  return hash.digest();
}
