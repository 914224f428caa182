/**
 * The build helper: what only Node can do while an application is built (`next.config`, PostCSS), as control jobs over the
 * same protocol as a worker's. The body is JSON and so is the answer: `{ok: …}`, or `{error: …}` for what the operation threw.
 */
import type { JobContext, JobOutcome, JobRunner } from '../job.ts';
import { openConnection } from '../open-connection.ts';
import { setApp } from '../app.ts';
import { reportError } from '../errors.ts';
import { flushRevalidations } from '../cache/revalidate.ts';
import type { Manifest } from '@ironside/protocol/manifest.ts';
import type { Runners } from '../runner.ts';
import { operations } from './operations.ts';

const runControl: JobRunner = async ({ job, body, out }: JobContext): Promise<JobOutcome> => {
  let answer: unknown;
  try {
    const operation = Object.hasOwn(operations, job.target) ? operations[job.target] : undefined;
    if (!operation) throw new Error(`There is no operation ${JSON.stringify(job.target)}; there are ${Object.keys(operations).join(', ')}.`);
    const text = await body.text();
    answer = { ok: (await operation(text === '' ? undefined : JSON.parse(text) as never)) ?? null };
  } catch (error) {
    answer = { error: describeThrown(error) };
  }
  out.head(200, [['content-type', 'application/json']]);
  await out.write(Buffer.from(JSON.stringify(answer)));
  return { result: 'ok' };
};

function describeThrown(error: unknown): { name: string; message: string; stack?: string; place?: unknown } {
  if (!(error instanceof Error)) return { name: 'Error', message: typeof error === 'string' ? error : `A value that is no Error was thrown: ${JSON.stringify(error) ?? String(error)}` };
  const { place } = error as { place?: unknown };
  return {
    name: error.name, message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(place === undefined ? {} : { place }),
  };
}

const noJob: JobRunner = () => Promise.reject(new Error('The build helper does control jobs only.'));

const runners: Runners = {
  control: runControl, page: noJob, prerender: noJob, action: noJob, handler: noJob, metadata: noJob, proxy: noJob,
};

openConnection({
  runtime: 'ironside build helper',
  boot: (config) => {
    for (const { name, value } of config.environment) process.env[name] = value;
    // There is no application yet; errors of the helper itself are reported as those of one.
    setApp({
      manifest: { routes: [] } as unknown as Manifest, folder: '', sealKeys: [], dev: true,
      report: reportError, flushRevalidations,
      resolve: () => Promise.reject(new Error('There is nothing to resolve while building.')),
    });
    return Promise.resolve({ runners, bundles: [] });
  },
});
