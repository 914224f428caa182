/**
 * Calls to the front: CALL frames and the REPLY to each. The front refuses more than 64 calls of one job and 1,024 of one
 * worker at a time, so the ones beyond wait here.
 */
import { encodeCallFrame, type Call, type Reply } from '@ironside/protocol/generated.ts';
import type { FrameOutput } from './frame-output.ts';

const PER_JOB = 60;
const PER_WORKER = 960;

type Asked = { job: number; call: Call; resolve: (reply: Reply) => void; reject: (error: unknown) => void };

/** The job has ended, so the front does not know it any more. */
export class JobEndedError extends Error {
  constructor() {
    super('The request has ended, so nothing can be asked for it any more. Await all work before the answer is complete, or do it in `after()`.');
  }
}

export class CallQueue {
  readonly #output: FrameOutput;
  readonly #open = new Map<number, Asked>();
  readonly #openOf = new Map<number, number>();
  #waiting: Asked[] = [];
  #last = 0;

  constructor(output: FrameOutput) {
    this.#output = output;
  }

  ask(job: number, call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const asked: Asked = { job, call, resolve, reject };
      if (this.#mayStart(job)) this.#start(asked);
      else this.#waiting.push(asked);
    });
  }

  /** `false` for a reply that nobody waits for: the job's end has passed it on the way. */
  reply(seq: number, reply: Reply): boolean {
    const asked = this.#open.get(seq);
    if (!asked) return false;
    this.#close(seq, asked);
    asked.resolve(reply);
    this.#startWaiting();
    return true;
  }

  /** No reply comes for this job any more. */
  end(job: number): void {
    if (!this.#openOf.has(job) && this.#waiting.length === 0) return;
    for (const [seq, asked] of this.#open) {
      if (asked.job !== job) continue;
      this.#close(seq, asked);
      asked.reject(new JobEndedError());
    }
    const gone = this.#waiting.filter((asked) => asked.job === job);
    this.#waiting = this.#waiting.filter((asked) => asked.job !== job);
    for (const asked of gone) asked.reject(new JobEndedError());
    this.#startWaiting();
  }

  #mayStart(job: number): boolean {
    return this.#open.size < PER_WORKER && (this.#openOf.get(job) ?? 0) < PER_JOB;
  }

  #start(asked: Asked): void {
    const seq = this.#nextNumber();
    try {
      encodeCallFrame(this.#output.frames, { call: asked.call }, asked.job, seq);
    } catch (error) {
      asked.reject(error);
      return;
    }
    this.#open.set(seq, asked);
    this.#openOf.set(asked.job, (this.#openOf.get(asked.job) ?? 0) + 1);
  }

  #close(seq: number, asked: Asked): void {
    this.#open.delete(seq);
    const left = (this.#openOf.get(asked.job) ?? 1) - 1;
    if (left === 0) this.#openOf.delete(asked.job);
    else this.#openOf.set(asked.job, left);
  }

  #startWaiting(): void {
    if (this.#waiting.length === 0) return;
    const still: Asked[] = [];
    for (const asked of this.#waiting) {
      if (this.#mayStart(asked.job)) this.#start(asked);
      else still.push(asked);
    }
    this.#waiting = still;
  }

  /** 1 to 65535, skipping those that are open. */
  #nextNumber(): number {
    do this.#last = this.#last === 0xffff ? 1 : this.#last + 1;
    while (this.#open.has(this.#last));
    return this.#last;
  }
}
