/**
 * The request that handlers and the proxy get: a `NextRequest` that makes each of its parts when it is first asked for. A
 * native `Request` costs more than all the rest of a small handler, so one is made only where code needs one: for
 * `body`, `clone()`, `new Request(request)`, `fetch(request)`. What is read here is noted as dynamic (Next behaviour 4.31).
 */
import { readsRequest } from '../dynamic.ts';
import { headersFrom, requestHeaderPairs, type HeaderPair } from '../headers.ts';
import type { JobContext } from '../job.ts';
import { readForm } from '../form/read-form.ts';
import type { DynamicReason } from '../request-store.ts';
import { RequestCookies } from './cookie-jars.ts';
import { NATIVE, NativeRequest } from './native.ts';
import { NextRequest } from './next-request.ts';
import { NextURL, type NextUrlOptions } from './next-url.ts';

const USED = 'Body is unusable: Body has already been read';

const STATE = Symbol('incoming request');

type State = {
  context: JobContext;
  options: IncomingOptions;
  /** A static route's handler sees no query, headers or cookies (Next behaviour 4.29). */
  blind: boolean;
  query: string;
  url: string | undefined;
  headers: Headers | undefined;
  nextUrl: NextURL | undefined;
  cookies: RequestCookies | undefined;
  native: Request | undefined;
  used: boolean;
};

export type IncomingOptions = {
  basePath?: string;
  trailingSlash?: boolean;
  /** Other headers than the request's own (the proxy sees fewer). */
  headers?: () => Iterable<HeaderPair>;
  /** Another query than the request's own. */
  query?: string;
};

/** Makes the request of a job. Costs next to nothing. */
export function incomingRequest(context: JobContext, options: IncomingOptions = {}): NextRequest {
  const { store, job } = context;
  const blind = store.config.dynamic === 'force-static' && (job.method === 'GET' || job.method === 'HEAD');
  const state: State = {
    context, blind, options, query: blind ? '' : options.query ?? job.query,
    url: undefined, headers: undefined, nextUrl: undefined, cookies: undefined, native: undefined, used: false,
  };
  return new Incoming(state) as unknown as NextRequest;
}

const stateOf = (request: object): State => (request as { [STATE]: State })[STATE];

function note(state: State, reason: DynamicReason, member: string): void {
  if (!state.blind) readsRequest(state.context.store, reason, `request.${member}`);
}

function urlOf(state: State): string {
  if (state.url !== undefined) return state.url;
  const { job } = state.context;
  const origin = state.blind ? 'http://localhost:3000' : `${job.scheme}://${job.authority}`;
  const path = `${state.options.basePath ?? ''}${job.path}`;
  const url = `${origin}${path}${state.query === '' ? '' : `?${state.query}`}`;
  // Only what the URL standard would write in another way is parsed.
  const plain = !/["<>'`{}|\\^\s]|[^\x21-\x7e]/.test(url) && !/[A-Z]|:(80|443)$/.test(origin);
  return (state.url = plain ? url : new URL(url).href);
}

function headersOf(state: State): Headers {
  return (state.headers ??= state.blind ? new Headers() : headersFrom(state.options.headers?.() ?? requestHeaderPairs(state.context.store)));
}

function urlOptions({ options: { basePath, trailingSlash } }: State): NextUrlOptions {
  return { basePath, trailingSlash };
}

/** Methods whose requests have a body as a rule: an empty one is a stream too, for code that reads it without asking (Next behaviour 4.10). */
const SENDS = new Set(['POST', 'PUT', 'PATCH']);

function hasBody(state: State): boolean {
  const { hasBody: isSent, method } = state.context.job;
  return isSent ? method !== 'GET' && method !== 'HEAD' : SENDS.has(method);
}

function nativeOf(state: State): Request {
  if (state.native) return state.native;
  const init: RequestInit & { duplex?: 'half' } = {
    method: state.context.job.method, headers: headersOf(state), signal: state.context.signal,
  };
  if (hasBody(state)) {
    init.body = state.used ? readAlready() : state.context.body.stream();
    init.duplex = 'half';
  }
  return (state.native = new NativeRequest(urlOf(state), init));
}

/** A stream that Node's own checks recognise as used, so that they throw what they always throw. */
function readAlready(): ReadableStream<Uint8Array> {
  const stream = new ReadableStream<Uint8Array>();
  void stream.cancel();
  return stream;
}

async function bytesOf(state: State): Promise<Uint8Array> {
  if (state.used) throw new TypeError(USED);
  if (!hasBody(state)) return new Uint8Array(0);
  state.used = true;
  return state.context.body.bytes();
}

/** The body for one reader, who comes now. */
function streamOf(state: State): ReadableStream<Uint8Array> {
  if (state.native?.body) return state.native.body as ReadableStream<Uint8Array>;
  state.used = true;
  return hasBody(state) ? state.context.body.stream() : readAlready();
}

class Incoming {
  /** Not a private field: a Proxy that somebody puts around the request could not reach it. */
  readonly [STATE]: State;

  constructor(state: State) { this[STATE] = state; }

  get method(): string { return stateOf(this).context.job.method; }

  get url(): string {
    const state = stateOf(this);
    note(state, 'searchParams', 'url');
    return urlOf(state);
  }

  get headers(): Headers {
    const state = stateOf(this);
    note(state, 'headers', 'headers');
    return headersOf(state);
  }

  get nextUrl(): NextURL {
    const state = stateOf(this);
    const onRead = (part: 'search' | 'origin') => note(state, part === 'search' ? 'searchParams' : 'headers', `nextUrl.${part}`);
    return (state.nextUrl ??= new NextURL(urlOf(state), { ...urlOptions(state), onRead }));
  }

  get cookies(): RequestCookies {
    const state = stateOf(this);
    note(state, 'cookies', 'cookies');
    return (state.cookies ??= new RequestCookies(headersOf(state)));
  }

  get signal(): AbortSignal { return stateOf(this).context.signal; }

  get body(): ReadableStream<Uint8Array> | null {
    const state = stateOf(this);
    note(state, 'headers', 'body');
    return hasBody(state) ? nativeOf(state).body as ReadableStream<Uint8Array> : null;
  }

  get bodyUsed(): boolean {
    const state = stateOf(this);
    return state.native ? state.native.bodyUsed : state.used;
  }

  get duplex(): 'half' { return 'half'; }
  get mode(): RequestMode { return 'cors'; }
  get credentials(): RequestCredentials { return 'same-origin'; }
  get cache(): RequestCache { return 'default'; }
  get redirect(): RequestRedirect { return 'follow'; }
  get referrer(): string { return 'about:client'; }
  get referrerPolicy(): ReferrerPolicy { return ''; }
  get integrity(): string { return ''; }
  get keepalive(): boolean { return false; }
  get destination(): RequestDestination { return ''; }
  get isReloadNavigation(): boolean { return false; }
  get isHistoryNavigation(): boolean { return false; }

  async text(): Promise<string> {
    return read(this, 'text', async (state) => new TextDecoder().decode(await bytesOf(state)));
  }

  async json(): Promise<unknown> {
    return read(this, 'json', async (state) => JSON.parse(new TextDecoder().decode(await bytesOf(state))) as unknown);
  }

  async bytes(): Promise<Uint8Array> {
    // `Request.bytes` is younger than the oldest Node that runs us.
    return read(this, 'arrayBuffer', bytesOf).then((value) => (value instanceof Uint8Array ? value : new Uint8Array(value)));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return read(this, 'arrayBuffer', async (state) => exactBuffer(await bytesOf(state)));
  }

  async blob(): Promise<Blob> {
    return read(this, 'blob', async (state) => new Blob([await bytesOf(state) as BlobPart], { type: contentType(state) }));
  }

  async formData(): Promise<FormData> {
    const state = stateOf(this);
    note(state, 'headers', 'formData()');
    if (this.bodyUsed) throw new TypeError(USED);
    return readForm(streamOf(state), contentType(state), state.context.store);
  }

  clone(): NextRequest {
    const state = stateOf(this);
    if (this.bodyUsed) throw new TypeError('Request.clone: Body has already been consumed.');
    const { basePath, trailingSlash } = state.options;
    const nextConfig = { ...(basePath ? { basePath } : {}), ...(trailingSlash ? { trailingSlash } : {}) };
    return new NextRequest(nativeOf(state).clone(), { nextConfig });
  }

  [NATIVE](): Request {
    const state = stateOf(this);
    note(state, 'headers', 'headers');
    return nativeOf(state);
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    const state = stateOf(this);
    return `Request ${inspect({ method: this.method, url: urlOf(state), headers: Object.fromEntries(headersOf(state)), bodyUsed: this.bodyUsed }, options)}`;
  }
}
Object.setPrototypeOf(Incoming.prototype, NextRequest.prototype);
Object.defineProperty(Incoming, 'name', { value: 'Request' });

type Reader = 'text' | 'json' | 'arrayBuffer' | 'blob';

/** Reads the frames directly; through the native request once there is one, since its stream then owns the body. */
async function read<T>(request: object, how: Reader, direct: (state: State) => Promise<T>): Promise<T> {
  const state = stateOf(request);
  note(state, 'headers', `${how}()`);
  return state.native && hasBody(state) ? (state.native[how]() as Promise<T>) : direct(state);
}

function contentType(state: State): string {
  return headersOf(state).get('content-type') ?? '';
}

/** The bytes as an `ArrayBuffer` of exactly their length. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return (bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : new Uint8Array(bytes).buffer) as ArrayBuffer;
}
