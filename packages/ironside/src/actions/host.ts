/**
 * What actions need of the server that they run in. Ironside's worker sets its own at start, where limits and keys are kept by the server
 * for all workers; without it (under Next) the ones of `memory-host.ts` are used, which know one process only.
 */
import { memoryHost } from './memory-host.ts';
import type { ActionResult } from './result.ts';

export type Quota = { limit: number; periodMs: number };
export type Rate = { allowed: boolean; waitMs: number };

/** What is said to the client beside the result. */
export type Answer = { status?: number | undefined; headers: [name: string, value: string][] };

/** How a run ended, as far as it can be repeated for another caller. */
export type Ending =
  | { kind: 'result'; result: ActionResult }
  /** `redirect()`: the digest of what was thrown. */
  | { kind: 'redirect'; digest: string };

export type Begun =
  | { state: 'run'; ticket: number }
  /** `undefined`: it was done, and its answer could not be kept. */
  | { state: 'replay'; ending: Ending | undefined }
  | { state: 'mismatch' }
  | { state: 'busy' };

export type Submission = {
  /** 32 bytes. */
  key: Uint8Array;
  /** The client's address is a part of the key. */
  byClient: boolean;
  /** 32 bytes. */
  fingerprint: Uint8Array;
  keepSeconds: number;
};

const answers = new WeakMap<object, Answer>();

/** Notes the status of a result. It counts if the result is what the client gets in the end: actions may call each other. */
export function noteAnswer(result: object, answer: Answer): void {
  answers.set(result, answer);
}

/** What was noted about a value that an action returned. */
export function answerOf(value: unknown): Answer | undefined {
  return typeof value === 'object' && value !== null ? answers.get(value) : undefined;
}

export type Host = {
  /** Counts one more call under `key` (32 bytes). */
  rate(key: Uint8Array, byClient: boolean, quota: Quota): Promise<Rate>;
  begin(submission: Submission): Promise<Begun>;
  /** `undefined`: the next submission runs. Otherwise what later ones get, together with the cookies that this one has set. */
  end(ticket: number, ending: Ending | undefined): Promise<void>;
  /** Cookies of the request, by name. */
  cookies(): Promise<ReadonlyMap<string, string>>;
  /** Adds to the answer of the running action. */
  answer(answer: Answer): void;
  /** Runs a Route Handler and says what `answer` was told meanwhile. */
  collect<T>(run: () => Promise<T>): Promise<{ value: T; answer: Answer }>;
  /** Aborted when the client has gone or the time is over. */
  signal(): AbortSignal;
};

let current: Host | undefined;

/** Called once, by Ironside's worker. */
export function setHost(host: Host): void {
  current = host;
}

export function host(): Host {
  return (current ??= memoryHost());
}
