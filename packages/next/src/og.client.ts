/** `next/og` in client code: pictures are drawn on the server. */
import { serverOnly } from './server-only-call.ts';

export const ImageResponse = serverOnly('ImageResponse', 'next/og');
