/** What generated code of the `ssr` graph imports as `ironside:references`: server functions as client code sees them. */
import { createServerReference } from 'react-server-dom-webpack/client.node';

/** A form can name it in its HTML; called, it refuses, since HTML is made without side effects. */
export function serverReference(id: string, name: string): (...args: unknown[]) => Promise<unknown> {
  const reference = createServerReference(id);
  Object.defineProperty(reference, 'name', { value: name, configurable: true });
  return reference;
}
