/**
 * Sends a `Response` as the answer of a job: text and bytes at once, streams part by part as fast as the client takes them,
 * and no further when it has gone.
 */
import type { JobContext, ResponseSink } from '../job.ts';
import type { RequestStore } from '../request-store.ts';
import { wasDecoded } from './decoded.ts';
import { sendDirectly, type ChunkSink, type Sending } from './readable-stream.ts';
import { sendableBody, sendableHeaders, type SendableBody } from './response.ts';

export type Sent = 'complete' | 'cancelled';

/** `response[DRAWN]()` makes the whole body of a response that is expensive and may fail, before its status is sent. */
export const DRAWN: unique symbol = Symbol.for('ironside.drawn') as never;

/** A promise only where something has to be waited for. It rejects when the body's stream fails; what was sent by then has been sent. */
export function sendResponse(context: JobContext, response: Response, headers = sendableHeaders(response)): Promise<Sent> | Sent {
  const draw = (response as { [DRAWN]?: () => Promise<Uint8Array> })[DRAWN];
  if (draw && context.job.method !== 'HEAD' && !response.bodyUsed && !response.body?.locked) {
    return draw().then((bytes) => sendBody(context, response, headers, { kind: 'bytes', bytes }));
  }
  return sendBody(context, response, headers, sendableBody(response));
}

function sendBody(context: JobContext, response: Response, headers: [name: string, value: string][], body: SendableBody): Promise<Sent> | Sent {
  const { out } = context;
  const fitting = fittingHeaders(context.store, headers);
  // A body that is here tells its length to those who ask for the head alone.
  if (context.job.method === 'HEAD' && body.kind === 'bytes' && !fitting.some(([name]) => name === 'content-length')) {
    fitting.push(['content-length', String(body.bytes.length)]);
  }
  out.head(response.status, fitting, response.statusText);
  if (body.kind === 'none') return 'complete';
  if (context.job.method === 'HEAD') {
    if (body.kind !== 'stream') return 'complete';
    return body.stream.cancel().then(() => 'complete' as const, () => 'complete' as const);
  }
  if (body.kind === 'stream') return sendStream(context, body.stream);
  const written = body.bytes.length > 0 ? out.write(body.bytes) : undefined;
  return written ? written.then(() => 'complete' as const) : 'complete';
}

/**
 * Without what may say something wrong of the body: an encoding that `fetch` took off, and a length, which is known when
 * the body is. A HEAD request has no body to take it from, so the length stays there.
 */
function fittingHeaders(store: RequestStore, headers: [name: string, value: string][]): [name: string, value: string][] {
  let isRelayed = false;
  let isSuspect = false;
  for (const [name, value] of headers) {
    if (name === 'content-length') isSuspect = true;
    else if (name === 'content-encoding' && wasDecoded(store, value)) isRelayed = isSuspect = true;
  }
  if (!isSuspect) return headers;
  const isWrong = (name: string) => (isRelayed && name === 'content-encoding')
    || (name === 'content-length' && (isRelayed || store.job.method !== 'HEAD'));
  return headers.filter(([name]) => !isWrong(name));
}

function sendStream(context: JobContext, stream: ReadableStream<Uint8Array>): Promise<Sent> {
  const { out } = context;
  return new Promise<Sent>((resolve, reject) => {
    const sink: ChunkSink = {
      chunk: (value) => write(out, value),
      close: () => resolve('complete'),
      error: reject,
    };
    const sending = sendDirectly(stream, sink) ?? read(stream, out, resolve, reject);
    context.onCancel((reason) => {
      void sending.cancel(reason).catch(() => undefined);
      resolve('cancelled');
    });
  });
}

function read(stream: ReadableStream<Uint8Array>, out: ResponseSink, resolve: (sent: Sent) => void, reject: (reason: unknown) => void): Sending {
  const reader = stream.getReader();
  readAll(reader, out).then(resolve, reject);
  return reader;
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, out: ResponseSink): Promise<Sent> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return out.cancelled ? 'cancelled' : 'complete';
    // The next part is asked for only when this one has been taken.
    const taken = write(out, value);
    if (taken) await taken;
  }
}

function write(out: ResponseSink, value: unknown): Promise<void> | undefined {
  const bytes = asBytes(value);
  return bytes.length > 0 ? out.write(bytes) : undefined;
}

/** Streams of responses carry bytes, and text, as Next lets them; anything else is a mistake that is worth naming. */
function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`The body's stream gave ${value === null ? 'null' : `a ${typeof value}`} where it must give bytes or text.`);
}
