/**
 * The answer of one job: HEAD, then CHUNKs within the credit that the front granted. The head waits until the turn ends, so
 * that a small complete answer is one frame, and an answer that fails at once can still be another one.
 */
import { encodeHead, encodeOutcome, MAX_CHUNK, type Channel, type Outcome } from '@ironside/protocol/generated.ts';
import type { ResponseSink } from '../job.ts';
import type { FrameOutput, Held } from './frame-output.ts';

type Waiting = { channel: Channel; bytes: Uint8Array; done: () => void };
type PendingHead = { status: number; reason: string; headers: [name: string, value: string][]; outcome: Outcome | undefined; body: Uint8Array };

const NOTHING = new Uint8Array(0);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** The front refuses more. */
const MAX_REASON = 256;
const MAX_HEADERS = 256;
const MAX_HEADER_BYTES = 64 * 1024;

export class ResponseOutput implements ResponseSink, Held {
  readonly #output: FrameOutput;
  readonly #job: number;
  #credit: number;
  #pending: PendingHead | undefined;
  #waiting: Waiting[] = [];
  #state: 'before head' | 'open' | 'ended' = 'before head';
  cancelled = false;

  constructor(output: FrameOutput, job: number, credit: number) {
    this.#output = output;
    this.#job = job;
    this.#credit = credit;
  }

  get headSent(): boolean {
    return this.#state !== 'before head';
  }

  head(status: number, headers: [name: string, value: string][], reason = ''): void {
    if (this.#state === 'ended' || this.cancelled) return;
    if (this.#state !== 'before head') throw new Error('The head of this answer has been sent already.');
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError(`${status} is no status of a response; it has to be from 200 to 599.`);
    checkHeaders(headers);
    const text = reason === '' ? '' : checkedReason(reason);
    this.#state = 'open';
    this.#pending = { status, reason: text, headers, outcome: undefined, body: NOTHING };
    this.#output.hold(this);
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#send('body', bytes);
  }

  payload(bytes: Uint8Array): Promise<void> | undefined {
    return this.#send('payload', bytes);
  }

  /** More bytes may be sent. */
  grant(bytes: number): void {
    this.#credit += bytes;
    while (this.#credit > 0) {
      const next = this.#waiting[0];
      if (!next) return;
      next.bytes = this.#sendWithinCredit(next.channel, next.bytes);
      if (next.bytes.length > 0) return;
      this.#waiting.shift();
      next.done();
    }
  }

  /** Nothing is sent any more; whoever waits goes on and finds out by its signal. */
  cancel(): void {
    this.cancelled = true;
    for (const waiting of this.#waiting.splice(0)) waiting.done();
  }

  /** Sends the end. An answer that failed before anything of it went out is given up: the front makes another. */
  finish(outcome: Outcome): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#state = 'ended';
    if (this.#waiting.length > 0) for (const waiting of this.#waiting.splice(0)) waiting.done();
    const failed = outcome.result === 'thrown' || outcome.result === 'bad_response';
    const send = (end: Outcome) => {
      if (pending && !failed && !this.cancelled) {
        pending.outcome = end;
        encodeHead(this.#output.frames, pending, this.#job);
      } else {
        encodeOutcome(this.#output.frames, end, this.#job);
      }
    };
    try {
      send(outcome);
    } catch (error) {
      // A job must end, whatever somebody put into what it says: without that, and as a failure.
      const message = `What this job says of its end cannot be sent: ${error instanceof Error ? error.message : String(error)}`;
      encodeOutcome(this.#output.frames, { ...BARE, wallUs: outcome.wallUs, after: outcome.after, error: { digest: '', message, stack: '' } }, this.#job);
    }
  }

  /** The turn ends, or more comes: the head goes out as it is. */
  settle(): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    if (this.cancelled) return;
    encodeHead(this.#output.frames, pending, this.#job);
  }

  #send(channel: Channel, bytes: Uint8Array): Promise<void> | undefined {
    if (this.cancelled || this.#state === 'ended' || bytes.length === 0) return undefined;
    if (this.#state === 'before head') throw new Error('The head of an answer comes before its body.');
    const pending = this.#pending;
    if (pending && channel === 'body' && pending.body === NOTHING && bytes.length <= MAX_CHUNK && bytes.length <= this.#credit) {
      pending.body = bytes;
      this.#credit -= bytes.length;
      return undefined;
    }
    this.settle();
    const rest = this.#waiting.length > 0 ? bytes : this.#sendWithinCredit(channel, bytes);
    if (rest.length === 0) return undefined;
    return new Promise((done) => { this.#waiting.push({ channel, bytes: rest, done }); });
  }

  /** Returns what the credit was not enough for. */
  #sendWithinCredit(channel: Channel, bytes: Uint8Array): Uint8Array {
    let at = 0;
    while (at < bytes.length && this.#credit > 0) {
      const size = Math.min(bytes.length - at, MAX_CHUNK, this.#credit);
      this.#output.chunk(this.#job, channel, size === bytes.length ? bytes : bytes.subarray(at, at + size));
      this.#credit -= size;
      at += size;
    }
    return at === 0 ? bytes : bytes.subarray(at);
  }
}

/** An end that says nothing but that it failed. */
export const BARE: Outcome = {
  result: 'thrown', error: undefined, dynamic: undefined, tags: [], revalidate: undefined, expire: undefined, stale: undefined,
  revalidations: [], proxy: undefined, cpuUs: 0, wallUs: 0, after: false,
};

/** Names that have been looked at; there are not many in an application. */
const KNOWN_NAMES = new Set<string>();
const MAX_KNOWN = 512;

/** What cannot be a header is refused here, where the stack still shows who set it; the front checks again. */
function checkHeaders(headers: [name: string, value: string][]): void {
  let size = 0;
  for (const header of headers) {
    if (!KNOWN_NAMES.has(header[0])) header[0] = checkedName(header[0]);
    const [name, value] = header;
    const bad = BAD_VALUE.test(value) ? BAD_VALUE.exec(value) : null;
    if (bad) throw new TypeError(`The header ${name} cannot have the value ${JSON.stringify(value)}: HTTP does not allow ${JSON.stringify(bad[0])} in it. Encode it, in URLs with encodeURI().`);
    size += name.length + value.length;
  }
  if (headers.length > MAX_HEADERS || size > MAX_HEADER_BYTES) {
    throw new RangeError(`The answer has ${headers.length} headers with ${size} characters; ${MAX_HEADERS} headers with ${MAX_HEADER_BYTES} characters are the most.`);
  }
}

function checkedName(given: string): string {
  const name = given.toLowerCase();
  if (!TOKEN.test(name)) throw new TypeError(`${JSON.stringify(name)} cannot be the name of a header.`);
  if (KNOWN_NAMES.size < MAX_KNOWN) KNOWN_NAMES.add(name);
  return name;
}

function checkedReason(text: string): string {
  const bad = BAD_VALUE.exec(text);
  if (bad) throw new TypeError(`${JSON.stringify(text)} cannot be a status text: HTTP does not allow ${JSON.stringify(bad[0])} in it.`);
  if (Buffer.byteLength(text) > MAX_REASON) throw new RangeError(`The status text has ${text.length} characters; ${MAX_REASON} bytes are the most.`);
  return text;
}
