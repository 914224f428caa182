import 'server-only';
import { ActionError } from 'ironside/actions';
import { AppError } from './errors';

/** For actions made by `createAction`: what business code refuses becomes their result; anything else goes on. */
export async function expected<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code = error.code === 'validation' ? 'invalid' : error.code === 'unauthenticated' ? 'unauthorized' : error.code;
    throw new ActionError(code, error.message, { fieldErrors: error.fieldErrors ?? {}, cause: error });
  }
}
