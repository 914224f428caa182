/**
 * Puts our `Request` and `Response` in the place of the global ones. Imported first by `main.ts`, before any module of the
 * application can keep a reference to Node's.
 */
import { NativeRequest, unwrap } from './native.ts';
import { OurResponse } from './response.ts';

/** Node's, but it takes a request of ours as its argument, and its instances are also those that Node made. */
class Request extends NativeRequest {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(unwrap(input), init);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return (this as unknown) === Request ? value instanceof NativeRequest : typeof value === 'object' && value !== null && this.prototype.isPrototypeOf(value);
  }
}

const define = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
define('Request', Request);
define('Response', OurResponse);
