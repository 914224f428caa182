/**
 * `after()`: work for when the response has gone out (Next behaviour 1.97). The callbacks wait in the store; the runner
 * calls them after the OUTCOME frame, and the job's slot stays taken until they are done.
 */
import { AsyncResource } from 'node:async_hooks';
import { app } from './app.ts';
import { describeError } from './errors.ts';
import type { JobError } from './job.ts';
import { currentRequest, memoized, requestStorage, type RequestStore } from './request-store.ts';

export function after(task: Promise<unknown> | (() => unknown)): void {
  const store = currentRequest('after()');
  if (store.phase === 'cache') throw new Error('`after()` was called inside a cached function, which does not belong to one request. Call it outside.');
  if (typeof task === 'function') {
    // Bound, so that the application's own AsyncLocalStorage values are the ones of the caller.
    store.after.push(AsyncResource.bind(task));
  } else if (typeof (task as Promise<unknown> | undefined)?.then === 'function') {
    waitUntil(store, task);
  } else {
    throw new TypeError('`after()` takes a function or a promise.');
  }
}

/** Keeps the job open until the promise has settled; a rejection is logged. */
export function waitUntil(store: RequestStore, promise: PromiseLike<unknown>): void {
  const settled = Promise.resolve(promise).catch((error: unknown) => failed(store, error));
  store.after.push(() => settled);
}

/** Runs what is there, and what it adds. Nothing in it can fail the request. */
export async function runAfter(store: RequestStore): Promise<void> {
  if (!hasAfterWork(store)) return;
  store.phase = 'after';
  while (hasAfterWork(store)) {
    const callbacks = store.after.splice(0);
    const background = store.background.splice(0);
    await Promise.all([...callbacks.map((callback) => runOne(store, callback)), ...background.map((promise) => promise.catch(() => undefined))]);
  }
  await app().flushRevalidations(store);
}

export function hasAfterWork(store: RequestStore): boolean {
  return store.after.length > 0 || store.background.length > 0;
}

async function runOne(store: RequestStore, callback: () => unknown): Promise<void> {
  try {
    await requestStorage.run(store, callback);
  } catch (error) {
    failed(store, error);
  }
}

function failed(store: RequestStore, error: unknown): void {
  requestStorage.run(store, () => app().report(error, 'after'));
  afterErrors(store).push(describeError(error));
}

/** What the callbacks threw, for the end of the job. */
export function afterErrors(store: RequestStore): JobError[] {
  return memoized(store, ERRORS, () => []);
}
const ERRORS = Symbol('after() errors');
