/**
 * The payload that stands in the document, as a stream of bytes. Scripts in the HTML push to `self.__I`, before and after this code runs;
 * it has ended when the document is parsed.
 */
import type { InlineChunk } from './payload.ts';

type Inlined = { push(...chunks: InlineChunk[]): unknown };
declare global {
  // eslint-disable-next-line no-var
  var __I: InlineChunk[] | Inlined | undefined;
}

export function inlinedPayload(document: Document): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      const early = Array.isArray(globalThis.__I) ? globalThis.__I : [];
      const take = (chunk: InlineChunk): void => controller.enqueue(bytesOf(chunk));
      early.forEach(take);
      globalThis.__I = { push: (...chunks) => chunks.forEach(take) };
      // From `interactive` on all inline scripts of the document have run.
      if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => controller.close(), { once: true });
      else controller.close();
    },
  });
}

const encoder = new TextEncoder();

export function bytesOf(chunk: InlineChunk): Uint8Array {
  if (typeof chunk === 'string') return encoder.encode(chunk);
  const binary = atob(chunk[0]);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
