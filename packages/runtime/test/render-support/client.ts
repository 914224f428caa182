/** Runs jobs in the fixture's worker. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../../src/job.ts';
import type { ResolvedUrl } from '../../src/app.ts';
import { buildFixture, type Fixture } from './build.ts';
import type { DoneMessage } from './worker.ts';

export type JobInput = Partial<Job> & { body?: string | Uint8Array; resolved?: Record<string, ResolvedUrl>; abortAfterHead?: boolean; config?: object; manifest?: object };
export type Answer = Omit<DoneMessage, 'chunks' | 'payload'> & { text: string; pieces: string[]; payloadText: string; header: (name: string) => string | undefined };

export type Worker = Fixture & { run(input: JobInput): Promise<Answer>; stop(): void };

export async function startWorker(prepare: (fixture: Fixture) => void): Promise<Worker> {
  const fixture = await buildFixture();
  prepare(fixture);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(fixture.folder, 'manifest.json'), JSON.stringify(fixture.manifest));
  const child: ChildProcess = fork(join(fixture.folder, 'server/rsc/worker.mjs'), {
    env: { ...process.env, NODE_ENV: 'production', FIXTURE: fixture.folder }, serialization: 'advanced', execArgv: ['--enable-source-maps'],
  });
  await once(child, 'message');
  let last = 0;
  return {
    ...fixture,
    async run({ body, resolved = {}, abortAfterHead = false, config = {}, manifest = {}, ...job }) {
      const id = ++last;
      const done = new Promise<DoneMessage>((resolve, reject) => {
        const gone = () => reject(new Error('the worker has died'));
        child.once('exit', gone);
        child.on('message', function listen(message: DoneMessage) {
          if (message.id !== id) return;
          child.off('message', listen);
          child.off('exit', gone);
          resolve(message);
        });
      });
      const full: Job = {
        kind: 'page', method: 'GET', scheme: 'http', authority: 'shop.example', path: '/', query: '', clientAddress: '127.0.0.1', route: 0, params: [], target: '',
        variant: 'html', permit: 0, deadlineMs: 0, requestId: 'r', trace: '', headers: [], hasBody: body !== undefined, ...job,
      };
      child.send({ id, job: full, body: typeof body === 'string' ? Buffer.from(body) : body, resolved, abortAfterHead, config, manifest });
      const { chunks, payload, ...answer } = await done;
      return {
        ...answer,
        text: Buffer.concat(chunks).toString(),
        pieces: chunks.map((chunk) => Buffer.from(chunk).toString()),
        payloadText: Buffer.concat(payload).toString(),
        header: (name) => answer.headers.find(([own]) => own === name)?.[1],
      };
    },
    stop() {
      child.kill();
      rmSync(fixture.folder, { recursive: true });
    },
  };
}
