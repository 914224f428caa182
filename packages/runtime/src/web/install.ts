/**
 * Puts our `Request` and `Response` in the place of the global ones. Imported first by `main.ts`, before any module of the
 * application can keep a reference to Node's.
 */
import { readForm } from '../form/read-form.ts';
import { requestStorage } from '../request-store.ts';
import { NativeRequest, unwrap } from './native.ts';
import { OurReadableStream } from './readable-stream.ts';
import { OurResponse } from './response.ts';

/** Node's, but it takes a request of ours as its argument, and its instances are also those that Node made. */
class Request extends NativeRequest {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(unwrap(input), init);
  }

  /** Ours puts large files on the disk, and says what is wrong with a form. */
  override async formData(): Promise<FormData> {
    if (this.bodyUsed) throw new TypeError('Body is unusable: Body has already been read');
    const empty = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
    return readForm((this.body as ReadableStream<Uint8Array> | null) ?? empty, this.headers.get('content-type') ?? '', requestStorage.getStore());
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return (this as unknown) === Request ? value instanceof NativeRequest : typeof value === 'object' && value !== null && this.prototype.isPrototypeOf(value);
  }
}

const define = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
define('Request', Request);
define('Response', OurResponse);
define('ReadableStream', OurReadableStream);
