/** The parts of React's Flight client that the browser uses; it comes without types. */
declare module 'react-server-dom-webpack/client.browser' {
  export type TemporaryReferenceSet = Map<string, unknown>;
  export type CallServer = (id: string, args: unknown[]) => Promise<unknown>;
  export function createFromReadableStream<T>(
    stream: ReadableStream<Uint8Array>,
    options?: { callServer?: CallServer; temporaryReferences?: TemporaryReferenceSet | undefined },
  ): PromiseLike<T>;
  export function createServerReference(id: string, callServer: CallServer): (...args: unknown[]) => Promise<unknown>;
  export function createTemporaryReferenceSet(): TemporaryReferenceSet;
  export function encodeReply(value: unknown, options?: { temporaryReferences?: TemporaryReferenceSet; signal?: AbortSignal }): Promise<string | FormData>;
}
