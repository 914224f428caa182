/**
 * The browser's entry: takes over the document that the server sent. The payload stands in it; a copy of the tree that the server rendered
 * is made of it, and React attaches itself to the HTML.
 */
import { StrictMode, startTransition } from 'react';
import type { ReactNode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import type { HydrationOptions } from 'react-dom/client';
import { createFromReadableStream } from 'react-server-dom-webpack/client.browser';
import { createCaller } from './action/call-server.ts';
import { isClientOnly, readInterrupt } from './digest.ts';
import { inlinedPayload } from './flight-source.ts';
import type { Boot, Payload } from './payload.ts';
import { startAnnouncing } from './router/announcer.ts';
import { BrowserApp } from './router/root.tsx';
import { RouterStore } from './router/store.ts';
import type { NavigationType } from './router/store.ts';
import { callServer, setCaller } from './server-calls.ts';
import { viewOf } from './view.ts';

declare global {
  // eslint-disable-next-line no-var
  var __IB: Boot | undefined;
}

type Instrumentation = { onRouterTransitionStart?: (url: string, type: NavigationType) => void };

async function start(boot: Boot): Promise<void> {
  // Both at once; the application's instrumentation has run before anything is hydrated, whether or not it succeeds.
  const payload = createFromReadableStream<Payload>(inlinedPayload(document), { callServer });
  const instrumentation = boot.instrumentation ? await loadInstrumentation(boot.instrumentation) : undefined;
  const first = await payload;
  const store = new RouterStore(viewOf(first, boot.failure, location.search));
  store.onStart = instrumentation?.onRouterTransitionStart;
  setCaller(createCaller(store));
  store.start();
  startAnnouncing();
  const app = <BrowserApp store={store} />;
  startTransition(() => show(first.settings?.strict ? <StrictMode>{app}</StrictMode> : app, first));
}

async function loadInstrumentation(url: string): Promise<Instrumentation | undefined> {
  try {
    return (await import(/* @vite-ignore */ url)) as Instrumentation;
  } catch (error) {
    reportError(error);
    return undefined;
  }
}

function show(app: ReactNode, payload: Payload): void {
  const options: HydrationOptions = { onRecoverableError, onCaughtError, onUncaughtError };
  // The server could not make the document: nothing in it is React's.
  if (document.documentElement.id === '__next_error__') createRoot(document, options).render(app);
  else hydrateRoot(document, app, { ...options, formState: (payload.formState ?? null) as never });
}

/** Redirects, not-found and parts for the browser only are thrown on the way, and are no errors. */
const expected = (error: unknown): boolean => isClientOnly(error) || readInterrupt(error) !== undefined;

function onRecoverableError(error: unknown): void {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!expected(error) && !expected(cause)) reportError(cause);
}

function onCaughtError(error: unknown): void {
  if (!expected(error)) console.error(error);
}

function onUncaughtError(error: unknown): void {
  if (!expected(error)) reportError(error);
}

start(globalThis.__IB ?? {}).catch(reportError);
