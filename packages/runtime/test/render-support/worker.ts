/** The `worker` entry of the fixture: runs jobs that come as messages of the parent process, with everything that the connection would give. */
import { readFileSync } from 'node:fs';
import { installLoaders } from '../../src/action/functions.ts';
import { runAction } from '../../src/action/run-action.ts';
import { app, setApp, type ResolvedUrl } from '../../src/app.ts';
import { digestOf } from '../../src/digest.ts';
import type { FrontCalls } from '../../src/front-calls.ts';
import type { IncomingBody, Job, JobRunner } from '../../src/job.ts';
import { runPage } from '../../src/render/run-page.ts';
import { runJob, type JobChannel, type Runners } from '../../src/runner.ts';
import type { Revalidation } from '../../src/request-store.ts';

export type JobMessage = { id: number; job: Job; body: Uint8Array | undefined; resolved: Record<string, ResolvedUrl>; abortAfterHead: boolean; config: object; manifest: object };
export type DoneMessage = {
  id: number;
  status: number;
  headers: [string, string][];
  chunks: Uint8Array[];
  payload: Uint8Array[];
  result: string;
  error: { digest: string; message: string } | undefined;
  dynamic: string | undefined;
  reported: { message: string; place: string }[];
  revalidated: Revalidation[];
};

const manifest = JSON.parse(readFileSync(`${process.env['FIXTURE']}/manifest.json`, 'utf8'));
let reported: DoneMessage['reported'] = [];
let resolved: JobMessage['resolved'] = {};

setApp({
  manifest, folder: process.env['FIXTURE'] as string, sealKeys: [Buffer.alloc(32, 7)], dev: false,
  report(error, place) {
    reported.push({ message: error instanceof Error ? error.message : String(error), place });
    return digestOf(error);
  },
  resolve: (url) => Promise.resolve(resolved[url] ?? { kind: 'external' }),
  flushRevalidations(store) {
    store.revalidated.push(...store.revalidations.splice(0));
    return Promise.resolve();
  },
});
installLoaders(app());

const none: JobRunner = () => Promise.reject(new Error('not here'));
const runners: Runners = { page: runPage, prerender: runPage, action: runAction, handler: none, metadata: none, proxy: none, control: none };

process.on('message', async (message: JobMessage) => {
  reported = [];
  resolved = message.resolved;
  Object.assign(manifest, message.manifest);
  Object.assign(manifest.config, message.config);
  const done: DoneMessage = { id: message.id, status: 0, headers: [], chunks: [], payload: [], result: '', error: undefined, dynamic: undefined, reported, revalidated: [] };
  const controller = new AbortController();
  const channel: JobChannel = {
    body: bodyOf(message.body ?? new Uint8Array()),
    out: {
      head(status, headers) {
        if (done.status !== 0) throw new Error('second head');
        Object.assign(done, { status, headers });
        if (message.abortAfterHead) controller.abort();
      },
      get headSent() { return done.status !== 0; },
      cancelled: false,
      write(bytes) {
        if (done.status === 0) throw new Error('write before head');
        done.chunks.push(Buffer.from(bytes));
        // Every write has to wait a little: back-pressure is the rule here.
        return new Promise((resolve) => setImmediate(resolve));
      },
      payload(bytes) {
        done.payload.push(Buffer.from(bytes));
        return undefined;
      },
    },
    signal: () => controller.signal,
    onCancel: (stop) => controller.signal.addEventListener('abort', () => stop(controller.signal.reason)),
    front: {} as FrontCalls,
    cancelledBy: () => undefined,
  };
  const { store, outcome } = await runJob(message.job, channel, runners);
  done.result = outcome.result;
  done.error = outcome.error;
  done.dynamic = store.dynamic;
  done.revalidated = store.revalidated;
  process.send?.(done);
});
process.send?.('ready');

function bodyOf(bytes: Uint8Array): IncomingBody {
  return {
    bytes: () => Promise.resolve(bytes),
    text: () => Promise.resolve(Buffer.from(bytes).toString('utf8')),
    stream: () => new Response(bytes as Uint8Array<ArrayBuffer>).body as ReadableStream<Uint8Array>,
  };
}
