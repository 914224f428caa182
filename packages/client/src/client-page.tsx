/**
 * A page whose file is a client component. Its `searchParams` are made here, from the URL that is shown, and not sent along: what the
 * server does not hand out does not make a page dynamic.
 */
'use client';
import { useContext } from 'react';
import type { ComponentType, ReactNode } from 'react';
import { NeedSearchContext, ViewContext } from './contexts.ts';

type SearchParams = Record<string, string | string[]>;
type Settled = Promise<SearchParams> & { status: 'fulfilled'; value: SearchParams };

type Props = {
  page: ComponentType<{ params: Promise<unknown>; searchParams: Promise<SearchParams> }>;
  params: Promise<unknown>;
};

export function ClientPage({ page: Page, params }: Props): ReactNode {
  const view = useContext(ViewContext);
  const needSearch = useContext(NeedSearchContext);
  return <Page params={params} searchParams={needSearch ? whenKnown(needSearch) : searchParamsOf(view?.url.search ?? '')} />;
}

/** Whoever awaits it says by that that the page is no longer one for everybody; whoever only passes it on does not. */
function whenKnown(needSearch: () => void): Promise<SearchParams> {
  const empty = searchParamsOf('');
  return new Proxy(empty, {
    get(target, name) {
      // React looks at the status of a promise before it asks for its value.
      if (name === 'then' || name === 'status') needSearch();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

/** One promise per search string, as `use()` has to get the same one in each render; the last few are enough. */
const known = new Map<string, Settled>();
const MOST_KNOWN = 20;

function searchParamsOf(search: string): Settled {
  let promise = known.get(search);
  if (!promise) {
    const value = Object.freeze(parse(search)); // Other renders get it too.
    // Settled from React's point of view too: nothing suspends for it.
    promise = Object.assign(Promise.resolve(value), { status: 'fulfilled' as const, value });
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
    known.set(search, promise);
  }
  return promise;
}

/** Repeated names become lists (Next behaviour 7.11). */
function parse(search: string): SearchParams {
  const found = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(search)) {
    const before = found.get(name);
    found.set(name, before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]);
  }
  return Object.fromEntries(found);
}
