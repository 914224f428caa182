/**
 * The React contexts of the client side: what is shown, where in the tree a component stands, and what the hooks of
 * `next/navigation` read. The ssr graph and the browser graph fill them alike (`app.tsx`). They are plain `createContext`
 * calls and nothing else, so that `next/*` modules can import them without pulling in the router.
 */
'use client';
import { createContext } from 'react';
import type { FragmentInstance, ReactNode } from 'react';
import type { ClientSettings, SlotId, Tree } from './payload.ts';
import type { View } from './view.ts';

/** What `useRouter()` returns, and what links and forms drive. */
export type Router = {
  push(href: string, options?: NavigateOptions): void;
  replace(href: string, options?: NavigateOptions): void;
  prefetch(href: string, options?: PrefetchOptions): void;
  refresh(): void;
  back(): void;
  forward(): void;
};

export type NavigateOptions = { scroll?: boolean; transitionTypes?: string[] };

/** `kind`: `full` fetches a dynamic page with its data. `onInvalidate`: called once, when what was fetched is out of date. */
export type PrefetchOptions = { kind?: 'auto' | 'full'; onInvalidate?: () => void };

export type RouteParams = Record<string, string | string[]>;

/** The whole of what is shown; read by `Slot` only. */
export const ViewContext = createContext<View | null>(null);
/** The node of the tree inside of which a component stands. */
export const SegmentContext = createContext<Tree | null>(null);
export const RouterContext = createContext<Router | null>(null);
/** The browser's path, without `basePath`, percent-encoded. */
export const PathnameContext = createContext<string | null>(null);
/** With `?`, or empty. Null while HTML is made for everybody. */
export const SearchContext = createContext<string | null>('');
/** Of pages that are client components, while HTML is made for everybody: their search is asked for, so each visitor needs HTML of his own. */
export const NeedSearchContext = createContext<(() => void) | null>(null);
export const ParamsContext = createContext<RouteParams>({});
export const SettingsContext = createContext<ClientSettings>({});
/** Takes callbacks whose result goes into the HTML ahead of what is flushed next. Null in the browser, where they are not called. */
export const ServerInsertedHtmlContext = createContext<((callback: () => ReactNode) => void) | null>(null);
/** What links and forms ask of the router beyond `useRouter()`. */
export type Navigator = {
  /** Settles when the page or its loading shell is on the screen, or when something else has taken its place. */
  navigate(href: string, mode: 'push' | 'replace', options?: { scroll?: boolean | undefined; transitionTypes?: string[] | undefined }): Promise<void>;
  /** `auto`: what costs the server little, as a loading shell. `full`: with the data of a dynamic page. */
  prefetch(href: string, wish: 'auto' | 'full', onInvalidate?: () => void): void;
  /** For whoever wished with that listener. */
  cancelPrefetch(href: string, onInvalidate: () => void): void;
};

/** Null on the server. */
export const NavigatorContext = createContext<Navigator | null>(null);

/** Notes where a slot is on the page, so that a navigation can scroll to it. Null on the server. */
export const MarkContext = createContext<((id: SlotId, place: FragmentInstance | null) => void) | null>(null);
