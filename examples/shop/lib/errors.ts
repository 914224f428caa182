/**
 * One error contract for both ways into the application. Business code throws `AppError`; a Server Action answers
 * `{ok: false, …}` (lib/attempt.ts), a Route Handler answers the same object with a status (lib/respond.ts).
 */
export type ErrorCode = 'validation' | 'unauthenticated' | 'forbidden' | 'not_found' | 'conflict';

export const statusOf: Record<ErrorCode, number> = {
  validation: 422,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
};

export type FieldErrors = Record<string, string[]>;
export type Failure = { ok: false; code: ErrorCode; error: string; fieldErrors?: FieldErrors };
export type Result<T> = { ok: true; data: T } | Failure;

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly fieldErrors: FieldErrors | undefined;

  constructor(code: ErrorCode, message: string, fieldErrors?: FieldErrors) {
    super(message);
    this.name = 'AppError';
    this.code = code;
    this.fieldErrors = fieldErrors;
  }
}

/** What the caller may know of an error; anything that isn't ours goes on. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof AppError)) throw error;
  return { ok: false, code: error.code, error: error.message, ...(error.fieldErrors && { fieldErrors: error.fieldErrors }) };
}
