/**
 * Whether a `fetch` is answered from the cache, and for how long: the caller's options first, then the segment's config,
 * then the default of not caching (Next behaviour 5.1 to 5.12).
 */
import type { RequestStore } from '../request-store.ts';
import { usableTags } from './tags.ts';

export type NextFetchOptions = { revalidate?: number | false; tags?: string[] };

export type FetchPolicy =
  | { kind: 'cached'; revalidate: number | undefined; tags: string[] }
  /** Asked for as it is each time; `dynamic` where somebody wanted it so, which makes the whole answer dynamic. */
  | { kind: 'uncached'; dynamic: boolean; tags: string[]; /** Seconds that a cached function around it may keep it, if it says so. */ within?: number | undefined };

type CacheMode = RequestCache | undefined;

export function fetchPolicy(store: RequestStore, url: string, cacheOption: CacheMode, next: NextFetchOptions | undefined): FetchPolicy {
  const tags = usableTags(next?.tags, `fetch(${url})`);
  let cache: CacheMode = cacheOption === 'default' ? undefined : cacheOption;
  let revalidate = checkedRevalidate(next?.revalidate, url);
  const contradicts = (cache === 'force-cache' && revalidate === 0) || (cache === 'no-store' && (revalidate === false || (revalidate ?? 0) > 0));
  if (contradicts) {
    console.warn(`fetch(${url}): \`cache: '${cache}'\` and \`next.revalidate: ${String(revalidate)}\` contradict each other; both are ignored.`);
    cache = undefined;
    revalidate = undefined;
  }
  const asked = wish(cache, revalidate);
  const decided = bySegment(store, asked, url);
  if (store.phase === 'cache') return { kind: 'uncached', dynamic: false, tags, within: typeof revalidate === 'number' && revalidate > 0 ? revalidate : undefined };
  // One of two contradicting options asks for what is new each time, so the answer around it is not kept either.
  if (decided !== 'cached') return { kind: 'uncached', dynamic: decided === 'uncached' || contradicts, tags };
  // A segment that forces its fetches to be cached does so whatever they say.
  return { kind: 'cached', revalidate: typeof revalidate === 'number' && revalidate > 0 ? revalidate : undefined, tags };
}

type Wish = 'cached' | 'uncached' | 'unsaid';

function wish(cache: CacheMode, revalidate: number | false | undefined): Wish {
  if (cache === 'no-store' || cache === 'no-cache' || cache === 'reload' || revalidate === 0) return 'uncached';
  if (cache === 'force-cache' || cache === 'only-if-cached' || revalidate === false || (revalidate ?? 0) > 0) return 'cached';
  return 'unsaid';
}

function bySegment(store: RequestStore, asked: Wish, url: string): Wish {
  const { fetchCache, dynamic } = store.config;
  switch (fetchCache) {
    case 'force-cache': return 'cached';
    case 'force-no-store': return 'uncached';
    case 'only-cache':
      if (asked === 'uncached') throw contradiction(store, url, fetchCache, 'asks not to be cached');
      return 'cached';
    case 'only-no-store':
      if (asked === 'cached') throw contradiction(store, url, fetchCache, 'asks to be cached');
      return 'uncached';
    case 'default-cache': return asked === 'unsaid' ? 'cached' : asked;
    case 'default-no-store': return asked === 'unsaid' ? 'uncached' : asked;
    default:
      return asked === 'unsaid' && dynamic === 'force-dynamic' ? 'uncached' : asked;
  }
}

function contradiction(store: RequestStore, url: string, fetchCache: string, what: string): Error {
  return new Error(`fetch(${url}) ${what}, but the route ${store.routePath} has \`fetchCache = '${fetchCache}'\`. Change one of the two.`);
}

function checkedRevalidate(value: unknown, url: string): number | false | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === false || value === Number.POSITIVE_INFINITY) return false;
  if (typeof value === 'number' && value >= 0) return Math.floor(value) === 0 && value > 0 ? 1 : Math.floor(value);
  throw new TypeError(`fetch(${url}): \`next.revalidate\` is a number of seconds from 0 on, or false; not ${JSON.stringify(value) ?? String(value)}.`);
}
