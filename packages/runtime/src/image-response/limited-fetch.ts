/** The `fetch` of the thread that draws, for `<img src="https://…">`: a few seconds, so many bytes, pictures only by size. */
import { MAX_FETCHED_BYTES } from './picture-guard.ts';

const TIMEOUT_MS = 8_000;

export function installLimitedFetch(): void {
  const native = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
    const response = await native(input, { ...init, signal });
    const { status, statusText, headers } = response;
    const body = await limitedBody(response);
    const copy = new Response([101, 204, 205, 304].includes(status) ? null : body, { status, statusText, headers });
    // A redirect was followed under the eyes of the layout, which asks where it ended.
    Object.defineProperty(copy, 'url', { value: response.url });
    return copy;
  };
}

async function limitedBody(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_FETCHED_BYTES) throw new RangeError(`${response.url} has more than ${MAX_FETCHED_BYTES} bytes`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
