/**
 * Node's own `Request`, `Response` and `fetch`, as they were before `install.ts` put ours in their place, and the one
 * protocol between the two: an object of ours gives its native twin under `NATIVE`.
 */

/** `object[NATIVE]()` is the native object that stands for it. */
export const NATIVE: unique symbol = Symbol.for('ironside.native') as never;

const KEPT = Symbol.for('ironside.native globals');
type Globals = { Request: typeof Request; Response: typeof Response; ReadableStream: typeof ReadableStream; fetch: typeof fetch };

/** Kept on the global object, since a second copy of this module may be evaluated after ours were installed. */
const kept: Globals = ((globalThis as Record<symbol, unknown>)[KEPT] as Globals | undefined)
  ?? { Request: globalThis.Request, Response: globalThis.Response, ReadableStream: globalThis.ReadableStream, fetch: globalThis.fetch };
Object.defineProperty(globalThis, KEPT, { value: kept, configurable: true });

export const NativeRequest = kept.Request;
export const NativeResponse = kept.Response;
export const NativeReadableStream = kept.ReadableStream;
export const nativeFetch = kept.fetch;

/** The native object behind one of ours; anything else as it is. */
export function unwrap<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const make = (value as { [NATIVE]?: () => T })[NATIVE];
  return typeof make === 'function' ? make.call(value) : value;
}
