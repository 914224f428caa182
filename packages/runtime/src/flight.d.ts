/** The parts of React's Flight package that we use; it comes without types. */
declare module 'react-server-dom-webpack/server.node' {
  export type ClientManifest = Record<string, { id: string; chunks: string[]; name: string; async: boolean }>;
  export type ServerManifest = Record<string, { id: string; chunks: string[]; name: string; async: boolean }>;
  export type TemporaryReferenceSet = WeakMap<object, string>;
  /** What Flight needs of a node stream that it writes to. */
  export type FlightDestination = {
    write(chunk: Uint8Array | string): boolean;
    end(): void;
    on(event: 'drain' | 'close', listener: () => void): unknown;
    on(event: 'error', listener: (error: unknown) => void): unknown;
    destroy(error?: unknown): void;
  };
  export function renderToPipeableStream(
    model: unknown,
    clientManifest: ClientManifest,
    options?: {
      onError?: (error: unknown) => string | undefined;
      identifierPrefix?: string;
      temporaryReferences?: TemporaryReferenceSet | undefined;
      /** Development builds only. */
      environmentName?: string;
    },
  ): { pipe<T extends FlightDestination>(destination: T): T; abort(reason?: unknown): void };
  export function decodeReply(
    body: string | FormData,
    serverManifest: ServerManifest,
    options?: { temporaryReferences?: TemporaryReferenceSet; arraySizeLimit?: number },
  ): PromiseLike<unknown>;
  export function decodeAction(body: FormData, serverManifest: ServerManifest): Promise<() => unknown> | null;
  export function decodeFormState(result: unknown, body: FormData, serverManifest: ServerManifest): Promise<unknown>;
  export function registerServerReference<T>(reference: T, id: string, exportName: string | null): T;
  export function registerClientReference<T>(proxy: T, id: string, exportName: string): T;
  export function createClientModuleProxy(id: string): Record<string, unknown>;
  export function createTemporaryReferenceSet(): TemporaryReferenceSet;
}

declare module 'react-server-dom-webpack/static.node' {
  import type { ClientManifest } from 'react-server-dom-webpack/server.node';
  /** Resolves when everything is there; errors are rows. */
  export function prerenderToNodeStream(model: unknown, clientManifest: ClientManifest, options?: { onError?: (error: unknown) => string | undefined }): Promise<unknown>;
}

declare module 'react-server-dom-webpack/client.node' {
  export type ModuleEntry = { id: string; chunks: string[]; name: string; async: boolean };
  export type ConsumerManifest = {
    moduleMap: Record<string, Record<string, ModuleEntry>> | null;
    serverModuleMap: Record<string, ModuleEntry> | null;
    moduleLoading: null;
  };
  /** What the parser needs of a node stream that it reads. */
  export type FlightSource = {
    on(event: 'data', listener: (chunk: Uint8Array | string) => void): unknown;
    on(event: 'end', listener: () => void): unknown;
    on(event: 'error', listener: (error: unknown) => void): unknown;
  };
  /** Values by their place among the arguments. */
  export type TemporaryReferences = Map<string, unknown>;
  export function createTemporaryReferenceSet(): TemporaryReferences;
  export function encodeReply(value: unknown, options?: { temporaryReferences?: TemporaryReferences }): Promise<string | FormData>;
  export function createFromReadableStream<T>(
    stream: ReadableStream<Uint8Array>,
    options: { serverConsumerManifest: ConsumerManifest; temporaryReferences?: TemporaryReferences },
  ): PromiseLike<T>;
  export function createFromNodeStream<T>(stream: FlightSource, manifest: ConsumerManifest, options?: { nonce?: string }): PromiseLike<T>;
  /** Gives the function what a form asks of it, and a `bind` that keeps that. */
  export function registerServerReference<T>(reference: T, id: string): T;
}
