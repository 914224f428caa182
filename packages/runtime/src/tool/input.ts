/** Reading what the compiler sends. It is our own program, so a wrong input is a mistake of ours and not of a user. */

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fields(input: unknown): Fields {
  if (!isFields(input)) throw new TypeError('The input of an operation has to be an object.');
  return input;
}

export function text(input: Fields, name: string): string {
  const value = input[name];
  if (typeof value !== 'string') throw new TypeError(`The input has no '${name}'.`);
  return value;
}

/** Puts variables into the environment that plugins and configurations read. What is there already stays. */
export function applyEnvironment(input: Fields): void {
  const env = input['env'];
  if (!isFields(env)) return;
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === 'string') process.env[name] ??= value;
  }
}
