/** `FrontCalls` over CALL frames, for one job. The cache may fail at any moment: then it has nothing, and the work goes on. */
import type { Call, Reply } from '@ironside/protocol/generated.ts';
import type { FrontCalls } from '../front-calls.ts';
import { writeLog } from '../log.ts';
import { JobEndedError } from './call-queue.ts';

export type Ask = (call: Call) => Promise<Reply>;

export function frontClient(ask: Ask): FrontCalls {
  return {
    async cacheGet({ kind, key }, tags) {
      try {
        const reply = await ask({ op: 'cacheGet', kind, key, tags });
        switch (reply.type) {
          case 'fresh': return { state: 'fresh', value: reply.value };
          case 'stale': return { state: 'stale', value: reply.value, permit: reply.permit };
          case 'miss': return { state: 'miss', permit: reply.permit };
          default: throw unexpected(reply);
        }
      } catch (error) {
        // Whoever asked for the answer is gone. That is no trouble of the cache's, and any client can do it at will.
        if (error instanceof JobEndedError) return { state: 'miss', permit: undefined };
        writeLog('warn', 'runtime.cache', `A cached value could not be read: ${messageOf(error)}`);
        return { state: 'miss', permit: undefined };
      }
    },
    async cacheSet({ kind, key }, permit, entry) {
      await unlessEnded(ask({ op: 'cacheSet', kind, key, permit, ...entry }));
    },
    async permitDrop(permit) {
      await unlessEnded(ask({ op: 'permitDrop', permit }));
    },
    async revalidate(items) {
      expectDone(await ask({ op: 'revalidate', items }));
    },
    async rateTake(key, byClient, burst, periodMs) {
      const reply = await ask({ op: 'rateTake', key, byClient, burst, periodMs });
      if (reply.type !== 'rated') throw unexpected(reply);
      return { allowed: reply.allowed, waitMs: reply.waitMs };
    },
    async idempotencyBegin({ key, byClient, fingerprint, keepSeconds, patienceMs }) {
      const reply = await ask({ op: 'idempotencyBegin', key, byClient, fingerprint, keepS: keepSeconds, patienceMs });
      switch (reply.type) {
        case 'run': return { state: 'run', ticket: reply.ticket };
        case 'replay': return { state: 'replay', value: reply.value };
        case 'mismatch': case 'busy': return { state: reply.type };
        default: throw unexpected(reply);
      }
    },
    async idempotencyEnd(ticket, keep, value) {
      expectDone(await ask({ op: 'idempotencyEnd', ticket, keep, value }));
    },
    async resolve(url) {
      const reply = await ask({ op: 'resolve', url });
      if (reply.type !== 'resolved') throw unexpected(reply);
      const { resolution } = reply;
      switch (resolution.type) {
        case 'route': return {
          kind: 'page', route: resolution.route, path: resolution.path, query: resolution.query,
          params: resolution.params.map(({ name, values, kind }) => ({ name, values: [...values], kind })),
        };
        case 'handler': return { kind: 'other' };
        case 'external': return { kind: 'external' };
        case 'none': return { kind: 'page', route: -1, params: [], ...split(url) };
      }
    },
  };
}

function split(url: string): { path: string; query: string } {
  const { pathname, search } = new URL(url, 'http://localhost');
  return { path: pathname, query: search.slice(1) };
}

/** The end of a job ends its permits as well, so there is nothing left to tell the front. */
async function unlessEnded(asking: Promise<Reply>): Promise<void> {
  try {
    expectDone(await asking);
  } catch (error) {
    if (!(error instanceof JobEndedError)) throw error;
  }
}

function expectDone(reply: Reply): void {
  if (reply.type !== 'done') throw unexpected(reply);
}

function unexpected(reply: Reply): Error {
  return new Error(reply.type === 'refused' ? reply.reason : `The front answered with ${reply.type}.`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
