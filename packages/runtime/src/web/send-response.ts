/**
 * Sends a `Response` as the answer of a job: text and bytes at once, streams part by part as fast as the client takes them,
 * and no further when it has gone.
 */
import type { JobContext, ResponseSink } from '../job.ts';
import type { RequestStore } from '../request-store.ts';
import { wasDecoded } from './decoded.ts';
import { sendableBody, sendableHeaders } from './response.ts';

export type Sent = 'complete' | 'cancelled';

/** Rejects when the body's stream fails; what was sent by then has been sent. */
export async function sendResponse(context: JobContext, response: Response, headers = sendableHeaders(response)): Promise<Sent> {
  const body = sendableBody(response);
  const { out } = context;
  out.head(response.status, fittingHeaders(context.store, headers), response.statusText);
  if (body.kind === 'none') return 'complete';
  if (context.job.method === 'HEAD') {
    if (body.kind === 'stream') await body.stream.cancel().catch(() => undefined);
    return 'complete';
  }
  if (body.kind === 'bytes') {
    if (body.bytes.length > 0) await out.write(body.bytes);
    return 'complete';
  }
  return sendStream(out, body.stream, context.signal);
}

/**
 * Without what may say something wrong of the body: an encoding that `fetch` took off, and a length, which is known when
 * the body is. A HEAD request has no body to take it from, so the length stays there.
 */
function fittingHeaders(store: RequestStore, headers: [name: string, value: string][]): [name: string, value: string][] {
  const isRelayed = headers.some(([name, value]) => name === 'content-encoding' && wasDecoded(store, value));
  const isWrong = (name: string) => (isRelayed && name === 'content-encoding')
    || (name === 'content-length' && (isRelayed || store.job.method !== 'HEAD'));
  return headers.some(([name]) => isWrong(name)) ? headers.filter(([name]) => !isWrong(name)) : headers;
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
