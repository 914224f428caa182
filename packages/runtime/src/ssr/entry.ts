/**
 * The entry of the `ssr` graph: client components become HTML here, with React's ordinary build. It shares no module with
 * the `rsc` graph, so what it needs comes as arguments.
 */
import type { FlightSource, ConsumerManifest } from 'react-server-dom-webpack/client.node';
import { createFromNodeStream } from 'react-server-dom-webpack/client.node';
import type { Payload } from '@ironside/client/payload.ts';
import { setActionLoader } from '../loader.ssr.ts';
import { actionReference } from './action-reference.ts';

setActionLoader((id) => ({ action: actionReference(id) }));

export { setBuildFolder } from '../loader.ssr.ts';
export { renderDocument } from './document.tsx';
export type { DocumentOptions, DocumentShell } from './document.tsx';
export { findThrower } from './find-thrower.ts';

type ModuleMap = NonNullable<ConsumerManifest['moduleMap']>;
type ServerModuleMap = NonNullable<ConsumerManifest['serverModuleMap']>;

/**
 * The payload of a Flight stream. `moduleMap` is asked for every client file whose code the payload uses, `actions` for every server
 * function that it refers to.
 */
export function parsePayload(source: FlightSource, moduleMap: ModuleMap, actions: ServerModuleMap, nonce: string | undefined): PromiseLike<Payload> {
  return createFromNodeStream<Payload>(source, { moduleMap, serverModuleMap: actions, moduleLoading: null }, nonce === undefined ? {} : { nonce });
}
