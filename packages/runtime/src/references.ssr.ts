/** What generated code of the `ssr` graph imports as `ironside:references`: server functions as client code sees them. */
import { actionReference, type ActionReference } from './ssr/action-reference.ts';

/** A form can name it in its HTML; called, it refuses, since HTML is made without side effects. */
export function serverReference(id: string, name: string): ActionReference {
  const reference = actionReference(id);
  Object.defineProperty(reference, 'name', { value: name, configurable: true });
  return reference;
}
