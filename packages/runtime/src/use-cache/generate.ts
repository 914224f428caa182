/**
 * Runs a cached function and makes a Flight stream of its result, to its end: promises and components in it are a part of the result.
 * The function runs inside of the renderer that makes the stream, so `React.cache` and the memo of `fetch` begin anew (Next
 * behaviour 5.17), and as nobody's: what depends on one visitor throws.
 */
import { createFromReadableStream } from 'react-server-dom-webpack/client.node';
import { renderToPipeableStream } from 'react-server-dom-webpack/server.node';
import { app } from '../app.ts';
import { collectFlight } from '../render/flight-bytes.ts';
import { reactMaps } from '../render/react-maps.ts';
import { searchParamsPromise } from '../render/search-params.ts';
import { requestStorage, type RequestStore } from '../request-store.ts';
import { openCall, type CachedCall } from './arguments.ts';
import { digestInside, originalError } from './inner-errors.ts';
import type { AnyFunction } from './registry.ts';
import { CacheScope, type CacheVariant } from './scope.ts';
import type { StoredResult } from './stored.ts';

export type Generated = StoredResult & {
  /** Something in it failed, so it is not to be kept. */
  failed: boolean;
};

export type CachedFunction = { label: string; variant: CacheVariant; implementation: AnyFunction };

/** Rejects with what the function itself throws. */
export async function generate(fn: CachedFunction, call: CachedCall, caller: RequestStore): Promise<Generated> {
  const scope = new CacheScope(fn.label, fn.variant);
  const isPrivate = fn.variant === 'private';
  const store = isPrivate ? caller.derive({}) : caller.derive({ phase: 'cache', isolated: true });
  store.cacheScope = scope;
  const { args, holes } = await openCall(call, isPrivate ? call.search?.value : searchParamsPromise(store, ''));
  let thrown: { error: unknown } | undefined;
  let failed = false;
  const result = whenAsked(() => requestStorage.run(store, async () => fn.implementation(...args)), (error) => { thrown = { error: explained(error, fn) }; });
  const stream = requestStorage.run(store, () => renderToPipeableStream(result, reactMaps(app().manifest).client, {
    onError(error) {
      failed = true;
      return digestInside(explained(error, fn));
    },
    temporaryReferences: holes,
  }));
  const flight = await collectFlight(stream);
  if (thrown) throw thrown.error;
  if (store.revalidate !== undefined && !isPrivate) scope.read({ revalidate: store.revalidate });
  // What is private is not stored, and its tags are those of the request.
  return { flight, tags: isPrivate ? [] : [...store.tags], lifetime: scope.lifetime, failed };
}

/** React's words for using what was passed through speak of a client, and there is none here. */
function explained(error: unknown, { label }: CachedFunction): unknown {
  if (!(error instanceof Error) || !/temporary client reference/i.test(error.message)) return error;
  const message = `${label} is cached and looked into an argument, or called one, that can't be a part of its key (a function, an element, an instance of a class). Such arguments can only be passed through into its result. Pass plain data, or do this outside of the function.`;
  return new Error(message, { cause: error });
}

/** The renderer asks for the result when it begins, and so the function runs inside of it. */
function whenAsked(run: () => Promise<unknown>, failed: (error: unknown) => void): PromiseLike<unknown> {
  let running: Promise<unknown> | undefined;
  return {
    then(resolve, reject) {
      if (!running) {
        running = run();
        running.catch(failed);
      }
      return running.then(resolve, reject);
    },
  };
}

/** The result as the caller gets it: with what he passed himself where the function passed it through. */
export async function openResult(fn: CachedFunction, flight: Uint8Array, call: CachedCall): Promise<unknown> {
  const maps = reactMaps(app().manifest);
  try {
    return await createFromReadableStream(bytesStream(flight), {
      serverConsumerManifest: { moduleMap: maps.reopen, serverModuleMap: maps.every, moduleLoading: null },
      temporaryReferences: call.holes,
    });
  } catch (error) {
    const original = originalError(error);
    if (original === error) throw error;
    const message = original instanceof Error ? original.message : String(original);
    throw new Error(`What ${fn.label} returned can't be cached: ${message}`, { cause: original });
  }
}

/** As much of a stream as the parser asks for. */
function bytesStream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let given = false;
  const read = () => {
    const result = given ? { done: true, value: undefined } : { done: false, value: bytes };
    given = true;
    return Promise.resolve(result);
  };
  return { getReader: () => ({ read }) } as unknown as ReadableStream<Uint8Array>;
}
