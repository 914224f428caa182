/**
 * Work whose answer may be stored ends as soon as it asks for something of a request: the front then knows why the answer is
 * not for everybody, and code that reads the database for a visitor who isn't there does not run.
 */
import type { JobContext, JobOutcome } from './job.ts';

/** Does the work; with a permit until it turns out to be dynamic. */
export function untilDynamic(context: JobContext, work: () => Promise<JobOutcome> | JobOutcome): Promise<JobOutcome> | JobOutcome {
  return context.job.permit === 0 ? work() : shared(context, work);
}

/** Has `stop` called when nobody wants the answer any more, at once if that is so already. It may be called again. */
export type OnGone = (stop: () => void) => void;

/** The same for work that wants to hear when nobody wants it, of which that is another case. */
export function untilDynamicOrGone(context: JobContext, work: (onGone: OnGone) => Promise<JobOutcome>): Promise<JobOutcome> {
  const onCancel: OnGone = (stop) => context.onCancel(stop);
  if (context.job.permit === 0) return work(onCancel);
  const stops: (() => void)[] = [];
  let ended = false;
  const onGone: OnGone = (stop) => {
    if (ended) return stop();
    stops.push(stop);
    onCancel(stop);
  };
  const end = () => {
    ended = true;
    for (const stop of stops) stop();
  };
  // Not inside of the render that asked: React is in the middle of it.
  return shared(context, () => work(onGone), () => queueMicrotask(end));
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
