/** The payload as the answer: Flight bytes, with back-pressure. */
import { describeError } from '../errors.ts';
import type { JobOutcome } from '../job.ts';
import { Gone, renderFlight } from './flight-stream.ts';
import type { PayloadAnswer } from './renderer.ts';

export const PAYLOAD_TYPE = 'text/x-component';

/** The status stands before anything is rendered, so errors are rows of the stream (Next behaviour 6.12, 6.13). */
export function answerPayload({ app, out, onGone, status, headers, model, temporaryReferences, place }: PayloadAnswer): Promise<JobOutcome> {
  return new Promise((resolve) => {
    const flight = renderFlight(app, model, { place, temporaryReferences });
    const finish = (result: JobOutcome['result']) => {
      const { failure } = flight;
      resolve(failure ? { result, error: { ...describeError(failure.error), digest: failure.digest } } : { result });
    };
    let over = false;
    const gone = () => {
      if (over) return;
      over = true;
      flight.abort(new Gone());
      finish('aborted');
    };
    onGone(gone);
    if (over) return;
    let sent: Promise<void> | undefined;
    flight.read({
      data(chunk) {
        if (over) return true;
        if (!out.headSent) out.head(status, [['content-type', PAYLOAD_TYPE], ...headers]);
        sent = out.write(chunk);
        sent?.then(() => (over ? undefined : flight.release()), gone);
        return sent === undefined;
      },
      end() {
        const complete = () => {
          if (over) return;
          over = true;
          finish('ok');
        };
        if (sent) sent.then(complete, gone);
        else complete();
      },
    });
  });
}
