/** The runner of `control` jobs in the build helper: the target names the operation, body and answer are JSON. */
import type { JobRunner } from '../job.ts';
import { answer } from './operations.ts';

export const runControl: JobRunner = async ({ job, body, out }) => {
  const input: unknown = JSON.parse((await body.text()) || 'null');
  const bytes = Buffer.from(JSON.stringify(await answer(job.target, input)), 'utf8');
  out.head(200, [['content-type', 'application/json']]);
  await out.write(bytes);
  return { result: 'ok' };
};
