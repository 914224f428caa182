/**
 * `'use cache'` (Next behaviour 5.18 to 5.26): what the compiler makes of a function with the directive. A call looks for the result
 * of an equal call in the server's cache, which all workers share; who finds none runs the function and stores what it returned.
 */
import { AsyncResource } from 'node:async_hooks';
import { app } from '../app.ts';
import { MAX_VALUE, quietly } from '../cache/lookup.ts';
import { warmly } from '../cache-components/warmth.ts';
import { renewIfReloaded } from '../cache/reload.ts';
import { flushRevalidations } from '../cache/revalidate.ts';
import { readsRequest, refused } from '../dynamic.ts';
import { memoized, requestStorage, type RequestStore } from '../request-store.ts';
import { describeCall, type CachedCall } from './arguments.ts';
import { generate, openResult, type CachedFunction, type Generated } from './generate.ts';
import { isShort, seconds } from './lifetime.ts';
import { addCached, knownCached, type AnyFunction } from './registry.ts';
import type { CacheVariant } from './scope.ts';
import { decodeResult, encodeResult, type StoredResult } from './stored.ts';

/** An entry can carry so many. */
const MAX_TAGS = 128;

/**
 * A cached function. `parameters` says how many it declares, -1 for any number: others are not passed on, and are not in the key.
 * With `captures`, a list of captured values stands before them.
 */
export function cached(
  implementation: AnyFunction, id: string, variant: CacheVariant, parameters: number, captures: boolean | number, label: string, reference?: AnyFunction,
): AnyFunction {
  const known = knownCached(id, implementation);
  if (known && !reference) return known;
  const fn: CachedFunction = { label, variant, implementation };
  const most = parameters < 0 ? undefined : parameters + Number(captures);
  const run = known ?? ((...args: unknown[]): Promise<unknown> => callCached(fn, id, most === undefined ? args : declared(args, most)));
  Object.defineProperty(run, 'name', { value: implementation.name, configurable: true });
  addCached(id, implementation, run, reference);
  return run;
}

/** Arguments of a function that can't tell an argument that was left out from `undefined`. */
function declared(args: unknown[], most: number): unknown[] {
  let count = Math.min(args.length, most);
  while (count > 0 && args[count - 1] === undefined) count--;
  return count === args.length ? args : args.slice(0, count);
}

async function callCached(fn: CachedFunction, id: string, args: unknown[]): Promise<unknown> {
  const caller = requestStorage.getStore();
  // Without a request there is no cache to ask.
  if (!caller || caller.phase === 'proxy') return fn.implementation(...args);
  checkNesting(fn, caller);
  const call = await describeCall(id, args);
  if (fn.variant === 'private') return privately(fn, call, caller);
  // Drafts are for those who edit them: their results neither come from the cache nor go there, nor does anybody wait for them.
  if (caller.draft) return openResult(fn, (await generate(fn, call, caller)).flight, call);
  return shared(fn, call, caller);
}

/** What may be called inside of what (Next behaviour 5.22). */
function checkNesting({ variant, label }: CachedFunction, { cacheScope, phase }: RequestStore): void {
  if (variant === 'private' && phase === 'cache') {
    throw new Error(`${label} is 'use cache: private' and was called inside of ${cacheScope?.label ?? 'a cached function'}, whose result is shared by all visitors. Call it outside and pass what you need as an argument.`);
  }
  if (variant === 'remote' && cacheScope?.variant === 'private') {
    throw new Error(`${label} is 'use cache: remote' and was called inside of ${cacheScope.label}, which is 'use cache: private'. Call it outside and pass its result as an argument.`);
  }
}

const PRIVATE = Symbol('use cache: private');

/** Kept for the time of one request. It may read the request, so whatever contains it is made for one visitor. */
async function privately(fn: CachedFunction, call: CachedCall, caller: RequestStore): Promise<unknown> {
  try {
    readsRequest(caller, 'private', `'use cache: private' of ${fn.label}`);
  } catch (error) {
    return refused(error);
  }
  const memo = memoized(caller, PRIVATE, () => new Map<string, Promise<Generated>>());
  const key = Buffer.from(call.key).toString('hex');
  let made = memo.get(key);
  if (!made) {
    made = generate(fn, call, caller);
    memo.set(key, made);
  }
  return openResult(fn, (await made).flight, call);
}

async function shared(fn: CachedFunction, call: CachedCall, caller: RequestStore): Promise<unknown> {
  return give(fn, await warmly(caller.warmth, 'directive', call.key, () => lookUp(fn, call, caller)), call, caller);
}

async function lookUp(fn: CachedFunction, call: CachedCall, caller: RequestStore): Promise<StoredResult> {
  // What this very request has invalidated must not be answered from the cache.
  await flushRevalidations(caller);
  const renewed = renewIfReloaded(caller);
  if (renewed) await renewed;
  const answer = await caller.front.cacheGet({ kind: 'directive', key: call.key }, []);
  const mayBeStale = caller.job.permit === 0 && caller.phase !== 'prerender' && caller.phase !== 'cache';
  if (answer.state === 'fresh' || (answer.state === 'stale' && mayBeStale)) {
    if (answer.state === 'stale' && answer.permit !== undefined) refreshBeside(fn, call, caller, answer.permit);
    return decodeResult(answer.value);
  }
  return fill(fn, call, caller, answer.permit);
}

/** Makes the result; stores it if there is a permit for it and nothing in it failed. */
async function fill(fn: CachedFunction, call: CachedCall, caller: RequestStore, permit: number | undefined): Promise<StoredResult> {
  let made: Generated;
  try {
    made = await generate(fn, call, caller);
  } catch (error) {
    if (permit !== undefined) await quietly(caller.front.permitDrop(permit));
    throw error;
  }
  if (permit === undefined) return made;
  const { tags, lifetime } = made;
  const value = encodeResult(made);
  const problem = notStored(made, value);
  if (problem !== undefined) {
    if (problem !== '') console.warn(`The result of ${fn.label} was not cached: ${problem}`);
    await quietly(caller.front.permitDrop(permit));
  } else {
    const entry = { value, tags, revalidate: seconds(lifetime.revalidate), expire: seconds(lifetime.expire) };
    await quietly(caller.front.cacheSet({ kind: 'directive', key: call.key }, permit, entry));
  }
  return made;
}

/** Why a result is not stored; without words where that is nobody's fault. */
function notStored({ tags, lifetime, failed }: Generated, value: Uint8Array): string | undefined {
  if (failed || lifetime.revalidate === 0 || lifetime.expire === 0) return '';
  // Without one of them it could not be invalidated any more.
  if (tags.length > MAX_TAGS) return `it has ${tags.length} tags, with those of what it calls; ${MAX_TAGS} is the most.`;
  if (value.length > MAX_VALUE) return `it has ${value.length} bytes; ${MAX_VALUE} is the most.`;
  return undefined;
}

/** The job goes on until this is done, but its answer does not wait. */
function refreshBeside(fn: CachedFunction, call: CachedCall, caller: RequestStore, permit: number): void {
  const work = new AsyncResource('ironside.refresh').runInAsyncScope(() => fill(fn, call, caller, permit));
  caller.background.push(work.catch((error: unknown) => { app().report(error, 'after'); }));
}

/** Tells whatever contains the result what is known about it, and opens it. */
function give(fn: CachedFunction, { tags, lifetime, flight }: StoredResult, call: CachedCall, caller: RequestStore): Promise<unknown> {
  for (const tag of tags) caller.tags.add(tag);
  if (caller.cacheScope) caller.cacheScope.read(lifetime);
  else if (caller.phase !== 'cache') {
    try {
      if (isShort(lifetime) && isRendered(caller)) readsRequest(caller, 'cacheLife', `cacheLife() of ${fn.label}`);
    } catch (error) {
      return refused(error);
    }
    caller.revalidate = least(caller.revalidate, seconds(lifetime.revalidate));
    caller.expire = least(caller.expire, seconds(lifetime.expire));
    caller.stale = least(caller.stale, seconds(lifetime.stale));
  }
  return openResult(fn, flight, call);
}

/** Only answers that may be stored as a whole care how long their parts live. */
function isRendered({ phase }: RequestStore): boolean {
  return phase === 'render' || phase === 'prerender' || phase === 'handler';
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : other === undefined ? one : Math.min(one, other);
}
