/** `next/server`. */
export { NextRequest } from '@ironside/runtime/web/next-request.ts';
export { NextResponse } from '@ironside/runtime/web/next-response.ts';
export { NextURL } from '@ironside/runtime/web/next-url.ts';
export { userAgent, userAgentFromString } from '@ironside/runtime/web/user-agent.ts';
export { NextFetchEvent } from '@ironside/runtime/proxy/fetch-event.ts';
export { after } from '@ironside/runtime/after.ts';
export { connection } from '@ironside/runtime/wait-for-request.ts';
export { ImageResponse } from './moved-image-response.ts';

/** Node 24 and newer have it; `undefined` in older ones. */
export const URLPattern = (globalThis as { URLPattern?: unknown }).URLPattern;
