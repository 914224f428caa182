/** Answers to requests that name no action that may be called (Next behaviour 1.23, 1.24, 2.6, 2.7), or bring it nothing that can be read. Nothing has run. */
import type { App } from '../app.ts';
import { describeError } from '../errors.ts';
import type { JobOutcome, ResponseSink } from '../job.ts';
import type { Header } from '../render/renderer.ts';
import type { IdProblem } from './functions.ts';
import { BadBody } from './request-body.ts';
import { ACTION_CACHE } from './response-headers.ts';

const ANSWERS: Record<IdProblem, [status: number, text: string]> = {
  malformed: [400, 'Invalid Server Action request.'],
  unknown: [409, 'Server Action unavailable.'],
};

export function refuse(out: ResponseSink, problem: IdProblem): JobOutcome {
  const [status, text] = ANSWERS[problem];
  answer(out, status, text, [['x-nextjs-action-not-found', '1']]);
  return { result: 'ok' };
}

/** For a body that could not be read: 400 if it is the client's mistake. The front has refused nearly all such bodies before (Next behaviour 1.43 has 500). */
export function refuseBody(app: App, out: ResponseSink, error: unknown): JobOutcome {
  const bad = error instanceof BadBody;
  if (!bad) app.report(error, 'action');
  answer(out, bad ? 400 : 500, bad ? 'Invalid Server Action request.' : 'Internal Server Error', []);
  return { result: 'ok', error: describeError(error) };
}

function answer(out: ResponseSink, status: number, text: string, headers: Header[]): void {
  out.head(status, [['content-type', 'text/plain'], ...headers, ACTION_CACHE]);
  void out.write(Buffer.from(text))?.catch(() => undefined);
}
