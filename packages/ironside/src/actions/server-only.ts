/** What server code has and client code has not. Imports of it in modules that both share do no harm as long as nobody calls it. */
import type { actionResponse as ActionResponse, actionSignal as ActionSignal } from './answer.ts';
import type { createAction as CreateAction } from './create-action.ts';
import type { respond as Respond, toHandler as ToHandler } from './to-handler.ts';

function missing(name: string): never {
  throw new Error(`\`${name}()\` of ironside/actions works in server code only: in a file that begins with 'use server', or in a Route Handler.`);
}

export const createAction: typeof CreateAction = () => missing('createAction');
export const toHandler: typeof ToHandler = () => missing('toHandler');
export const respond: typeof Respond = () => missing('respond');
export const actionResponse: typeof ActionResponse = () => missing('actionResponse');
export const actionSignal: typeof ActionSignal = () => missing('actionSignal');
