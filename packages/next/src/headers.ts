/** `next/headers` where there is no request: in client components. Importing it is allowed, calling it is not. */
import { serverOnly } from './server-only-call.ts';

export const cookies = serverOnly('cookies()', 'next/headers');
export const headers = serverOnly('headers()', 'next/headers');
export const draftMode = serverOnly('draftMode()', 'next/headers');
