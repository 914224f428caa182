/** One try to make a document of a payload with Fizz. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { use } from 'react';
import type { ReactNode } from 'react';
import { preloadModule } from 'react-dom';
import { renderToPipeableStream, renderToStaticMarkup } from 'ironside:document-renderer';
import { App } from '@ironside/client/app.tsx';
import type { Failure, Payload } from '@ironside/client/payload.ts';
import { TextDestination } from './html-text.ts';

export type DocumentOptions = {
  payload: PromiseLike<Payload>;
  /** What the try before this one failed with. */
  failure: Failure | undefined;
  /** Module scripts, the last one the entry. */
  modules: string[];
  /** Chunks that the page's code needs; asked for when the payload's first row is there. */
  preload: () => Iterable<string>;
  /** A script that runs before every module. */
  script: string | undefined;
  nonce: string | undefined;
  formState: unknown;
  /** Wait for everything, as a stored page has no fallbacks in it. */
  whole: boolean;
  /** The digest that takes the place of an error's message. `components`: React's component stack. */
  onError: (error: unknown, components: string) => string;
  /**
   * Called when the render begins, with a function that runs things as part of it: what is parsed there may hold hints (`preload`,
   * `preconnect` … in server components), which React hands to the render that it finds itself in.
   */
  onBegin: (inRender: InRender) => void;
  /** The query of the request is needed, and the payload was made without one. */
  needSearch: () => void;
};

export type InRender = (run: () => void) => void;

/** What a document is written to. */
export type DocumentSink = {
  /** Whether there is room for more; otherwise `drain` tells when there is. */
  write(html: string): boolean;
  /** What was written so far ends between two elements. */
  flush(): void;
  end(): void;
  on(event: string, listener: (...args: unknown[]) => void): void;
  destroy(error?: unknown): void;
};

export type DocumentShell = {
  pipe(sink: DocumentSink): void;
  abort(reason: unknown): void;
  /** HTML that `useServerInsertedHTML` callbacks want ahead of what is flushed next. */
  insertedHtml(): string;
};

/** Resolves when the shell is ready; rejects with what was thrown outside of every Suspense boundary. */
export function renderDocument(options: DocumentOptions): Promise<DocumentShell> {
  const insertions: (() => ReactNode)[] = [];
  return new Promise((resolve, reject) => {
    let failed = false;
    const { pipe, abort } = renderToPipeableStream(<Document options={options} insertHtml={(callback) => insertions.push(callback)} />, {
      bootstrapModules: options.modules,
      ...(options.script === undefined ? {} : { bootstrapScriptContent: options.script }),
      ...(options.nonce === undefined ? {} : { nonce: options.nonce }),
      formState: options.formState as never,
      onError: (error, info) => options.onError(error, info.componentStack ?? ''),
      onShellError(error) {
        failed = true;
        reject(error);
      },
      onShellReady: () => (options.whole ? undefined : afterMoment(settle)),
      onAllReady: () => (failed ? undefined : settle()),
    });
    const settle = () =>
      resolve({
        pipe: (sink) => void pipe(new TextDestination(sink) as unknown as NodeJS.WritableStream),
        abort,
        insertedHtml: () => insertions.map((callback) => renderToStaticMarkup(callback())).join(''),
      });
  });
}

/**
 * Two turns of the event loop: what a boundary waits for is often there by then (React itself waits for the encoded arguments of a
 * form's action), and what is in its place from the start can be read and sent without JavaScript.
 */
function afterMoment(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

function Document({ options, insertHtml }: { options: DocumentOptions; insertHtml: (callback: () => ReactNode) => void }): ReactNode {
  options.onBegin(AsyncLocalStorage.snapshot());
  const payload = use(options.payload as Promise<Payload>);
  const attributes = options.nonce === undefined ? { as: 'script' as const } : { as: 'script' as const, nonce: options.nonce };
  for (const url of options.preload()) preloadModule(url, attributes);
  return <App payload={payload} failure={options.failure} insertHtml={insertHtml} needSearch={options.needSearch} />;
}
