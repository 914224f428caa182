/**
 * Work whose answer may be stored ends as soon as it asks for something of a request: the front then knows why the answer is
 * not for everybody, and code that reads the database for a visitor who isn't there does not run.
 */
import type { JobContext, JobOutcome } from './job.ts';

/** Does the work; with a permit until it turns out to be dynamic. */
export function untilDynamic(context: JobContext, work: () => Promise<JobOutcome> | JobOutcome): Promise<JobOutcome> | JobOutcome {
  return context.job.permit === 0 ? work() : shared(context, work);
}

/** The same for work that listens to a signal, which tells that as well. */
export function untilDynamicOrGone(context: JobContext, work: (signal: AbortSignal) => Promise<JobOutcome>): Promise<JobOutcome> {
  if (context.job.permit === 0) return work(context.signal);
  const ended = new AbortController();
  // Not inside of the render that asked: React is in the middle of it.
  return shared(context, () => work(AbortSignal.any([context.signal, ended.signal])), () => queueMicrotask(() => ended.abort()));
}

function shared({ store }: JobContext, work: () => Promise<JobOutcome> | JobOutcome, whenEnded?: () => void): Promise<JobOutcome> {
  return new Promise((resolve, reject) => {
    store.endShared = () => {
      if (store.sharedEnded) return;
      store.sharedEnded = true;
      resolve({ result: 'ok' });
      whenEnded?.();
    };
    void Promise.resolve(work()).then(resolve, reject);
  });
}
