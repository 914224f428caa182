/**
 * The payload: what row 0 of every Flight stream of ours holds. The runtime (`packages/runtime/src/render`) makes it, the
 * client (`packages/client`) merges and shows it. Types only; see `docs/design/rendering.md`.
 */
import type { ComponentType, ReactNode } from 'react';

/**
 * Kind + route segment path + the params in scope + slot name. Equal id ⇔ same files and same params: what the client has
 * under that id may be kept. `L/blog/[slug]=hello` a segment (with or without a layout file), `P/blog/[slug]=hello` a page,
 * `D/blog@modal` a default file.
 */
export type SlotId = string;

/** What is shown where. One node per segment folder; leaves stand for a `page` or `default` file. */
export type Tree = {
  id: SlotId;
  /** The folder's name with its parameter's value: `blog`, `hello` for `[slug]`, `(group)`, `__PAGE__`, `__DEFAULT__`. */
  segment: string;
  /** The parameter this segment binds: name, value(s) as in the URL, kind (d dynamic, c catch-all, oc optional catch-all). */
  param?: [name: string, value: string | string[], kind: 'd' | 'c' | 'oc'];
  /** `children` and each `@slot` by its name. Absent in leaves. */
  slots?: Record<string, Tree>;
};

/**
 * What stands around the children of a segment, inside its layout, from outside (Next behaviour 7.2):
 * template › error boundary › Suspense with `loading` › not-found, forbidden, unauthorized boundary.
 */
export type SegmentParts = {
  /** The template's element around `<TemplateChildren/>` (of `slot.tsx`): `<Template><TemplateChildren/></Template>`. Remounts with the child that it shows. */
  template?: ReactNode;
  error?: ComponentType<ErrorFileProps>;
  loading?: ReactNode;
  notFound?: ReactNode;
  forbidden?: ReactNode;
  unauthorized?: ReactNode;
};

/** The props of an `error` file (Next behaviour 7.4). */
export type ErrorFileProps = { error: Error & { digest?: string }; reset: () => void; retry: () => void; unstable_retry: () => void };

/** What of `next.config` the client needs. Sent with documents only (what is inlined into HTML), so that SSR and the browser agree. */
export type ClientSettings = {
  /** With `/` in front, without one behind; absent: none. */
  basePath?: string;
  trailingSlash?: true;
  /** `experimental.staleTimes`, seconds (Next behaviour 6.18). */
  staleTimes?: { dynamic?: number; static?: number };
  /** Ids of actions that are called beside others and not after them. */
  concurrent?: string[];
  /** `reactStrictMode` of a development server; never set in production. */
  strict?: true;
};

export type Payload = {
  /** Deployment id; another one than the client's → full document load. */
  build: string;
  /**
   * As rendered: after rewrites. `path` and `search` (with `?` or empty) are the browser's URL, without `basePath`. `search` is null in what was
   * made for everybody who asks for that path: only the browser knows it.
   */
  url: { path: string; search: string | null; route: string };
  /** The id of the segment that has the root layout. Another one than the client's → document load, as the document itself changes (7.6). */
  root?: SlotId;
  settings?: ClientSettings;
  /** The params of the whole route, as in the URL. */
  params: Record<string, string | string[]>;
  tree: Tree;
  /** What each node of the tree shows: a layout's element (whose children are `<Slot>`s), a page's element. May lack ids that the client said it has. */
  slots: Record<SlotId, ReactNode | Promise<ReactNode>>;
  /** By the id of the segment node. Absent for segments without such files. */
  parts: Record<SlotId, SegmentParts>;
  /** The document for errors that no boundary caught, if there is `global-error`. */
  globalError?: ComponentType<ErrorFileProps>;
  /** Metadata and viewport of this route: `<title>`, `<meta>`, `<link>` elements. */
  head: ReactNode;
  /** A prefetch: stops at the first loading boundary. */
  partial?: true;
  /** The route turned out to redirect before anything was shown: the client goes there. */
  redirect?: { url: string; type: 'push' | 'replace' };
  /** Of an action: its result; rejects with `digest`. Payloads of actions that changed nothing have no tree (see `ActionPayload`). */
  result?: Promise<unknown>;
  /** `useActionState` of a form post without JavaScript, first load only. */
  formState?: unknown;
};

/** The reply to an action after which nothing has to be shown anew. */
export type ActionPayload = { build: string; result: Promise<unknown>; tree?: undefined };

/**
 * What failed before anything was shown, and where: the boundary around slot `slot` of segment `segment` starts in that state, on the
 * server and again while the browser hydrates, so that both agree. Without a segment: the outermost boundary. The digest tells
 * which kind of boundary it is (`readInterrupt`).
 */
export type Failure = { segment?: SlotId; slot?: string; digest: string };

/** What the document tells the browser's entry beside the payload, as `self.__IB = …` ahead of every module. Absent if there is nothing to tell. */
export type Boot = {
  failure?: Failure;
  /** URL of the chunk of `instrumentation-client`: to be imported before hydration. */
  instrumentation?: string;
};

/**
 * How the payload stands in the HTML: `(self.__I||=[]).push(x)`, where `x` is a string (UTF-8 text of the stream) or
 * `[base64]` (raw bytes), in stream order. `__I.push(null)` is never sent: the stream ends at `DOMContentLoaded`.
 */
export type InlineChunk = string | [base64: string];
