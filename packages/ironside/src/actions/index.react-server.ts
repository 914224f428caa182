/** `ironside/actions` in server code: actions with validation, typed results, limits and idempotency (`docs/design/actions-package.md`). */
export { actionResponse, actionSignal } from './answer.ts';
export type { AnswerOptions } from './answer.ts';
export { createAction } from './create-action.ts';
export type { Action } from './create-action.ts';
export { IdempotencyKey, useIdempotencyKey } from './idempotency-key.tsx';
export type { ActionContext, ActionOptions } from './options.ts';
export { ActionError, fail, statusOf } from './result.ts';
export type { ActionCode, ActionFailure, ActionResult, ActionSuccess } from './result.ts';
export type { StandardSchema } from './standard-schema.ts';
export { respond, toHandler } from './to-handler.ts';
export type { HandlerOptions } from './to-handler.ts';
export { withIdempotencyKey } from './with-idempotency-key.ts';
