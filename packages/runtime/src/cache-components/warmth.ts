/**
 * What the caches gave while an answer for everybody is tried out: so that the next try has it without waiting, and all tries see the
 * same. A value is a stored result, or what was thrown in its place.
 */
export class Warmth {
  readonly #values = new Map<string, { value: unknown } | { error: unknown }>();
  #pending = 0;

  /** Whether somebody still waits for a cache, or fills one. */
  get busy(): boolean { return this.#pending > 0; }

  /** The value from before, or the one that is made now. It is not a promise where the value is there. */
  once<T>(kind: string, key: Uint8Array, make: () => Promise<T>): Promise<T> {
    const name = `${kind}:${Buffer.from(key).toString('base64')}`;
    const known = this.#values.get(name);
    if (known) return 'error' in known ? Promise.reject(known.error) : Promise.resolve(known.value as T);
    return this.during(async () => {
      try {
        const value = await make();
        this.#values.set(name, { value });
        return value;
      } catch (error) {
        this.#values.set(name, { error });
        throw error;
      }
    });
  }

  /** Counts as waiting for a cache. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#pending++;
    try {
      return await work();
    } finally {
      this.#pending--;
    }
  }
}

/** Counts as waiting for a cache, if that is of interest. */
export function during<T>(warmth: Warmth | undefined, work: () => Promise<T>): Promise<T> {
  return warmth ? warmth.during(work) : work();
}

/** With a warmth, its value; without one, the value is made. */
export function warmly<T>(warmth: Warmth | undefined, kind: string, key: Uint8Array, make: () => Promise<T>): Promise<T> {
  return warmth ? warmth.once(kind, key, make) : make();
}
