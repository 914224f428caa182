/** `next/navigation` in client components, while HTML is made and in the browser: everything is read from React context. */
import { ParamsContext, PathnameContext, RouterContext, SearchContext, SegmentContext, ServerInsertedHtmlContext } from '@ironside/client/contexts.ts';
import type { RouteParams, Router } from '@ironside/client/contexts.ts';
import { UnrecognizedActionError } from '@ironside/client/action/errors.ts';
import { clientOnlyError } from '@ironside/client/digest.ts';
import type { Tree } from '@ironside/client/payload.ts';
import { useContext, useMemo } from 'react';
import type { ReactNode } from 'react';
import { accessFallbackError, redirectError } from './navigation-errors.ts';
import type { RedirectKind } from './navigation-errors.ts';
import { ReadonlyURLSearchParams } from './readonly-url-search-params.ts';

export { notFound, RedirectType, unstable_rethrow } from './navigation-errors.ts';
export { ReadonlyURLSearchParams } from './readonly-url-search-params.ts';
export { ServerInsertedHtmlContext as ServerInsertedHTMLContext } from '@ironside/client/contexts.ts';

export type AppRouterInstance = Router;
export type Params = RouteParams;

export function useRouter(): Router {
  const router = useContext(RouterContext);
  if (!router) throw new Error('`useRouter()` of \'next/navigation\' was called outside of the application: there is no router around this component.');
  return router;
}

/** The path without `basePath`. */
export function usePathname(): string {
  return useContext(PathnameContext) ?? '/';
}

/** Where HTML is made for everybody, only the browser can tell: the fallback of the Suspense boundary around stands in that HTML. */
export function useSearchParams(): ReadonlyURLSearchParams {
  const search = useContext(SearchContext);
  if (search === null) throw clientOnlyError('`useSearchParams()` was called in a page that is the same for every query.');
  return useMemo(() => new ReadonlyURLSearchParams(search), [search]);
}

export function useParams<T extends RouteParams = RouteParams>(): T {
  return useContext(ParamsContext) as T;
}

/** The segments below the layout that this is called in, down to the page, for that slot. */
export function useSelectedLayoutSegments(parallelRoutesKey = 'children'): string[] {
  const here = useContext(SegmentContext);
  return useMemo(() => segmentsBelow(here?.slots?.[parallelRoutesKey]), [here, parallelRoutesKey]);
}

/** The segment one level below the layout that this is called in; of a slot, the innermost one. */
export function useSelectedLayoutSegment(parallelRoutesKey = 'children'): string | null {
  const segments = useSelectedLayoutSegments(parallelRoutesKey);
  return (parallelRoutesKey === 'children' ? segments[0] : segments.at(-1)) ?? null;
}

function segmentsBelow(tree: Tree | undefined): string[] {
  const segments: string[] = [];
  for (let node = tree; node; node = node.slots?.['children'] ?? Object.values(node.slots ?? {})[0]) {
    const name = node.param ? valueOf(node.param[1]) : node.segment;
    // Pages, default files and the folders of slots are no part of the path.
    if (name !== '' && !name.startsWith('__') && !node.segment.startsWith('@')) segments.push(name);
  }
  return segments;
}

const valueOf = (value: string | string[]): string => (Array.isArray(value) ? value.join('/') : value);

/** What the callback gives goes into the HTML before what is rendered next. Does nothing in the browser. */
export function useServerInsertedHTML(callback: () => ReactNode): void {
  useContext(ServerInsertedHtmlContext)?.(callback);
}

export function redirect(url: string, type: RedirectKind = 'replace'): never {
  throw redirectError({ kind: type, url: String(url), status: 307 });
}

export function permanentRedirect(url: string, type: RedirectKind = 'replace'): never {
  throw redirectError({ kind: type, url: String(url), status: 308 });
}

export function forbidden(): never {
  throw accessFallbackError(403);
}

export function unauthorized(): never {
  throw accessFallbackError(401);
}

/** Whether a call failed because the server does not know the action: the page is of another deployment. */
export function unstable_isUnrecognizedActionError(error: unknown): error is UnrecognizedActionError {
  return error instanceof UnrecognizedActionError;
}
