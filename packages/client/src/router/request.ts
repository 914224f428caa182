/** Asking the server for a page's payload. Edge: what is done with the answer, and when to ask, is decided elsewhere. */
import { createFromReadableStream } from 'react-server-dom-webpack/client.browser';
import type { Payload } from '../payload.ts';
import { callServer } from '../server-calls.ts';
import type { Origin, View } from '../view.ts';
import { haveHeader } from './have.ts';
import { segmentIds } from './merge.ts';
import type { Beside } from './merge.ts';
import type { Wish } from './prefetch.ts';
import { withBasePath, withoutBasePath } from './target.ts';
import type { Target } from './target.ts';

export type Ask = {
  target: Target;
  basePath: string;
  /** Layouts of it may be left out of the answer. */
  have?: View | undefined;
  from?: string | undefined;
  /** Nobody waits for it yet. */
  ahead?: Wish | undefined;
  signal?: AbortSignal | undefined;
};

export type Answered = {
  kind: 'payload';
  payload: Payload;
  /** Where HTTP redirects led, if anywhere. */
  target: Target | undefined;
  /** Another `from` may get another answer. */
  varies: boolean;
  /** Made for everybody, ahead of the request. */
  prerendered: boolean;
  /** Seconds for which the server lets it be used again, if it says so (Next behaviour 6.18). */
  stale: number | undefined;
  /** That have come by now. */
  bytes: () => number;
};

export type Answer =
  | Answered
  /** No page of ours: a route handler, a proxy's answer, an error. */
  | { kind: 'other' }
  | { kind: 'failed'; error: unknown };

export async function ask(request: Ask): Promise<Answer> {
  try {
    const asked = withBasePath(request.target.path, request.basePath) + request.target.search;
    const { ahead, signal = null } = request;
    // `no-cache`: the browser asks whether what it has on its disk still holds. `stale-while-revalidate`, which is for shared caches, would let it show
    // what an action has just invalidated.
    const response = await fetch(withCacheKey(asked, ahead), { headers: headersOf(request), cache: 'no-cache', signal, priority: ahead ? 'low' : 'auto' });
    if (!isFlight(response) || !response.body) {
      void response.body?.cancel();
      return { kind: 'other' };
    }
    const { stream, bytes } = counted(response.body);
    const payload = await createFromReadableStream<Payload>(stream, { callServer });
    const { headers } = response;
    return {
      kind: 'payload', payload, bytes,
      target: movedTo(response, asked, request.basePath),
      varies: /ironside-from|next-url/i.test(headers.get('vary') ?? ''),
      prerendered: headers.has('x-nextjs-prerender'),
      stale: secondsOf(headers.get('x-nextjs-stale-time')),
    };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** Each by its own request; one that is not answered by a page is left out, and what is shown of it stays. */
export async function askBeside(origins: readonly Origin[], basePath: string, signal?: AbortSignal): Promise<Beside[]> {
  const answers = origins.map(async (origin): Promise<Beside[]> => {
    const { path, search, from } = origin;
    const answer = await ask({ target: { path, search, hash: '' }, basePath, from, signal });
    return answer.kind === 'payload' && !answer.payload.redirect ? [{ origin, payload: answer.payload }] : [];
  });
  return (await Promise.all(answers)).flat();
}

/** What came, and how much of it: as an entry of the cache weighs. */
function counted(body: ReadableStream<Uint8Array>): { stream: ReadableStream<Uint8Array>; bytes: () => number } {
  let bytes = 0;
  const transform = (chunk: Uint8Array, out: TransformStreamDefaultController<Uint8Array>): void => {
    bytes += chunk.byteLength;
    out.enqueue(chunk);
  };
  return { stream: body.pipeThrough(new TransformStream({ transform })), bytes: () => bytes };
}

const secondsOf = (header: string | null): number | undefined => (header && /^\d+$/.test(header) ? Number(header) : undefined);

export const isFlight = (response: Response): boolean => response.headers.get('content-type')?.startsWith('text/x-component') ?? false;

function headersOf({ have, from, ahead }: Ask): Record<string, string> {
  const headers: Record<string, string> = { RSC: '1' };
  if (ahead === 'auto') headers['Next-Router-Prefetch'] = '1';
  if (have) headers['Ironside-Have'] = haveHeader(segmentIds(have));
  if (from !== undefined) headers['Ironside-From'] = from;
  return headers;
}

/** What `_rsc` has to be (Next behaviour 6.2): empty, or of the prefetch header alone: base64url(SHA-256('1,0,0,0')[..12]). */
const PREFETCH_KEY = '=HEAvJdHAQJrUAe2K';

function withCacheKey(url: string, ahead: Wish | undefined): string {
  return `${url}${url.includes('?') ? '&' : '?'}_rsc${ahead === 'auto' ? PREFETCH_KEY : ''}`;
}

function movedTo(response: Response, asked: string, basePath: string): Target | undefined {
  if (!response.redirected) return undefined;
  const url = new URL(response.url);
  const search = url.search.replace(/([?&])_rsc(=[^&]*)?(&|$)/, (_all, before: string, _value, after: string) => (after === '&' ? before : ''));
  const path = withoutBasePath(url.pathname, basePath);
  if (path === undefined || url.pathname + search === asked) return undefined;
  return { path, search, hash: url.hash };
}
