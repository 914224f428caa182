/** Answers to requests that name no action that may be called (Next behaviour 1.23, 1.24, 2.6, 2.7). Nothing has run. */
import type { JobOutcome, ResponseSink } from '../job.ts';
import type { IdProblem } from './functions.ts';

const ANSWERS: Record<IdProblem, [status: number, text: string]> = {
  malformed: [400, 'Invalid Server Action request.'],
  unknown: [409, 'Server Action unavailable.'],
};

export function refuse(out: ResponseSink, problem: IdProblem): JobOutcome {
  const [status, text] = ANSWERS[problem];
  out.head(status, [
    ['content-type', 'text/plain'],
    ['x-nextjs-action-not-found', '1'],
    ['cache-control', 'private, no-cache, no-store, max-age=0, must-revalidate'],
  ]);
  void out.write(Buffer.from(text))?.catch(() => undefined);
  return { result: 'ok' };
}
