/**
 * A Flight stream, read once: it is the destination that React writes to, and hands every chunk to whoever listens (the parser,
 * the inlining, the response). Back-pressure goes through `hold` and `release`.
 */
import { renderToPipeableStream, type FlightDestination, type TemporaryReferenceSet } from 'react-server-dom-webpack/server.node';
import { readInterrupt } from '@ironside/client/digest.ts';
import type { App, ErrorPlace } from '../app.ts';
import { SharedEnded } from '../dynamic.ts';
import { originalError } from '../use-cache/inner-errors.ts';
import { reactMaps } from './react-maps.ts';

export type FlightListener = {
  /** Returns false to hold the stream until `release()`. */
  data(chunk: Uint8Array): boolean;
  end(): void;
};

export type FlightStream = {
  /** Starts the flow. */
  read(listener: FlightListener): void;
  release(): void;
  abort(reason: unknown): void;
  /** Digests of the errors that rows of the stream carry. */
  readonly digests: ReadonlySet<string>;
  /** The first error that is no redirect, not-found …, with its digest. */
  readonly failure: ReportedError | undefined;
};

export type ReportedError = { error: unknown; digest: string };

/** Thrown into a render whose reader has gone. Nothing to report. */
export class Gone extends Error {
  override name = 'Gone';
  readonly digest = 'GONE';
}

/** The digest of an error for the wire; reports it unless it is control flow. */
export function digestForWire(app: App, error: unknown, place: ErrorPlace): { digest: string; reported: boolean } {
  if (error instanceof Gone || error instanceof SharedEnded) return { digest: error.digest, reported: false };
  if (readInterrupt(error)) return { digest: (error as { digest: string }).digest, reported: false };
  return { digest: app.report(originalError(error), place), reported: true };
}

export function renderFlight(app: App, model: unknown, options: { place: ErrorPlace; temporaryReferences?: TemporaryReferenceSet | undefined }): FlightStream {
  const digests = new Set<string>();
  let failure: ReportedError | undefined;
  const stream = renderToPipeableStream(model, reactMaps(app.manifest).client, {
    onError(error) {
      const { digest, reported } = digestForWire(app, error, options.place);
      digests.add(digest);
      if (reported) failure ??= { error, digest };
      return digest;
    },
    temporaryReferences: options.temporaryReferences,
  });
  let drain: (() => void) | undefined;
  return {
    digests,
    get failure() { return failure; },
    read(listener) {
      const destination: FlightDestination = {
        write: (chunk) => listener.data(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
        end: () => listener.end(),
        destroy: () => listener.end(),
        on(event: string, handler: (error?: unknown) => void) {
          if (event === 'drain') drain = handler;
        },
      };
      stream.pipe(destination);
    },
    release: () => drain?.(),
    abort: (reason) => stream.abort(reason),
  };
}
