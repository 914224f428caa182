/**
 * A server function as it is while HTML is made: something that a form can name, whatever is bound to it. It is React's own reference in all but
 * one point. After a form post `useActionState` asks its action whether the state is the action's, which depends on the number of bound
 * arguments; of a reference that was bound in the same render React learns the number from a promise, renders anew when that is fulfilled, binds anew,
 * and waits for another promise, for ever. Here the number is counted when arguments are bound, so the answer is there at once.
 */
import { registerServerReference } from 'react-server-dom-webpack/client.node';

export type ActionReference = (...args: unknown[]) => Promise<unknown>;

/** The reference of an action without bound arguments. */
export function actionReference(id: string): ActionReference {
  const reference = unregistered();
  registerServerReference(reference, id);
  return counted(reference, id, 0);
}

/** React keeps these for the bound arguments that a form carries, under names that it defines itself; they have to stay open for `counted`. */
function unregistered(): ActionReference {
  const refuse: ActionReference = () => Promise.reject(new Error('A Server Action was called while HTML was made. Call it in an event handler or an effect.'));
  const open = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true });
  return Object.defineProperties(refuse, { $$FORM_ACTION: open(undefined), $$IS_SIGNATURE_EQUAL: open(undefined), bind: open(unregistered) });
}

type Bind = (this: unknown, self: unknown, ...args: unknown[]) => ActionReference;

/** What React has registered, with the answers to `useActionState` replaced. */
function counted(reference: ActionReference, id: string, count: number): ActionReference {
  const bindByReact = reference.bind as unknown as Bind;
  const bind: Bind = function (self, ...args) {
    return counted(bindByReact.call(this, self, ...args), id, count + args.length);
  };
  return Object.defineProperties(reference, {
    $$IS_SIGNATURE_EQUAL: { value: (wanted: string, bound: number) => wanted === id && bound === count },
    bind: { value: bind },
  });
}
