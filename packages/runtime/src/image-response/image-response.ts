/**
 * `ImageResponse` of `next/og`: a Response whose body is a PNG drawn from JSX. It is drawn when somebody wants the bytes; the
 * runtime asks for them before it sends a status, so that what cannot be drawn is a 500 and not a broken file.
 */
import { requestStorage } from '../request-store.ts';
import { DRAWN } from '../web/send-response.ts';
import { canvasOf, type ImageResponseOptions } from './options.ts';

const FOR_EVER = 'public, immutable, no-transform, max-age=31536000';
const NOT_KEPT = 'no-cache, no-store';
const PRIVATE = 'private, no-cache, no-store, max-age=0, must-revalidate';

export class ImageResponse extends Response {
  declare readonly [DRAWN]: () => Promise<Uint8Array>;

  constructor(element: unknown, options: ImageResponseOptions = {}) {
    const canvas = canvasOf(options);
    let png: Promise<Uint8Array> | undefined;
    const drawn = (): Promise<Uint8Array> => (png ??= paintElement(element, canvas));
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(await drawn());
        controller.close();
      },
    }, { highWaterMark: 0 });
    super(body, { headers: headersOf(options.headers), status: options.status ?? 200, ...(options.statusText === undefined ? {} : { statusText: options.statusText }) });
    Object.defineProperty(this, DRAWN, { value: drawn });
  }
}

async function paintElement(element: unknown, canvas: ReturnType<typeof canvasOf>): Promise<Uint8Array> {
  const [{ plainTree }, { paint }] = await Promise.all([import('./element-tree.ts'), import('./painter.ts')]);
  return paint(await plainTree(element), canvas);
}

function headersOf(given: HeadersInit | undefined): Headers {
  const headers = new Headers(given);
  if (!headers.has('content-type')) headers.set('content-type', 'image/png');
  if (!headers.has('cache-control')) headers.set('cache-control', lifetime());
  return headers;
}

/** As Next has it; but what was made for one visitor is not for caches between them and us. */
function lifetime(): string {
  const reason = requestStorage.getStore()?.dynamic;
  if (reason === 'cookies' || reason === 'headers' || reason === 'draftMode') return PRIVATE;
  return process.env['NODE_ENV'] === 'development' ? NOT_KEPT : FOR_EVER;
}
