/**
 * Notes whether work asks for the time or for a random number, which are others for each visitor. The functions are replaced while the
 * work runs, which is within one turn of the event loop, and only the work's own calls count.
 */
import { webcrypto } from 'node:crypto';

type Restore = () => void;

/** Calls `noted` when code that `counts` does so; returns what ends it. */
export function watchImpure(counts: () => boolean, noted: () => void): Restore {
  const note = () => { if (counts()) noted(); };
  const RealDate = Date;
  const { now } = RealDate;
  const { random } = Math;
  const { randomUUID, getRandomValues } = webcrypto;
  const WatchedDate = new Proxy(RealDate, {
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) note();
      return Reflect.construct(target, args, newTarget) as Date;
    },
    apply(target, self, args) {
      note();
      return Reflect.apply(target, self, args) as string;
    },
  });
  globalThis.Date = WatchedDate;
  RealDate.now = () => {
    note();
    return now();
  };
  Math.random = () => {
    note();
    return random();
  };
  webcrypto.randomUUID = () => {
    note();
    return randomUUID.call(webcrypto);
  };
  webcrypto.getRandomValues = ((array: Parameters<typeof getRandomValues>[0]) => {
    note();
    return getRandomValues.call(webcrypto, array);
  }) as typeof getRandomValues;
  return () => {
    if (globalThis.Date === WatchedDate) globalThis.Date = RealDate;
    RealDate.now = now;
    Math.random = random;
    webcrypto.randomUUID = randomUUID;
    webcrypto.getRandomValues = getRandomValues;
  };
}
