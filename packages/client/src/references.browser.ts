/** What compiled client code imports as `ironside:references`: Server Actions as functions that call the server. */
import { createServerReference } from 'react-server-dom-webpack/client.browser';
import { callServer } from './server-calls.ts';

/** The action with that id. The name is for the runtime of the ssr graph. */
export function serverReference(id: string, _name?: string): (...args: unknown[]) => Promise<unknown> {
  return createServerReference(id, callServer);
}
