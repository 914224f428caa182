/**
 * The root component. `App` shows one payload and is what the ssr entry renders; `Shown` is what it and the browser's router have
 * in common, so that hydration finds the same tree.
 */
'use client';
import { Suspense, useCallback } from 'react';
import type { ReactNode } from 'react';
import { ErrorBoundary, errorFile } from './boundaries/error.tsx';
import { DefaultGlobalError } from './boundaries/global-error.tsx';
import {
  NeedSearchContext, ParamsContext, PathnameContext, RouterContext, SearchContext, ServerInsertedHtmlContext, SettingsContext, ViewContext,
} from './contexts.ts';
import type { Router } from './contexts.ts';
import { failureAt } from './failure.ts';
import type { Failure, Payload } from './payload.ts';
import { Segment } from './slot.tsx';
import { viewOf } from './view.ts';
import type { View } from './view.ts';

type AppProps = {
  payload: Payload;
  /** What failed in an earlier try to show this payload. */
  failure?: Failure | undefined;
  /** Takes the callbacks of `useServerInsertedHTML`. */
  insertHtml?: (callback: () => ReactNode) => void;
  /** Called when the search is needed and the payload does not know it. */
  needSearch: () => void;
};

/** A payload as a document, on the server. Nothing can navigate there: the router's methods throw. */
export function App({ payload, failure, insertHtml, needSearch }: AppProps): ReactNode {
  const view = viewOf(payload, failure);
  return (
    <ServerInsertedHtmlContext value={insertHtml ?? null}>
      <NeedSearchContext value={payload.url.search === null ? needSearch : null}>
        <Shown view={view} path={view.url.path} search={payload.url.search} router={serverRouter} />
      </NeedSearchContext>
    </ServerInsertedHtmlContext>
  );
}

type ShownProps = {
  view: View;
  /** The browser's URL, which user code may have changed by `history.pushState` since the view was made. */
  path: string;
  search: string | null;
  router: Router;
};

export function Shown({ view, path, search, router }: ShownProps): ReactNode {
  const retry = useCallback(() => router.refresh(), [router]);
  return (
    <RouterContext value={router}>
      <SettingsContext value={view.settings}>
        <PathnameContext value={path}>
          <SearchContext value={search}>
            <ParamsContext value={view.params}>
              <ViewContext value={view}>
                <ErrorBoundary view={view.number} failed={failureAt(view.failure, undefined, undefined)} render={errorFile(view.globalError ?? DefaultGlobalError)} retry={retry}>
                  <Head view={view} />
                  <Segment node={view.tree} />
                </ErrorBoundary>
              </ViewContext>
            </ParamsContext>
          </SearchContext>
        </PathnameContext>
      </SettingsContext>
    </RouterContext>
  );
}

/** Metadata; React hoists it into the document's head. Keyed by the URL so that a late title does not hold back a navigation. */
function Head({ view }: { view: View }): ReactNode {
  return <Suspense key={view.url.path + view.url.search}>{view.head}</Suspense>;
}

const refuse = (method: string) => (): never => {
  throw new Error(`\`router.${method}()\` was called while HTML was made on the server. Call it in an event handler or an effect.`);
};

const serverRouter: Router = {
  push: refuse('push'),
  replace: refuse('replace'),
  refresh: refuse('refresh'),
  back: refuse('back'),
  forward: refuse('forward'),
  prefetch: () => undefined,
};
