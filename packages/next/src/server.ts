/** `next/server` in client components: the classes are there for shared code, what needs a request throws. */
import { serverOnly } from './server-only-call.ts';

export { NextRequest } from '@ironside/runtime/web/next-request.ts';
export { NextResponse } from '@ironside/runtime/web/next-response.ts';
export { NextURL } from '@ironside/runtime/web/next-url.ts';
export { userAgent, userAgentFromString } from '@ironside/runtime/web/user-agent.ts';
export { NextFetchEvent } from '@ironside/runtime/proxy/fetch-event.ts';
export { ImageResponse } from './moved-image-response.ts';

export const after = serverOnly('after()', 'next/server');
export const connection = serverOnly('connection()', 'next/server');
export const URLPattern = (globalThis as { URLPattern?: unknown }).URLPattern;
