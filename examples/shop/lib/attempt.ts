import 'server-only';
import { unstable_rethrow } from 'next/navigation';
import { toFailure, type Result } from './errors';

/** The adapter of Server Actions: business code in, a typed result out. `redirect()` and `notFound()` pass. */
export async function attempt<T>(run: () => Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, data: await run() };
  } catch (error) {
    unstable_rethrow(error);
    return toFailure(error);
  }
}
