/** One job on the connection: from its JOB frame to OUTCOME, and to AFTER_DONE where work goes on behind the answer. */
import {
  encodeAfterDone, encodeRequestCredit, NO_ROUTE, type BodyStatus, type CancelReason, type Job as WireJob, type Outcome, type Revalidation as WireRevalidation,
} from '@ironside/protocol/generated.ts';
import { headerPairs, type HeaderBlock } from '@ironside/protocol/headers.ts';
import { afterErrors, hasAfterWork, runAfter } from '../after.ts';
import { tagProblem } from '../cache/tags.ts';
import { describeError } from '../errors.ts';
import type { FrontCalls } from '../front-calls.ts';
import { endJob } from '../job-end.ts';
import type { Job, JobOutcome } from '../job.ts';
import { requestStorage, type RequestStore, type Revalidation } from '../request-store.ts';
import { startJob, type JobChannel, type JobEnd, type Runners } from '../runner.ts';
import { JobEndedError, type CallQueue } from './call-queue.ts';
import type { FrameOutput } from './frame-output.ts';
import { frontClient } from './front-client.ts';
import { RequestBody } from './request-body.ts';
import { BARE, ResponseOutput } from './response-output.ts';

const MAX_TAGS = 128;
const MAX_REVALIDATIONS = 256;
const MAX_ERRORS = 16;

/** One object for everything that a job needs of the connection; what most jobs don't ask for is made when it is asked for. */
export class JobSession implements JobChannel {
  readonly id: number;
  readonly job: Job;
  readonly out: ResponseOutput;
  readonly #output: FrameOutput;
  readonly #calls: CallQueue;
  readonly #window: number;
  readonly #started = performance.now();
  readonly #closed: (session: JobSession) => void;
  #body: RequestBody | undefined;
  #front: FrontCalls | undefined;
  #controller: AbortController | undefined;
  #cancelled: CancelReason | undefined;
  #stops: ((reason: unknown) => void)[] | undefined;
  #brokenOff = false;
  #outcomeSent = false;
  #ended = false;

  /** `closed` is called once, when no frame may name the job any more. */
  constructor(id: number, wire: WireJob, window: number, output: FrameOutput, calls: CallQueue, closed: (session: JobSession) => void) {
    this.id = id;
    this.job = new FramedJob(wire);
    this.#window = window;
    this.#output = output;
    this.#calls = calls;
    this.#closed = closed;
    this.out = new ResponseOutput(output, id, wire.credit);
  }

  /** Whether frames may still name this job. */
  get live(): boolean {
    return !this.#ended;
  }

  get body(): RequestBody {
    return (this.#body ??= new RequestBody(this.job.hasBody, this.#window, (bytes) => {
      if (!this.#outcomeSent) encodeRequestCredit(this.#output.frames, { bytes }, this.id);
    }));
  }

  get front(): FrontCalls {
    return (this.#front ??= frontClient((call) => (this.#ended ? Promise.reject(new JobEndedError()) : this.#calls.ask(this.id, call))));
  }

  cancelledBy(): 'deadline' | 'other' | undefined {
    return this.#cancelled === undefined ? undefined : this.#cancelled === 'deadline' ? 'deadline' : 'other';
  }

  /** Does the job. `fatal` gets what must not happen: an end that cannot be told. */
  run(runners: Runners, fatal: (error: unknown) => void): void {
    startJob(this.job, this, runners, (end) => {
      try {
        const behind = this.#finish(end);
        behind?.catch(fatal);
      } catch (error) {
        fatal(error);
      }
    });
  }

  #finish(end: JobEnd): Promise<void> | undefined {
    const { store } = end;
    this.#body?.fail(jobEnded);
    if (this.#outcomeSent) return this.#endAfterWork(store, 0);
    if (!store.untouched && hasAfterWork(store)) {
      this.#sendOutcome(this.#outcomeOf(end, true));
      return this.#endAfterWork(store, store.revalidated.length);
    }
    this.#sendOutcome(this.#outcomeOf(end, false));
    this.#close(store);
    return undefined;
  }

  /**
   * The answer is not wanted any more. Its end is told at once, for the slot must not depend on whether user code listens to
   * its signal; what that code still does counts as work behind the answer.
   */
  cancel(reason: CancelReason): void {
    if (this.#cancelled !== undefined || this.#outcomeSent) return;
    this.#cancelled = reason;
    this.#breakOff(abortError(reason), reason === 'deadline' ? 'timeout' : 'aborted', undefined);
  }

  /** Code of this job threw where nobody could catch it. Nobody can know what it has left undone, so the answer ends here. */
  crash(error: unknown): void {
    if (this.#cancelled !== undefined || this.#outcomeSent) return;
    this.#breakOff(error, 'thrown', describeError(error));
  }

  #breakOff(reason: unknown, result: Outcome['result'], error: Outcome['error']): void {
    this.out.cancel();
    this.#controller?.abort(reason);
    this.#body?.fail(() => reason);
    if (this.#stops) for (const stop of this.#stops) stop(reason);
    this.#sendOutcome({ ...BARE, result, error, wallUs: this.#wall(), after: true });
  }

  /**
   * The body has come, or as much of it as will. A client that broke off is gone: code that waits for something else has to
   * hear of it. Code that reads the body is told there as well, and may still have an answer for it.
   */
  bodyEnded(status: BodyStatus): void {
    this.body.finish(status);
    if (status !== 'truncated') return;
    if (!this.body.used) return this.cancel('client_gone');
    this.#brokenOff = true;
    this.#controller?.abort(abortError('client_gone'));
  }

  signal(): AbortSignal {
    this.#controller ??= new AbortController();
    const why = this.#cancelled ?? (this.#brokenOff ? 'client_gone' : undefined);
    if (why !== undefined && !this.#controller.signal.aborted) this.#controller.abort(abortError(why));
    return this.#controller.signal;
  }

  onCancel(stop: (reason: unknown) => void): void {
    if (this.#cancelled === undefined) (this.#stops ??= []).push(stop);
    else stop(abortError(this.#cancelled));
  }

  #outcomeOf({ store, outcome }: JobEnd, after: boolean): Outcome {
    const tags = store.untouched ? NONE : [...store.tags].filter((tag) => tagProblem(tag) === undefined);
    return {
      result: outcome.result,
      error: outcome.error,
      // Without one of them a stored answer could not be invalidated any more.
      dynamic: store.dynamic ?? (tags.length > MAX_TAGS ? 'cacheLife' : undefined),
      tags: tags.slice(0, MAX_TAGS),
      revalidate: seconds(store.revalidate), expire: seconds(store.expire), stale: seconds(store.stale),
      revalidations: store.untouched ? NONE : forLog(store.revalidated),
      proxy: proxyOf(outcome),
      // Work of many jobs is interleaved on one thread; nothing tells one job's share.
      cpuUs: 0,
      wallUs: this.#wall(),
      after,
    };
  }

  #sendOutcome(outcome: Outcome): void {
    this.#outcomeSent = true;
    this.out.finish(outcome);
  }

  async #endAfterWork(store: RequestStore, alreadyTold: number): Promise<void> {
    // Behind the answer, but still inside the request: what runs may ask who it works for.
    await requestStorage.run(store, () => runAfter(store)).catch(() => undefined);
    encodeAfterDone(this.#output.frames, { revalidations: forLog(store.revalidated.slice(alreadyTold)), errors: afterErrors(store).slice(0, MAX_ERRORS) }, this.id);
    this.#close(store);
  }

  #close(store: RequestStore): void {
    this.#ended = true;
    this.#calls.end(this.id);
    this.#closed(this);
    if (!store.untouched) void endJob(store);
  }

  #wall(): number {
    return Math.min(0xffff_ffff, Math.round((performance.now() - this.#started) * 1000));
  }
}

const jobEnded = () => new JobEndedError();

/** What `request.signal.reason` is. */
function abortError(reason: CancelReason): DOMException {
  switch (reason) {
    case 'deadline': return new DOMException('The request took longer than its maxDuration.', 'TimeoutError');
    case 'drain': return new DOMException('The server is stopping.', 'AbortError');
    default: return new DOMException('The client has gone.', 'AbortError');
  }
}

const NONE: never[] = [];

/** A JOB frame as runners see it. Headers become strings when somebody looks at them. */
class FramedJob implements Job {
  readonly kind: Job['kind'];
  readonly method: string;
  readonly scheme: Job['scheme'];
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly clientAddress: string;
  readonly route: number;
  readonly params: Job['params'];
  readonly target: string;
  readonly variant: Job['variant'];
  readonly permit: number;
  readonly deadlineMs: number;
  readonly requestId: string;
  readonly trace: string;
  readonly hasBody: boolean;
  readonly #block: HeaderBlock;
  #headers: Job['headers'] | undefined;

  constructor(wire: WireJob) {
    this.kind = wire.kind;
    this.method = wire.method;
    this.scheme = wire.scheme;
    this.authority = wire.authority;
    this.path = wire.path;
    this.query = wire.query;
    this.clientAddress = wire.clientAddress;
    this.route = wire.route === NO_ROUTE ? -1 : wire.route;
    this.params = wire.params.length === 0 ? NONE : wire.params.map(({ name, values, kind }) => ({ name, values: [...values], kind }));
    this.target = wire.target;
    this.variant = wire.variant;
    this.permit = wire.permit;
    this.deadlineMs = wire.deadlineMs;
    this.requestId = wire.requestId;
    this.trace = wire.trace;
    this.hasBody = wire.hasBody;
    this.#block = wire.headers;
  }

  get headers(): Job['headers'] {
    return (this.#headers ??= headerPairs(this.#block));
  }

  mayMention(text: string): boolean {
    return this.#block.text.includes(text);
  }
}

function seconds(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) || value < 0 ? undefined : Math.min(Math.floor(value), 0xffff_ffff);
}

function forLog(list: readonly Revalidation[]): WireRevalidation[] {
  return list.slice(0, MAX_REVALIDATIONS).map(({ kind, value, scope, mode, expireSeconds }) => ({ kind, value, scope, mode, expireSeconds: seconds(expireSeconds) }));
}

function proxyOf({ proxy }: JobOutcome): Outcome['proxy'] {
  return proxy && { action: proxy.action, requestHeaders: proxy.requestHeaders, responseHeaders: proxy.responseHeaders };
}
