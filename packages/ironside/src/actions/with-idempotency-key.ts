/** Puts an idempotency key into the input of an action that is called with an object or a form. */
import { IDEMPOTENCY_FIELD } from './form-fields.ts';

export function withIdempotencyKey<Input extends object>(key: string, input: Input): Input {
  if (!(input instanceof FormData)) return { ...input, [IDEMPOTENCY_FIELD]: key };
  const form = new FormData();
  for (const [name, value] of input) form.append(name, value);
  form.set(IDEMPOTENCY_FIELD, key);
  return form as FormData & Input;
}
