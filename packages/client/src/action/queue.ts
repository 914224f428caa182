/** Server Actions run one after the other, in the order of their calls (Next behaviour 1.100), also across navigations. */

export type Queue = <T>(run: () => Promise<T>) => Promise<T>;

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    // One that failed does not keep the next from running.
    last = result.catch(() => undefined);
    return result;
  };
}
