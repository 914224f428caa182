/**
 * What a piece of work looks like to the code that does it: a page render, an action, a route handler. The connection
 * (`connection.ts`) makes one `JobContext` per JOB frame and calls the runner of its kind; the runner answers through
 * `out` and returns what goes into the OUTCOME frame. Nothing here knows about frames or sockets.
 */
import type { RequestStore } from './request-store.ts';

/** The fields of a JOB frame; see `docs/design/contracts.md` §5. Names are those of the generated protocol. */
export type JobKind = 'page' | 'action' | 'handler' | 'proxy' | 'prerender' | 'metadata' | 'control';
export type JobVariant = 'html' | 'rsc' | 'prefetch';
export type JobParam = { name: string; values: string[]; kind: 'd' | 'c' | 'oc' };

export type Job = {
  kind: JobKind;
  method: string;
  scheme: 'http' | 'https';
  /** `host[:port]` as the client sees it. */
  authority: string;
  /** Canonical, percent-encoded, without `basePath`. */
  path: string;
  /** Raw, without `?`. */
  query: string;
  clientAddress: string;
  /** Index in `manifest.routes`; -1 for none (the not-found tree). */
  route: number;
  params: JobParam[];
  /** Action id, `''` for an action by form post, or the operation of a control job. */
  target: string;
  variant: JobVariant;
  /** 0: the answer is not stored. Otherwise write the payload of an HTML render with `out.payload` too. */
  permit: number;
  deadlineMs: number;
  requestId: string;
  trace: string;
  /** In order, names in lower case, repeats kept. */
  headers: [name: string, value: string][];
  hasBody: boolean;
  /** Whether some header may contain a text; `false` is certain, and cheaper to find out than by looking at the headers. */
  mayMention?(text: string): boolean;
};

/** The request's body. One of the methods may be called, once; the stream gives back-pressure to the client. */
export type IncomingBody = {
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
  /** A byte stream with `highWaterMark` 0. */
  stream(): ReadableStream<Uint8Array>;
};

/** The response. `head` exactly once and before anything else. */
export type ResponseSink = {
  /** `reason`: the status text where it is not the usual one. */
  head(status: number, headers: [name: string, value: string][], reason?: string): void;
  readonly headSent: boolean;
  /** The front cancelled: nothing is sent any more. */
  readonly cancelled: boolean;
  /** Resolves when more may be written (credit); returns `undefined` at once while there is credit left. Bytes are not copied: don't reuse the buffer. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** The Flight payload beside an HTML body, only with `permit ≠ 0`. */
  payload(bytes: Uint8Array): Promise<void> | undefined;
};

export type JobResult = 'ok' | 'redirect' | 'not_found' | 'thrown' | 'aborted' | 'timeout' | 'bad_response';

/** An error as the front's log has it. */
export type JobError = { digest: string; message: string; stack: string };

/** What `proxy.ts` decided, as data; `respond`: it answered by itself, through `out`. */
export type ProxyDecision = {
  action:
    | { type: 'next' }
    | { type: 'rewrite'; url: string }
    | { type: 'redirect'; url: string; status: number }
    | { type: 'respond' };
  /** All headers that the rest is to see instead of the client's. */
  requestHeaders?: [name: string, value: string][];
  /** Added to the response, whoever makes it. */
  responseHeaders: [name: string, value: string][];
};

/** What a runner returns; tags, revalidations and the dynamic reason are taken from the store. */
export type JobOutcome = {
  result: JobResult;
  error?: JobError;
  /** Of proxy jobs that threw nothing. */
  proxy?: ProxyDecision;
};

export type JobContext = {
  job: Job;
  /** Also what `AsyncLocalStorage` holds while the runner runs. */
  store: RequestStore;
  body: IncomingBody;
  out: ResponseSink;
  /** Aborted when the client has gone, the deadline passed, or the server drains. Made on first use. */
  readonly signal: AbortSignal;
  /** The same for the runtime's own code, which needs no signal: `stop` is called with the reason, at once if it has happened. */
  onCancel(stop: (reason: unknown) => void): void;
};

/** What is there at once is returned at once: every promise costs as much as the rest of a small handler. */
export type JobRunner = (context: JobContext) => Promise<JobOutcome> | JobOutcome;
