/**
 * `Response`: ours, installed as the global one. A body given as text or bytes is kept as it is and sent without a stream;
 * a native `Response` is made when code reads the body or hands in something that needs one (streams, forms, blobs).
 * Node's own costs as much as the rest of a small handler.
 */
import { Readable } from 'node:stream';
import { NATIVE, NativeReadableStream, NativeResponse } from './native.ts';
import { plainHeaders, type PlainHeaders } from './plain-headers.ts';

/** Registered, so that another copy of this module (the `ssr` graph has one) knows its instances. */
const STATE: unique symbol = Symbol.for('ironside.response') as never;
const NULL_BODY = new Set([101, 204, 205, 304]);
const JSON_TYPE = 'application/json';
const TEXT = 'text/plain;charset=UTF-8';
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

type State = {
  status: number;
  statusText: string;
  /** The body if it is text, bytes or a stream; `null`: none, or only a native response has it. */
  source: string | Uint8Array | ReadableStream<Uint8Array> | null;
  headers: Headers | undefined;
  /** What the headers will be made of when somebody looks at them. */
  plain: PlainHeaders | undefined;
  /** The content type that belongs to the body, for headers that were not made yet. */
  type: string | undefined;
  native: Response | undefined;
};

export type SendableBody =
  | { kind: 'none' }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'stream'; stream: ReadableStream<Uint8Array> };

const stateOf = (response: object): State => (response as { [STATE]: State })[STATE];

class IronsideResponse {
  /** A plain property: defining it as a hidden one costs more than all the rest of a small response. */
  readonly [STATE]: State;

  constructor(body?: BodyInit | null, init?: ResponseInit) {
    this[STATE] = stateFor(body, init);
  }

  static error(): Response { return NativeResponse.error(); }

  static json(data: unknown, init?: ResponseInit): Response {
    const text = JSON.stringify(data) as string | undefined;
    if (text === undefined) throw new TypeError('Response.json: the value is not serialisable as JSON (it is undefined, a function or a symbol).');
    return jsonResponse(this as unknown as new (body: string, init?: ResponseInit) => Response, text, init);
  }

  static redirect(url: string | URL, status = 302): Response {
    // Node's own checks the status and writes the URL out.
    const native = NativeResponse.redirect(url, status);
    const Class = this as unknown as new (body: null, init: ResponseInit) => Response;
    return new Class(null, { status, headers: { location: native.headers.get('location') ?? String(url) } });
  }

  get type(): ResponseType { return 'default'; }
  get url(): string { return ''; }
  get redirected(): boolean { return false; }
  get status(): number { return stateOf(this).status; }
  get statusText(): string { return stateOf(this).statusText; }
  get ok(): boolean { const { status } = stateOf(this); return status >= 200 && status < 300; }

  get headers(): Headers {
    const state = stateOf(this);
    if (!state.headers) {
      state.headers = new Headers(state.plain);
      if (state.type !== undefined && !state.headers.has('content-type')) state.headers.set('content-type', state.type);
    }
    return state.headers;
  }

  get body(): ReadableStream<Uint8Array> | null {
    const state = stateOf(this);
    if (isStream(state.source)) return state.source;
    return state.source === null && !state.native ? null : nativeOf(state).body as ReadableStream<Uint8Array> | null;
  }

  get bodyUsed(): boolean {
    const { source, native } = stateOf(this);
    return isStream(source) ? isDisturbed(source) : native?.bodyUsed ?? false;
  }

  text(): Promise<string> { return nativeOf(stateOf(this)).text(); }
  json(): Promise<unknown> { return nativeOf(stateOf(this)).json(); }
  arrayBuffer(): Promise<ArrayBuffer> { return nativeOf(stateOf(this)).arrayBuffer(); }
  formData(): Promise<FormData> { return this[NATIVE]().formData(); }
  blob(): Promise<Blob> { return this[NATIVE]().blob(); }
  async bytes(): Promise<Uint8Array> { return new Uint8Array(await this.arrayBuffer()); }

  clone(): Response {
    const state = stateOf(this);
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    const copy = Object.create(Object.getPrototypeOf(this) as object) as Response;
    const headers = new Headers(this.headers);
    let { source } = state;
    if (isStream(source)) {
      const [mine, others] = source.tee();
      state.source = mine;
      state.native = undefined;
      source = others;
    }
    const native = state.native?.body ? state.native.clone() : undefined;
    Object.defineProperty(copy, STATE, { value: { ...state, source, headers, native } satisfies State, enumerable: true });
    return copy;
  }

  /** With the headers of now, since the kind of a `blob()` or `formData()` follows from them. */
  [NATIVE](): Response {
    const state = stateOf(this);
    const { status, statusText } = state;
    if (!state.native || state.native.body === null) return new NativeResponse(state.source as BodyInit | null, { status, statusText, headers: this.headers });
    return new NativeResponse(state.native.body, { status, statusText, headers: this.headers });
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    const { status, statusText } = stateOf(this);
    return `Response ${inspect({ status, statusText, headers: Object.fromEntries(this.headers), bodyUsed: this.bodyUsed }, options)}`;
  }
}
Object.setPrototypeOf(IronsideResponse.prototype, NativeResponse.prototype);
Object.defineProperty(IronsideResponse, 'name', { value: 'Response' });
Object.defineProperty(IronsideResponse, Symbol.hasInstance, {
  // Node's own (from `fetch`) are instances as well; subclasses mean only their own.
  value(this: { prototype: object }, value: unknown) {
    return (this as unknown) === IronsideResponse ? value instanceof NativeResponse : typeof value === 'object' && value !== null && this.prototype.isPrototypeOf(value);
  },
});

/** The `Response` that `install.ts` makes global. */
export const OurResponse = IronsideResponse as unknown as typeof Response;

/** Node's own question whether somebody has read from a stream; it takes web streams too. */
function isDisturbed(stream: ReadableStream): boolean {
  return Readable.isDisturbed(stream as unknown as Readable);
}

function isStream(value: unknown): value is ReadableStream<Uint8Array> {
  return value instanceof NativeReadableStream;
}

function nativeOf(state: State): Response {
  return (state.native ??= new NativeResponse(state.source as BodyInit | null));
}

function stateFor(body: BodyInit | null | undefined, init: ResponseInit | undefined): State {
  const status = init?.status === undefined ? 200 : Number(init.status) & 0xffff;
  if (status < 200 || status > 599) throw new RangeError(`Failed to construct 'Response': The status provided (${status}) is outside the range [200, 599].`);
  const statusText = init?.statusText === undefined ? '' : String(init.statusText);
  if (!REASON.test(statusText)) throw new TypeError("Failed to construct 'Response': the statusText has characters that HTTP does not allow.");
  const state: State = {
    status, statusText, source: null, headers: undefined, plain: undefined, type: undefined, native: undefined,
  };
  if (init?.headers !== undefined && init.headers !== null) {
    state.plain = plainHeaders(init.headers);
    if (!state.plain) state.headers = new Headers(init.headers);
  }
  if (body === null || body === undefined) return state;
  if (NULL_BODY.has(status)) throw new TypeError(`Response constructor: Invalid response status code ${status}: such a response has no body.`);
  takeBody(state, body);
  if (state.headers && state.type !== undefined && !state.headers.has('content-type')) state.headers.set('content-type', state.type);
  return state;
}

/** A response of some class with JSON in it; headers that `init` names stay. */
export function jsonResponse<R extends Response>(Class: new (body: string, init?: ResponseInit) => R, text: string, init?: ResponseInit): R {
  const response = new Class(text, init);
  const state = stateOf(response);
  // The type of text was only a guess; one that `init` gives is not.
  const isGiven = init?.headers !== undefined && init.headers !== null && hasContentType(state, init.headers);
  if (!isGiven) {
    state.type = JSON_TYPE;
    state.headers?.set('content-type', JSON_TYPE);
  }
  return response;
}

function hasContentType(state: State, given: HeadersInit): boolean {
  return state.plain ? state.plain.some(([name]) => name === 'content-type') : new Headers(given).has('content-type');
}

function takeBody(state: State, body: BodyInit): void {
  if (typeof body === 'string') {
    state.source = body;
    state.type = TEXT;
  } else if (ArrayBuffer.isView(body)) {
    // Copied, as the standard says: the caller may go on using its buffer.
    state.source = new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength).slice();
  } else if (body instanceof ArrayBuffer) {
    state.source = new Uint8Array(body).slice();
  } else if (body instanceof URLSearchParams) {
    state.source = body.toString();
    state.type = 'application/x-www-form-urlencoded;charset=UTF-8';
  } else if (isStream(body)) {
    if (body.locked || isDisturbed(body)) throw new TypeError('Response body object should not be disturbed or locked');
    state.source = body as ReadableStream<Uint8Array>;
  } else if (typeof body === 'object') {
    state.native = new NativeResponse(body);
    state.type = state.native.headers.get('content-type') ?? undefined;
  } else {
    state.source = String(body);
    state.type = TEXT;
  }
}

/** What is to be sent for a response, ours or a native one. Throws where its body was read already. */
export function sendableBody(response: Response): SendableBody {
  const state = (response as Partial<Record<typeof STATE, State>>)[STATE];
  if (response.bodyUsed) throw new TypeError('The Response that was returned has no body any more: it was read already. Return `response.clone()`, or a new Response.');
  const source = state?.source;
  if (isStream(source)) return { kind: 'stream', stream: unlocked(source) };
  if (source !== null && source !== undefined) {
    if (state?.native?.body) unlocked(state.native.body as ReadableStream<Uint8Array>);
    return { kind: 'bytes', bytes: typeof source === 'string' ? Buffer.from(source, 'utf8') : source };
  }
  if (state && !state.native) return { kind: 'none' };
  const stream = response.body as ReadableStream<Uint8Array> | null;
  if (stream === null) return { kind: 'none' };
  return { kind: 'stream', stream: unlocked(stream) };
}

function unlocked(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  if (stream.locked) throw new TypeError('The body of the Response that was returned is locked: somebody has a reader on it.');
  return stream;
}

/** Whether a response has a header, without making headers where it has none. */
export function hasHeader(response: Response, name: string): boolean {
  const state = (response as Partial<Record<typeof STATE, State>>)[STATE];
  if (!state || state.headers) return response.headers.has(name);
  return (name === 'content-type' && state.type !== undefined) || (state.plain !== undefined && state.plain.some(([own]) => own === name));
}

/** The headers to send, in order; `set-cookie` is never merged. */
export function sendableHeaders(response: Response): [name: string, value: string][] {
  const state = (response as Partial<Record<typeof STATE, State>>)[STATE];
  if (state && !state.headers) {
    const headers = state.plain ? state.plain.map(([name, value]): [string, string] => [name, value]) : [];
    if (state.type !== undefined && !headers.some(([name]) => name === 'content-type')) headers.push(['content-type', state.type]);
    return headers;
  }
  return Array.from(response.headers as unknown as Iterable<[string, string]>);
}
