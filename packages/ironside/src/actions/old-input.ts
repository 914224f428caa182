/** What somebody typed, to fill a form with again after it was refused. Secrets and files are not given back. Pure. */
import { IDEMPOTENCY_FIELD } from './form-fields.ts';

/** Names of what must not stand in an HTML page again: words in the name, however they are joined. */
const SECRET = /pass(?:word|phrase|code|wd)?|pwd|secret|token|csrf|otp|one.?time|pin(?:code)?$|^pin|cvc|cvv|csc|card.?(?:number|no)|iban|ssn|social.?security|credential|private.?key|api.?key|auth.?code|security.?(?:code|answer)/i;

/** Beyond this much text a form is better sent again than echoed. */
const MOST_CHARACTERS = 100_000;

/** `secrets` are names, or beginnings of them up to `.` or `[`. */
export function oldInput(form: FormData, secrets: readonly string[]): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  let room = MOST_CHARACTERS;
  for (const name of new Set(form.keys())) {
    if (name === IDEMPOTENCY_FIELD || name === '__proto__' || name.startsWith('$ACTION_') || isSecret(name, secrets)) continue;
    const texts = form.getAll(name).filter((value): value is string => typeof value === 'string');
    const length = texts.reduce((sum, text) => sum + text.length, name.length);
    if (texts.length === 0 || length > room) continue;
    room -= length;
    const [only] = texts;
    values[name] = texts.length === 1 && only !== undefined && !name.endsWith('[]') ? only : texts;
  }
  return values;
}

function isSecret(name: string, secrets: readonly string[]): boolean {
  return SECRET.test(name) || secrets.some((secret) => name === secret || name.startsWith(`${secret}.`) || name.startsWith(`${secret}[`));
}
