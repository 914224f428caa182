/** `next/cache` in client components: what is for the server throws when called (spec §8). */
import { serverOnly } from './server-only-call.ts';

export const revalidatePath = serverOnly('revalidatePath()', 'next/cache');
export const revalidateTag = serverOnly('revalidateTag()', 'next/cache');
export const updateTag = serverOnly('updateTag()', 'next/cache');
export const refresh = serverOnly('refresh()', 'next/cache');
export const cacheLife = serverOnly('cacheLife()', 'next/cache');
export const cacheTag = serverOnly('cacheTag()', 'next/cache');
export const unstable_cacheLife = cacheLife;
export const unstable_cacheTag = cacheTag;
export const unstable_cache = serverOnly('unstable_cache()', 'next/cache');

/** There is nothing to opt out of. */
export function unstable_noStore(): void {}
