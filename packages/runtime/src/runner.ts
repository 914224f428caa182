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
  /** Made on first use. */
  readonly body: IncomingBody;
  readonly out: ResponseSink;
  /** Made on first use. */
  signal(): AbortSignal;
  /** See `JobContext`. */
  onCancel(stop: (reason: unknown) => void): void;
  /** Made on first use. */
  readonly front: FrontCalls;
  /** Why the front cancelled it, if it did. */
  cancelledBy(): 'deadline' | 'other' | undefined;
};

export type JobEnd = { store: RequestStore; outcome: JobOutcome };

const PHASES: Record<JobKind, Phase> = {
  page: 'render', prerender: 'prerender', action: 'action', handler: 'handler', metadata: 'render', proxy: 'proxy', control: 'handler',
};

/**
 * Runs a job. `done` is called exactly once, at once where nothing had to be waited for: a promise for every layer between
 * the connection and the code would cost more than all of them do.
 */
export function startJob(job: Job, channel: JobChannel, runners: Runners, done: (end: JobEnd) => void): void {
  const store = createRequestStore(job, PHASES[job.kind], channel);
  requestStorage.run(store, runGuarded, new Context(job, store, channel), runners[job.kind], done);
}

/** The same as a promise, which never rejects. */
export function runJob(job: Job, channel: JobChannel, runners: Runners): Promise<JobEnd> {
  return new Promise((resolve) => startJob(job, channel, runners, resolve));
}

function runGuarded(context: Context, runner: JobRunner, done: (end: JobEnd) => void): void {
  const end = (outcome: JobOutcome) => done(context.end(outcome));
  // Runners end their own failures; this is one of theirs.
  const broken = (error: unknown) => end(brokenOutcome(context, error));
  // Whatever the runner left: nothing may be in force later than the job's end says.
  const flushed = (outcome: JobOutcome) => {
    const { store } = context;
    if (store.untouched || store.revalidations.length === 0) end(outcome);
    else flushRevalidations(store).then(() => end(outcome), broken);
  };
  let outcome: Promise<JobOutcome> | JobOutcome;
  try {
    enterDraft(context);
    outcome = runner(context);
  } catch (error) {
    return broken(error);
  }
  if (outcome instanceof Promise) outcome.then(flushed, broken);
  else flushed(outcome);
}

function enterDraft({ job, store }: JobContext): void {
  if (job.mayMention?.(DRAFT_COOKIE) === false) return;
  if (!job.headers.some(([name, value]) => name === 'cookie' && value.includes(DRAFT_COOKIE))) return;
  store.draft = isDraftCookie(requestCookieValues(store).get(DRAFT_COOKIE));
}

function brokenOutcome(context: JobContext, error: unknown): JobOutcome {
  app().report(error, context.job.kind === 'action' ? 'action' : context.job.kind === 'handler' ? 'handler' : 'render');
  return { result: 'thrown', error: describeError(error) };
}

class Context implements JobContext {
  readonly job: Job;
  readonly store: RequestStore;
  readonly #channel: JobChannel;

  constructor(job: Job, store: RequestStore, channel: JobChannel) {
    this.job = job;
    this.store = store;
    this.#channel = channel;
  }

  get body(): IncomingBody { return this.#channel.body; }
  get out(): ResponseSink { return this.#channel.out; }
  get signal(): AbortSignal { return this.#channel.signal(); }
  onCancel(stop: (reason: unknown) => void): void { this.#channel.onCancel(stop); }

  end(outcome: JobOutcome): JobEnd {
    const cancelled = this.#channel.cancelledBy();
    // An action that ran to its end has done what it did, whoever has gone.
    if (cancelled !== undefined && !(this.job.kind === 'action' && outcome.result === 'ok')) {
      outcome = { ...outcome, result: cancelled === 'deadline' ? 'timeout' : 'aborted' };
    }
    return { store: this.store, outcome };
  }
}
