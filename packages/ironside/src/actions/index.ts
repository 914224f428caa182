/** `ironside/actions` in client components, in the browser and while HTML is made. Actions themselves are made in server code. */
export { IdempotencyKey, useIdempotencyKey } from './idempotency-key.tsx';
export type { Action } from './create-action.ts';
export type { ActionContext, ActionOptions } from './options.ts';
export { ActionError, fail, statusOf } from './result.ts';
export type { ActionCode, ActionFailure, ActionResult, ActionSuccess } from './result.ts';
export type { StandardSchema } from './standard-schema.ts';
export { actionResponse, actionSignal, createAction, respond, toHandler } from './server-only.ts';
export { withIdempotencyKey } from './with-idempotency-key.ts';
