/**
 * `cacheLife` and `cacheTag` of `next/cache`. They belong inside `'use cache'`, which the compiler does not know yet, so there
 * is no place from which a call is right (Next behaviour 5.23).
 */

export function cacheLife(): never {
  throw outside('cacheLife()');
}

export function cacheTag(): never {
  throw outside('cacheTag()');
}

function outside(api: string): Error {
  return new Error(`\`${api}\` can be called inside a function with 'use cache' only, which Ironside does not support yet. Use \`unstable_cache\` with \`tags\` and \`revalidate\`.`);
}
