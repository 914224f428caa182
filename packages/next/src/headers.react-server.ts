/** `next/headers`. */
export { cookies } from '@ironside/runtime/cookies.ts';
export { headers } from '@ironside/runtime/headers.ts';
export { draftMode } from '@ironside/runtime/draft-mode.ts';
