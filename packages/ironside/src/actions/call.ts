/** What a call of an action brought: its arguments taken apart, whichever way it was called. */
import { BadFieldName, fieldsOf, IDEMPOTENCY_FIELD } from './form-fields.ts';
import { ActionError } from './result.ts';

export type Call = {
  bound: unknown[];
  form: FormData | undefined;
  /** What the schema gets. */
  input: unknown;
  /** As it came, for the digest. */
  raw: unknown;
  /** The form's field for the path of a value. */
  fieldName: (path: string) => string;
  key: string | undefined;
};

/** At most this much of a form is a form; files are counted by the server. */
const MOST_FIELDS = 10_000;

/**
 * `bound` arguments come first. What follows is the input, alone or after the previous state of `useActionState`.
 */
export function readCall(args: unknown[], bound: number, parse: boolean): Call {
  const rest = args.slice(bound);
  const raw = rest.length > 1 ? rest[1] : rest[0];
  const call: Call = { bound: args.slice(0, bound), form: undefined, input: raw, raw, fieldName: (path) => path, key: undefined };
  if (raw instanceof FormData) return { ...call, ...readForm(raw, parse) };
  if (typeof raw === 'object' && raw !== null && Object.hasOwn(raw, IDEMPOTENCY_FIELD)) {
    const { [IDEMPOTENCY_FIELD]: key, ...input } = raw as Record<string, unknown>;
    return { ...call, input, key: keyOf(key) };
  }
  return call;
}

function readForm(form: FormData, parse: boolean): Partial<Call> & Pick<Call, 'form'> {
  const key = keyOf(form.get(IDEMPOTENCY_FIELD));
  if (!parse) return { form, key };
  if ([...form.keys()].length > MOST_FIELDS) throw new ActionError('bad_request', `The form has more than ${MOST_FIELDS} fields.`);
  try {
    const { value, names } = fieldsOf(form);
    return { form, key, input: value, fieldName: (path) => names.get(path) ?? path };
  } catch (error) {
    if (error instanceof BadFieldName) throw new ActionError('bad_request', error.message, { cause: error });
    throw error;
  }
}

/** An empty one is none: the page was made for everybody, and JavaScript has not filled it in. */
function keyOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && /^[\w-]{16,200}$/.test(value)) return value;
  throw new ActionError('bad_request', 'The idempotency key is not one: 16 to 200 letters, digits, `-` and `_` are needed.');
}
