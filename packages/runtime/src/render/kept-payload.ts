/**
 * The payload beside the HTML of a page that may be stored. Flight has rows before it is known how the page is answered, so
 * what comes before the head waits for it.
 */
export class KeptPayload {
  readonly #send: (bytes: Uint8Array) => Promise<void> | undefined;
  #early: Uint8Array[] | undefined = [];
  #last: Promise<void> | undefined;

  constructor(send: (bytes: Uint8Array) => Promise<void> | undefined) {
    this.#send = send;
  }

  /** Resolves when there is room for more; `undefined` while there is. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#early) {
      this.#early.push(bytes);
      return undefined;
    }
    this.#last = this.#send(bytes);
    return this.#last;
  }

  /** The head has been given: what waited for it goes out, in order. */
  open(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const bytes of early) this.#last = this.#send(bytes);
  }

  /** Calls `then` when everything is out. */
  whenSent(then: () => void): void {
    if (this.#last) void this.#last.then(then, then);
    else then();
  }
}
