/** Operations that a build asks of a worker, as control jobs whose answer is JSON. There is one: the parameters of a route. */
import { app } from '../app.ts';
import type { JobRunner } from '../job.ts';
import { routeOf } from '../manifest.ts';
import { collectStaticParams } from './collect.ts';
import { inParamsScope } from './scope.ts';

export const runOperation: JobRunner = async ({ job, store, out }) => {
  if (job.target !== 'static-params') throw new Error(`A worker has no operation ${JSON.stringify(job.target)}.`);
  const { manifest } = app();
  const route = routeOf(manifest, job);
  const answer = await inParamsScope(store, route.path, () => collectStaticParams(manifest, route));
  out.head(200, [['content-type', 'application/json']]);
  await out.write(Buffer.from(JSON.stringify(answer)));
  return { result: 'ok' };
};
