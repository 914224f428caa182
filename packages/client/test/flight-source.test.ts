import { afterEach, describe, expect, it } from 'vitest';
import { inlinedPayload } from '../src/flight-source.ts';

/** A document that is still being parsed, or is not. */
function documentIn(readyState: DocumentReadyState) {
  const target = new EventTarget();
  return { document: Object.assign(target, { readyState }) as unknown as Document, parsed: () => target.dispatchEvent(new Event('DOMContentLoaded')) };
}

const textOf = async (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

afterEach(() => { globalThis.__I = undefined; });

describe('the payload in the document', () => {
  it('is what was pushed before and after, in order, until the document is parsed', async () => {
    globalThis.__I = ['0:"é', ['w6g=']];
    const { document, parsed } = documentIn('loading');
    const text = textOf(inlinedPayload(document));
    globalThis.__I.push('!"\n', ['AA==']);
    parsed();
    expect(await text).toBe('0:"éè!"\n\u0000');
  });

  it('has ended if the document has', async () => {
    globalThis.__I = ['all'];
    expect(await textOf(inlinedPayload(documentIn('interactive').document))).toBe('all');
  });
});
