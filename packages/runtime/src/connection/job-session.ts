/** One job on the connection: from its JOB frame to OUTCOME, and to AFTER_DONE where work goes on behind the answer. */
import {
  encodeAfterDone, encodeRequestCredit, NO_ROUTE, type CancelReason, type Job as WireJob, type Outcome, type Revalidation as WireRevalidation,
} from '@ironside/protocol/generated.ts';
import { headerPairs } from '@ironside/protocol/headers.ts';
import { afterErrors, hasAfterWork, runAfter } from '../after.ts';
import { tagProblem } from '../cache/tags.ts';
import type { Job, JobOutcome } from '../job.ts';
import { requestStorage, type RequestStore, type Revalidation } from '../request-store.ts';
import { runJob, type JobEnd, type Runners } from '../runner.ts';
import { JobEndedError, type CallQueue } from './call-queue.ts';
import type { FrameOutput } from './frame-output.ts';
import { frontClient } from './front-client.ts';
import { RequestBody } from './request-body.ts';
import { ResponseOutput } from './response-output.ts';

const MAX_TAGS = 128;
const MAX_REVALIDATIONS = 256;
const MAX_ERRORS = 16;

export class JobSession {
  readonly id: number;
  readonly job: Job;
  readonly body: RequestBody;
  readonly out: ResponseOutput;
  readonly #output: FrameOutput;
  readonly #calls: CallQueue;
  readonly #started = performance.now();
  #controller: AbortController | undefined;
  #cancelled: CancelReason | undefined;
  #outcomeSent = false;
  #ended = false;

  constructor(id: number, wire: WireJob, window: number, output: FrameOutput, calls: CallQueue) {
    this.id = id;
    this.job = jobOf(wire);
    this.#output = output;
    this.#calls = calls;
    this.body = new RequestBody(wire.hasBody, window, (bytes) => {
      if (!this.#outcomeSent) encodeRequestCredit(output.frames, { bytes }, id);
    });
    this.out = new ResponseOutput(output, id, wire.credit);
  }

  /** Whether frames may still name this job. */
  get live(): boolean {
    return !this.#ended;
  }

  /** Resolves when the job has wholly ended. Never rejects. */
  async run(runners: Runners): Promise<void> {
    const end = await runJob(this.job, {
      body: this.body,
      out: this.out,
      signal: () => this.#signal(),
      front: frontClient((call) => (this.#ended ? Promise.reject(new JobEndedError()) : this.#calls.ask(this.id, call))),
      cancelledBy: () => (this.#cancelled === undefined ? undefined : this.#cancelled === 'deadline' ? 'deadline' : 'other'),
    }, runners);
    this.body.fail(jobEnded);
    if (this.#outcomeSent) await this.#endAfterWork(end.store, 0);
    else if (hasAfterWork(end.store)) {
      this.#sendOutcome(this.#outcomeOf(end, true));
      await this.#endAfterWork(end.store, end.store.revalidated.length);
    } else {
      this.#sendOutcome(this.#outcomeOf(end, false));
      this.#close();
    }
  }

  /**
   * The answer is not wanted any more. Its end is told at once, for the slot must not depend on whether user code listens to
   * its signal; what that code still does counts as work behind the answer.
   */
  cancel(reason: CancelReason): void {
    if (this.#cancelled !== undefined || this.#outcomeSent) return;
    this.#cancelled = reason;
    this.out.cancel();
    const error = abortError(reason);
    this.#controller?.abort(error);
    this.body.fail(() => error);
    this.#sendOutcome({
      result: reason === 'deadline' ? 'timeout' : 'aborted', error: undefined, dynamic: undefined, tags: [], revalidate: undefined,
      expire: undefined, stale: undefined, revalidations: [], proxy: undefined, cpuUs: 0, wallUs: this.#wall(), after: true,
    });
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#cancelled !== undefined && !this.#controller.signal.aborted) this.#controller.abort(abortError(this.#cancelled));
    return this.#controller.signal;
  }

  #outcomeOf({ store, outcome }: JobEnd, after: boolean): Outcome {
    return {
      result: outcome.result,
      error: outcome.error,
      dynamic: store.dynamic,
      tags: [...store.tags].filter((tag) => tagProblem(tag) === undefined).slice(0, MAX_TAGS),
      revalidate: seconds(store.revalidate), expire: seconds(store.expire), stale: seconds(store.stale),
      revalidations: forLog(store.revalidated),
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
    this.#close();
  }

  #close(): void {
    this.#ended = true;
    this.#calls.end(this.id);
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

function jobOf(wire: WireJob): Job {
  return {
    kind: wire.kind, method: wire.method, scheme: wire.scheme, authority: wire.authority, path: wire.path, query: wire.query,
    clientAddress: wire.clientAddress, route: wire.route === NO_ROUTE ? -1 : wire.route,
    params: wire.params.map(({ name, values, kind }) => ({ name, values: [...values], kind })),
    target: wire.target, variant: wire.variant, permit: wire.permit, deadlineMs: wire.deadlineMs, requestId: wire.requestId, trace: wire.trace,
    headers: headerPairs(wire.headers), hasBody: wire.hasBody,
  };
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
