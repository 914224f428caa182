/** What `createAction` is told, checked once, when the module is loaded. */
import { isStandardSchema, type InputOf, type OutputOf, type StandardSchema } from './standard-schema.ts';
import { bytes, milliseconds, type Duration } from './units.ts';

export type Schemas = readonly StandardSchema[];
export type InputsOf<Bound extends Schemas> = { -readonly [Index in keyof Bound]: InputOf<Bound[Index]> };
export type OutputsOf<Bound extends Schemas> = { -readonly [Index in keyof Bound]: OutputOf<Bound[Index]> };

/** What the auth hook gives when somebody is signed in. */
export type Signed<Auth> = Exclude<Auth, null | undefined | false | void>;

/** What hooks and the action itself know of a call. */
export type ActionContext<Session = undefined, Bound extends readonly unknown[] = readonly unknown[]> = {
  /** What `auth` gave. */
  session: Session;
  /** Values of `args`: arguments that were bound by `bind`, validated. */
  bound: Bound;
  /** The form, if the input is one. */
  form: FormData | undefined;
  /** Aborted when the client has gone or the time is over. */
  signal: AbortSignal;
};

export type ActionOptions<Input extends StandardSchema, Output extends StandardSchema, Auth, Bound extends Schemas> = {
  /** What the input has to be: an object for most. Forms are turned into one first. */
  input?: Input;
  /** What the data of the result has to be; what is more is left out of it. A mismatch is an error of the action. */
  output?: Output;
  /** Arguments that are bound with `action.bind(null, …)`, in order. They come from the client as everything does. */
  args?: Bound;
  /** Says who calls. Nothing (or `false`), or an error that is thrown: nobody who may. */
  auth?: () => Auth | Promise<Auth>;
  /** `limit` calls at once, and as many in each `per` thereafter; for each client address, or for what `by` gives. */
  rateLimit?: { limit: number; per: Duration; by?: 'client' | 'all' | ((context: { session: Signed<Auth> }) => string | number) };
  /** Most bytes of a request. Written out, as it is read at build time. */
  bodyLimit?: number | string;
  /** Runs once for each key that the client sends (`IdempotencyKey`); answers are kept for `keep`. */
  idempotency?: boolean | { keep?: Duration; required?: boolean; scope?: (context: { session: Signed<Auth> }) => string | number };
  /** The browser does not wait for other actions before it calls this one. Written out, as it is read at build time. */
  concurrent?: boolean;
  /** Form fields that are never given back in `values`, beside those whose names look like secrets. */
  secret?: readonly string[];
};

export type RateRule = { limit: number; periodMs: number; by: 'client' | 'all' | ((context: { session: unknown }) => string | number) };
export type OnceRule = { keepSeconds: number; required: boolean; scope: ((context: { session: unknown }) => string | number) | undefined };

export type Settings = {
  input: StandardSchema | undefined;
  output: StandardSchema | undefined;
  args: Schemas;
  auth: (() => unknown) | undefined;
  rate: RateRule | undefined;
  once: OnceRule | undefined;
  bodyLimit: number | undefined;
  secret: readonly string[];
};

const KNOWN = new Set(['input', 'output', 'args', 'auth', 'rateLimit', 'bodyLimit', 'idempotency', 'concurrent', 'secret']);
const MOST_KEPT_MS = 7 * 86_400_000;

/** Any options, their types aside. */
export type AnyOptions = ActionOptions<StandardSchema, StandardSchema, unknown, Schemas>;

export function settingsOf(options: AnyOptions): Settings {
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw new TypeError(`\`createAction\` has no option \`${unknown}\`. There are: ${[...KNOWN].join(', ')}.`);
  for (const [name, schema] of [['input', options.input], ['output', options.output], ...(options.args ?? []).map((schema) => ['args', schema] as const)] as const) {
    if (schema !== undefined && !isStandardSchema(schema)) throw new TypeError(`\`${name}\` of \`createAction\` has to be a schema of a library that implements Standard Schema (zod, valibot, arktype …).`);
  }
  return {
    input: options.input,
    output: options.output,
    args: options.args ?? [],
    auth: options.auth,
    rate: rateRule(options.rateLimit),
    once: onceRule(options.idempotency),
    bodyLimit: options.bodyLimit === undefined ? undefined : bytes(options.bodyLimit, '`bodyLimit`'),
    secret: options.secret ?? [],
  };
}

function rateRule(option: AnyOptions['rateLimit']): RateRule | undefined {
  if (option === undefined) return undefined;
  const { limit, per, by = 'client' } = option;
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000_000) throw new TypeError(`\`rateLimit.limit\` is ${String(limit)}; a whole number from 1 to 1,000,000 is needed.`);
  return { limit, periodMs: milliseconds(per, '`rateLimit.per`'), by: by as RateRule['by'] };
}

function onceRule(option: AnyOptions['idempotency']): OnceRule | undefined {
  if (option === undefined || option === false) return undefined;
  const { keep = '1h', required = false, scope } = option === true ? {} : option;
  const keepMs = milliseconds(keep, '`idempotency.keep`');
  if (keepMs > MOST_KEPT_MS) throw new TypeError('`idempotency.keep` is longer than 7 days.');
  return { keepSeconds: Math.ceil(keepMs / 1000), required, scope: scope as OnceRule['scope'] };
}
