/** Runs a schema, and turns what it finds into messages by field. */
import { pathText } from './form-fields.ts';
import { ActionError } from './result.ts';
import { pathOf, type StandardSchema } from './standard-schema.ts';

/** The value as the schema gives it, or an `ActionError` with the code `invalid`. */
export async function validated(schema: StandardSchema, value: unknown, fieldName: (path: string) => string): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const fields = new Map<string, string[]>();
  const formErrors: string[] = [];
  for (const issue of result.issues) {
    const path = pathOf(issue);
    // Keys of lists are numbers in some libraries and texts in others.
    const text = pathText(path.map((key) => (typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : key)));
    if (text === '') formErrors.push(issue.message);
    else fields.set(fieldName(text), [...(fields.get(fieldName(text)) ?? []), issue.message]);
  }
  const message = formErrors[0] ?? 'Some fields are not right.';
  throw new ActionError('invalid', message, { fieldErrors: Object.fromEntries(fields), formErrors });
}
