/** The second argument of the proxy. */

export type WaitUntil = (promise: PromiseLike<unknown>) => void;

export class NextFetchEvent {
  readonly request: Request;
  /** The source of the matcher; kept for old code. */
  readonly sourcePage: string;
  readonly #waitUntil: WaitUntil;

  constructor(params: { request: Request; page?: string; waitUntil?: WaitUntil }) {
    this.request = params.request;
    this.sourcePage = params.page ?? '/';
    this.#waitUntil = params.waitUntil ?? (() => undefined);
  }

  /** Keeps the work alive after the answer. */
  waitUntil(promise: PromiseLike<unknown>): void {
    this.#waitUntil(promise);
  }

  passThroughOnException(): void {
    throw new Error('`event.passThroughOnException()` is not supported. Catch what may fail in the proxy itself.');
  }
}
