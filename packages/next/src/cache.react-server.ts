/** `next/cache`. */
export { refresh, revalidatePath, revalidateTag, updateTag } from '@ironside/runtime/cache/revalidate.ts';
export { unstable_cache } from '@ironside/runtime/cache/unstable-cache.ts';
export { unstable_noStore } from '@ironside/runtime/cache/no-store.ts';
export { cacheLife, cacheTag } from '@ironside/runtime/use-cache/scope.ts';
export { cacheLife as unstable_cacheLife, cacheTag as unstable_cacheTag } from '@ironside/runtime/use-cache/scope.ts';
