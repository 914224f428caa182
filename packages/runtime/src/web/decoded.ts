/**
 * Which encodings `fetch` has taken off the answers that a job got. A handler that passes such an answer on sends plain
 * bytes under headers that still name the encoding; one that encodes its bytes itself names it rightly. The two cannot be
 * told apart by the Response, so the job remembers what was decoded for it.
 */
import { memoized, type RequestStore } from '../request-store.ts';

const DECODED = Symbol('decoded');
/** Those that Node's `fetch` knows; with any other it leaves the bytes alone. */
const KNOWN = new Set(['gzip', 'x-gzip', 'deflate', 'br']);

const noted = (store: RequestStore): Set<string> => memoized(store, DECODED, () => new Set<string>());
const named = (encoding: string): string => encoding.toLowerCase().replaceAll(' ', '');

/** To be called with every answer of Node's `fetch`. */
export function noteDecoded(store: RequestStore, response: Response): void {
  const encoding = response.headers.get('content-encoding');
  if (encoding !== null && named(encoding).split(',').every((coding) => KNOWN.has(coding))) noted(store).add(named(encoding));
}

/** Whether an encoding that a response names may have been taken off by `fetch`. */
export function wasDecoded(store: RequestStore, encoding: string): boolean {
  return store.memo.has(DECODED) && noted(store).has(named(encoding));
}
