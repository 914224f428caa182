/**
 * What the running worker knows about its application. `main.ts` makes it once at start, before the first job; the
 * runners read it. It is the seam between the core of the worker (connection, errors, caches) and rendering: what
 * rendering needs from the core is a member here, so that tests can put another one in.
 */
import type { Manifest } from '@ironside/protocol/manifest.ts';
import type { JobParam } from './job.ts';
import type { RequestStore } from './request-store.ts';

/** Where an error came from, for the log and for `onRequestError` (Next behaviour 1.89). */
export type ErrorPlace = 'render' | 'ssr' | 'action' | 'handler' | 'proxy' | 'metadata' | 'after';

/** How the front would answer a URL of the application. */
export type ResolvedUrl =
  | { kind: 'page'; route: number; params: JobParam[]; path: string; query: string }
  /** A route handler, a file, a redirect: anything that has no payload. */
  | { kind: 'other' }
  | { kind: 'external' };

export type App = {
  manifest: Manifest;
  /** Absolute path of the build folder, to which all paths in the manifest are relative. */
  folder: string;
  /** Keys for values that inline actions captured: the first seals, every one opens. 16, 24 or 32 bytes. */
  sealKeys: readonly Uint8Array[];
  /** Development build: errors keep their messages on the wire. */
  dev: boolean;
  /** Logs an error, tells `onRequestError`, and returns its digest. Not for control flow (redirect, notFound …). */
  report(error: unknown, place: ErrorPlace): string;
  /** Asks the front how it would route a URL; `route` -1 for a path that matches nothing. */
  resolve(url: string): Promise<ResolvedUrl>;
  /** Sends the store's revalidations to the front; resolves when they hold for every later lookup. */
  flushRevalidations(store: RequestStore): Promise<void>;
};

let current: App | undefined;

/** Called once, by `main.ts`; by tests as often as they like. */
export function setApp(app: App): void {
  current = app;
}

export function app(): App {
  if (!current) throw new Error('The worker has not started yet: no application is set.');
  return current;
}
