/** `createAction`: a Server Action with its checks around it. */
import { run, type Definition, type Handler } from './run.ts';
import { settingsOf, type ActionContext, type ActionOptions, type AnyOptions, type InputsOf, type OutputsOf, type Schemas, type Signed } from './options.ts';
import type { ActionFailure, ActionResult } from './result.ts';
import { isStandardSchema, type InputOf, type OutputOf, type StandardSchema } from './standard-schema.ts';

/**
 * A server function with a typed result. It is called with a form or an object; `useActionState` puts the previous state in front; what was
 * bound stands before both.
 */
export type Action<Input, Data, Bound extends readonly unknown[] = []> = {
  (...args: [...bound: Bound, input: Input | FormData]): Promise<ActionResult<Data>>;
  /** For `<form action>`, whose type wants nothing back. */
  (...args: [...bound: Bound, form: FormData]): Promise<void>;
  /** For `useActionState`. */
  (...args: [...bound: Bound, previous: ActionResult<Data> | null | undefined, input: Input | FormData]): Promise<ActionResult<Data>>;
  bind(self: unknown, ...bound: Bound): Action<Input, Data>;
};

type DataOf<Output, Value> = Output extends StandardSchema ? (StandardSchema extends Output ? Exclude<Awaited<Value>, ActionFailure> : OutputOf<Output>) : Exclude<Awaited<Value>, ActionFailure>;

/** What the function may return where `output` says what the data is. */
type Returned<Output> = StandardSchema extends Output ? unknown : InputOf<Output> | ActionFailure | Promise<InputOf<Output> | ActionFailure>;

/** What an action was made of, for `toHandler`. */
const definitions = new WeakMap<object, Definition>();

/**
 * Makes a Server Action. Export it from a `'use server'` file: `export const save = createAction({ input }, async (input, { session }) => …)`.
 * What the function returns is the data of the result; `fail()` and `ActionError` make a failure, as every check does that does not pass.
 */
export function createAction<
  Input extends StandardSchema = StandardSchema,
  Output extends StandardSchema = StandardSchema,
  Auth = undefined,
  const Bound extends Schemas = readonly [],
  Value extends Returned<Output> = Returned<Output>,
>(
  options: ActionOptions<Input, Output, Auth, Bound>,
  handler: (input: OutputOf<Input>, context: ActionContext<Signed<Auth>, OutputsOf<Bound>>) => Value,
): Action<InputOf<Input>, DataOf<Output, Value>, InputsOf<Bound>>;
export function createAction(options: unknown, handler: unknown): unknown {
  if (typeof options !== 'object' || options === null || isStandardSchema(options)) throw new TypeError('`createAction(options, function)` takes an object with options first, for example `{ input: schema }`.');
  if (typeof handler !== 'function') throw new TypeError('`createAction(options, function)` takes the function that does the work as its second argument.');
  const action = async (...args: unknown[]): Promise<ActionResult> => run(definition, args);
  const definition: Definition = { settings: settingsOf(options as AnyOptions), handler: handler as Handler, name: () => nameOf(action) };
  definitions.set(action, definition);
  return action;
}

export function definitionOf(action: object): Definition {
  const definition = definitions.get(action);
  if (!definition) throw new TypeError('`toHandler` takes an action that `createAction` has made, in server code.');
  return definition;
}

let unnamed = 0;
const names = new WeakMap<object, string>();

/** The id that it is called by; one that nobody can call from outside is known in this process only. */
function nameOf(action: object): string {
  const id = (action as { $$id?: unknown }).$$id;
  if (typeof id === 'string') return id;
  let name = names.get(action);
  if (name === undefined) names.set(action, (name = `action ${++unnamed}`));
  return name;
}
