/**
 * The typed result of an action, and its HTTP status. The same object is what a Route Handler answers as JSON. For both sides: nothing
 * here touches a server.
 */

/** Why an action has no data. */
export type ActionCode =
  /** The input does not fit the schema: 422. */
  | 'invalid'
  /** Nobody is signed in: 401. */
  | 'unauthorized'
  /** Whoever is signed in may not: 403. */
  | 'forbidden'
  /** What the input names does not exist: 404. */
  | 'not_found'
  /** It contradicts what is there: 409. */
  | 'conflict'
  /** The request is larger than allowed: 413. */
  | 'too_large'
  /** Too many calls: 429; `retryAfter` says when the next one passes. */
  | 'rate_limited'
  /** The same submission still runs: 409; `retryAfter` says when to ask again. */
  | 'in_progress'
  /** Something else was sent under this idempotency key: 422. */
  | 'key_reused'
  /** It was done before, and its answer cannot be repeated: 409. */
  | 'already_done'
  /** The body cannot be read: 400. */
  | 'bad_request'
  /** The application's own: 400, or the status that is given. */
  | (string & {});

export type ActionSuccess<Data> = { ok: true; data: Data };

export type ActionFailure = {
  ok: false;
  code: ActionCode;
  /** For people. */
  error: string;
  /** Messages by field, named as in the form: `email`, `user.name`, `items[0].id`. */
  fieldErrors: Record<string, string[]>;
  /** Messages that belong to no field. */
  formErrors: string[];
  /** What was typed into a form, by field name, for `defaultValue`. Without secrets and files. */
  values?: Record<string, string | string[]>;
  /** Seconds until it makes sense to try again. */
  retryAfter?: number;
};

export type ActionResult<Data = unknown> = ActionSuccess<Data> | ActionFailure;

export type FailureDetails = {
  fieldErrors?: Record<string, string[]>;
  formErrors?: string[];
  retryAfter?: number;
};

const STATUS: Readonly<Record<string, number>> = {
  invalid: 422, unauthorized: 401, forbidden: 403, not_found: 404, conflict: 409, too_large: 413, rate_limited: 429, in_progress: 409,
  key_reused: 422, already_done: 409, bad_request: 400,
};

/** The HTTP status of a result: 200, or that of its code; 400 for codes of the application. */
export function statusOf(result: ActionResult): number {
  if (result.ok) return 200;
  return Object.hasOwn(STATUS, result.code) ? STATUS[result.code] ?? 400 : 400;
}

/** A failure as a value, to return from an action. */
export function fail(code: ActionCode, error: string, details: FailureDetails = {}): ActionFailure {
  const { fieldErrors = {}, formErrors = [], retryAfter } = details;
  return { ok: false, code, error, fieldErrors, formErrors, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** A failure to throw, from wherever it is found; the action answers with it as its result. */
export class ActionError extends Error {
  override readonly name = 'ActionError';
  readonly code: ActionCode;
  readonly details: FailureDetails;

  constructor(code: ActionCode, message: string, details: FailureDetails & ErrorOptions = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.details = details;
  }
}

export function isFailure(value: unknown): value is ActionFailure {
  return typeof value === 'object' && value !== null && 'ok' in value && value.ok === false
    && 'code' in value && typeof value.code === 'string' && 'error' in value && typeof value.error === 'string';
}
