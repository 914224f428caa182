/**
 * The entry of the `ssr` graph: client components become HTML here, with React's ordinary build. It shares no module with
 * the `rsc` graph, so what it needs comes as arguments.
 */
import type { FlightSource, ConsumerManifest } from 'react-server-dom-webpack/client.node';
import { createFromNodeStream } from 'react-server-dom-webpack/client.node';
import type { Payload } from '@ironside/client/payload.ts';

export { setBuildFolder } from '../loader.ssr.ts';
export { renderDocument } from './document.tsx';
export type { DocumentOptions, DocumentShell } from './document.tsx';
export { findThrower } from './find-thrower.ts';

/** The payload of a Flight stream. `moduleMap` is asked for every client file whose code the payload uses. */
export function parsePayload(source: FlightSource, moduleMap: NonNullable<ConsumerManifest['moduleMap']>, nonce: string | undefined): PromiseLike<Payload> {
  return createFromNodeStream<Payload>(source, { moduleMap, serverModuleMap: null, moduleLoading: null }, nonce === undefined ? {} : { nonce });
}
