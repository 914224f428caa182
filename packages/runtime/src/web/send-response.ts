/**
 * Sends a `Response` as the answer of a job: text and bytes at once, streams part by part as fast as the client takes them,
 * and no further when it has gone.
 */
import type { JobContext, ResponseSink } from '../job.ts';
import type { RequestStore } from '../request-store.ts';
import { wasDecoded } from './decoded.ts';
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
  if (body.kind === 'stream') return sendStream(out, body.stream, context.signal);
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

async function sendStream(out: ResponseSink, stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Sent> {
  const reader = stream.getReader();
  const stop = () => { void reader.cancel(signal.reason).catch(() => undefined); };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return signal.aborted ? 'cancelled' : 'complete';
      const bytes = asBytes(value);
      // The next part is asked for only when this one has been taken.
      if (bytes.length > 0) await out.write(bytes);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Streams of responses carry bytes; anything else is a mistake that is worth naming. */
function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`The body's stream gave ${value === null ? 'null' : `a ${typeof value}`} where it must give Uint8Array chunks. Encode text first: \`stream.pipeThrough(new TextEncoderStream())\`.`);
}
