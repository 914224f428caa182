/**
 * With `cacheComponents` nothing is declared static or dynamic. An answer is everybody's if it waits for nothing but caches (Next
 * behaviour 5.26, 4.32): so before it is made, it is tried out. A first try fills the caches; in the second they answer at once, and
 * then everything has to be there in one turn of the event loop, in which no socket, file or timer can have been heard of. What is
 * waited for otherwise belongs to one visitor, and so does what asks for the time or for a random number.
 */
import { createRequestStore, requestStorage, type DynamicReason, type RequestStore } from '../request-store.ts';
import { watchImpure } from './impure.ts';
import { Warmth } from './warmth.ts';

/**
 * Milliseconds for what is waited for once in the life of a process, such as a module that is imported when it is needed. A build has
 * more time than a visitor, and everything for the first time.
 */
const graceOf = (): number => (process.env['NEXT_PHASE'] === 'phase-production-build' ? 200 : 50);

/**
 * Why the work can't be done beforehand, if it can't. `work` gets a store of its own for each try; it is the answer's work without
 * sending anything, and what it fails with is left for the answer itself. Afterwards the answer's store knows what the caches gave.
 */
export async function triedOut(store: RequestStore, work: (store: RequestStore) => Promise<unknown>): Promise<DynamicReason | undefined> {
  const warmth = new Warmth();
  const first = begin(store, warmth, work);
  await Promise.race([first.ended, quiet(warmth)]);
  if (first.store.dynamic) return first.store.dynamic;
  const second = await inOneTurn(() => begin(store, warmth, work), warmth);
  store.warmth = warmth;
  return second.store.dynamic ?? (second.done ? undefined : 'io');
}

type Try = { store: RequestStore; ended: Promise<void>; done: boolean };

function begin({ job, phase, channel }: RequestStore, warmth: Warmth, work: (store: RequestStore) => Promise<unknown>): Try {
  const store = createRequestStore(job, phase, channel);
  store.warmth = warmth;
  const result: Try = { store, ended: Promise.resolve(), done: false };
  result.ended = new Promise((resolve) => {
    const end = () => {
      result.done = true;
      resolve();
    };
    // Whoever asks for the request never gets an answer; that he asked is enough.
    store.endShared = resolve;
    requestStorage.run(store, work, store).then(end, end);
  });
  return result;
}

/** Resolves when nobody waits for a cache any more, and nothing has come of it for a while. */
async function quiet(warmth: Warmth): Promise<void> {
  const pause = graceOf() / 2;
  for (let calm = 0; calm < 2; ) {
    await new Promise((resolve) => { setTimeout(resolve, pause); });
    calm = warmth.busy ? 0 : calm + 1;
  }
}

/** Both callbacks are of one phase of the event loop: between them there are only microtasks. */
function inOneTurn(start: () => Try, warmth: Warmth): Promise<Try> {
  return new Promise((resolve) => {
    let running: Try | undefined;
    let impure = false;
    let restore = (): void => undefined;
    setImmediate(() => {
      // What runs inside of a cached function may be as impure as it likes.
      const counts = () => requestStorage.getStore()?.warmth === warmth && requestStorage.getStore()?.phase !== 'cache';
      restore = watchImpure(counts, () => { impure = true; });
      running = start();
    });
    setImmediate(() => {
      restore();
      if (!running) return;
      // What is waited for may do so by itself.
      if (impure && running.done) running.store.dynamic ??= 'random';
      resolve(running);
    });
  });
}

/** Ends work that was not done, because it belongs to one visitor. */
export function endDynamic(store: RequestStore, reason: DynamicReason): void {
  store.dynamic ??= reason;
  store.endShared?.();
}
