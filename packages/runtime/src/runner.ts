/**
 * From a job to its end: makes the request's store, calls the runner of the job's kind inside it, and puts together what
 * the OUTCOME says. Knows neither frames nor sockets.
 */
import { app } from './app.ts';
import { flushRevalidations } from './cache/revalidate.ts';
import { DRAFT_COOKIE, isDraftCookie } from './draft-mode.ts';
import { describeError } from './errors.ts';
import type { FrontCalls } from './front-calls.ts';
import { requestCookieValues } from './headers.ts';
import type { IncomingBody, Job, JobContext, JobKind, JobOutcome, JobRunner, ResponseSink } from './job.ts';
import { createRequestStore, requestStorage, type Phase, type RequestStore } from './request-store.ts';

export type Runners = Record<JobKind, JobRunner>;

/** What the connection gives for one job. */
export type JobChannel = {
  body: IncomingBody;
  out: ResponseSink;
  /** Made on first use. */
  signal(): AbortSignal;
  front: FrontCalls;
  /** Why the front cancelled it, if it did. */
  cancelledBy(): 'deadline' | 'other' | undefined;
};

export type JobEnd = { store: RequestStore; outcome: JobOutcome };

const PHASES: Record<JobKind, Phase> = {
  page: 'render', prerender: 'prerender', action: 'action', handler: 'handler', metadata: 'render', proxy: 'proxy', control: 'handler',
};

/** Never rejects. */
export async function runJob(job: Job, channel: JobChannel, runners: Runners): Promise<JobEnd> {
  const store = createRequestStore(job, PHASES[job.kind], channel.front);
  const context = new Context(job, store, channel);
  const outcome = await requestStorage.run(store, () => runGuarded(context, runners[job.kind]));
  const cancelled = channel.cancelledBy();
  // An action that ran to its end has done what it did, whoever has gone.
  if (cancelled !== undefined && !(job.kind === 'action' && outcome.result === 'ok')) {
    outcome.result = cancelled === 'deadline' ? 'timeout' : 'aborted';
  }
  return { store, outcome };
}

async function runGuarded(context: JobContext, runner: JobRunner): Promise<JobOutcome> {
  const { store } = context;
  try {
    if (context.job.headers.some(([name, value]) => name === 'cookie' && value.includes(DRAFT_COOKIE))) {
      store.draft = isDraftCookie(requestCookieValues(store).get(DRAFT_COOKIE));
    }
    const outcome = await runner(context);
    // Whatever the runner left: nothing may be in force later than the job's end says.
    await flushRevalidations(store);
    return outcome;
  } catch (error) {
    // Runners end their own failures; this is one of theirs.
    app().report(error, context.job.kind === 'action' ? 'action' : context.job.kind === 'handler' ? 'handler' : 'render');
    return { result: 'thrown', error: describeError(error) };
  }
}

class Context implements JobContext {
  readonly job: Job;
  readonly store: RequestStore;
  readonly body: IncomingBody;
  readonly out: ResponseSink;
  readonly #signal: () => AbortSignal;

  constructor(job: Job, store: RequestStore, channel: JobChannel) {
    this.job = job;
    this.store = store;
    this.body = channel.body;
    this.out = channel.out;
    this.#signal = channel.signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }
}
