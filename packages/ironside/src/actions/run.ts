/** One call of an action, from its arguments to its result: who calls, how often, what with, and then the action itself. */
import { readCall, type Call } from './call.ts';
import { host, noteAnswer, type Answer } from './host.ts';
import { oldInput } from './old-input.ts';
import { digestOf, runOnce } from './once.ts';
import type { ActionContext, RateRule, Settings } from './options.ts';
import { ActionError, fail, isFailure, statusOf, type ActionFailure, type ActionResult } from './result.ts';
import { validated } from './validate.ts';

export type Handler = (input: unknown, context: ActionContext<unknown>) => unknown;

/** `name` tells the action from all others, in every process that runs it. */
export type Definition = { settings: Settings; handler: Handler; name: () => string };

/** Errors that the application did not mean go through: the caller learns their digest, the log the rest. */
export async function run(definition: Definition, args: unknown[]): Promise<ActionResult> {
  const { settings } = definition;
  let call: Call | undefined;
  let result: ActionResult;
  try {
    call = readCall(args, settings.args.length, settings.input !== undefined);
    result = await answer(definition, call);
  } catch (error) {
    result = failureOf(error);
  }
  if (result.ok) return result;
  const failure = call?.form ? { ...result, values: oldInput(call.form, settings.secret) } : result;
  noteAnswer(failure, answerTo(failure));
  return failure;
}

async function answer({ settings, handler, name }: Definition, call: Call): Promise<ActionResult> {
  const { rate, once } = settings;
  checkSize(settings.bodyLimit, call);
  const early = rate && typeof rate.by !== 'function' && call.key === undefined;
  if (early) await limit(rate, name(), undefined);
  const session = await authorized(settings.auth);
  const work = async (): Promise<ActionResult> => {
    // Behind the key: whoever sends something twice has called once.
    if (rate && !early) await limit(rate, name(), session);
    return perform(settings, handler, call, session);
  };
  if (!once) return work();
  if (call.key === undefined) {
    if (once.required) throw new ActionError('bad_request', 'This can only be sent with an idempotency key.');
    return work();
  }
  return runOnce(once, name(), { ...call, key: call.key }, session, () => work().catch(failureOf));
}

async function perform(settings: Settings, handler: Handler, call: Call, session: unknown): Promise<ActionResult> {
  const bound: unknown[] = [];
  for (const [index, schema] of settings.args.entries()) bound.push(await validated(schema, call.bound[index], (path) => (path === '' ? `args[${index}]` : path)));
  const input = settings.input ? await validated(settings.input, call.input, call.fieldName) : call.input;
  const value = await handler(input, { session, bound, form: call.form, get signal() { return host().signal(); } });
  if (isFailure(value)) return value;
  return { ok: true, data: settings.output ? await checkedOutput(settings.output, value) : value };
}

async function checkedOutput(schema: NonNullable<Settings['output']>, value: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  throw new TypeError(`The action returned what its \`output\` does not allow: ${result.issues.map((issue) => issue.message).join(' ')}`);
}

async function limit({ by, ...quota }: RateRule, name: string, session: unknown): Promise<void> {
  const subject = typeof by === 'function' ? `by ${by({ session })}` : by;
  const { allowed, waitMs } = await host().rate(digestOf('rate', name, subject), by === 'client', quota);
  if (allowed) return;
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  throw new ActionError('rate_limited', `Too many tries. Try again in ${retryAfter === 1 ? 'a second' : `${retryAfter} seconds`}.`, { retryAfter });
}

async function authorized(auth: Settings['auth']): Promise<unknown> {
  if (!auth) return undefined;
  let session: unknown;
  try {
    session = await auth();
  } catch (error) {
    if (error instanceof ActionError || digestIn(error) !== undefined) throw error;
    // Whatever went wrong, nobody was found who may. The log has to know, as it may be a fault.
    console.error('The auth hook of a Server Action failed; the call is answered as unauthorized.', error);
    throw new ActionError('unauthorized', NOT_SIGNED_IN, { cause: error });
  }
  if (session === undefined || session === null || session === false) throw new ActionError('unauthorized', NOT_SIGNED_IN);
  return session;
}

const NOT_SIGNED_IN = 'You have to sign in first.';

/** The server refuses larger requests before they come here; this is for servers that cannot. */
function checkSize(most: number | undefined, { form }: Call): void {
  if (most === undefined || !form) return;
  let size = 0;
  for (const [name, value] of form) size += name.length + (typeof value === 'string' ? value.length : value.size);
  if (size > most) throw new ActionError('too_large', `This is too large: at most ${most} bytes can be sent.`);
}

function digestIn(error: unknown): string | undefined {
  const digest = typeof error === 'object' && error !== null && 'digest' in error ? error.digest : undefined;
  return typeof digest === 'string' && digest.startsWith('NEXT_') ? digest : undefined;
}

const INTERRUPTS: Readonly<Record<string, () => ActionFailure>> = {
  'NEXT_HTTP_ERROR_FALLBACK;401': () => fail('unauthorized', NOT_SIGNED_IN),
  'NEXT_HTTP_ERROR_FALLBACK;403': () => fail('forbidden', 'You may not do this.'),
};

/** An error that is meant for the caller, as a result. `unauthorized()` and `forbidden()` are; `redirect()` and `notFound()` show something else. */
function failureOf(error: unknown): ActionFailure {
  if (error instanceof ActionError) return fail(error.code, error.message, error.details);
  const made = INTERRUPTS[digestIn(error) ?? '']?.();
  if (made) return made;
  throw error;
}

/** For callers that look at nothing but the status. */
function answerTo(failure: ActionFailure): Answer {
  const { retryAfter } = failure;
  return { status: statusOf(failure), headers: retryAfter === undefined ? [] : [['retry-after', String(retryAfter)]] };
}
