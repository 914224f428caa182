/** Runs what a client submits under an idempotency key once, and answers all submissions of it alike. */
import { createHash } from 'node:crypto';
import { fingerprint } from './fingerprint.ts';
import { host, type Ending } from './host.ts';
import type { Call } from './call.ts';
import type { OnceRule } from './options.ts';
import { fail, type ActionResult } from './result.ts';

/** What belongs to one action only. */
export function digestOf(...parts: string[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest();
}

export async function runOnce(rule: OnceRule, action: string, call: Call & { key: string }, session: unknown, run: () => Promise<ActionResult>): Promise<ActionResult> {
  const scope = await scopeOf(rule, session);
  const begun = await host().begin({
    key: digestOf('once', action, scope ?? '', call.key),
    byClient: scope === undefined,
    fingerprint: await fingerprint(call.bound, call.raw),
    keepSeconds: rule.keepSeconds,
  });
  switch (begun.state) {
    case 'replay': return replayed(begun.ending);
    case 'mismatch': return fail('key_reused', 'Something else was sent before under the same key. Reload the page and send it again.');
    case 'busy': return fail('in_progress', 'This was sent before and is still being worked on.', { retryAfter: 5 });
    case 'run': return finish(begun.ticket, run);
  }
}

async function finish(ticket: number, run: () => Promise<ActionResult>): Promise<ActionResult> {
  let ending: Ending | undefined;
  try {
    const result = await run();
    // What was refused may be mended and sent again under the same key.
    if (result.ok) ending = { kind: 'result', result };
    return result;
  } catch (error) {
    const digest = (error as { digest?: unknown } | null)?.digest;
    if (typeof digest === 'string' && digest.startsWith('NEXT_REDIRECT;')) ending = { kind: 'redirect', digest };
    throw error;
  } finally {
    await host().end(ticket, ending);
  }
}

function replayed(ending: Ending | undefined): ActionResult {
  if (ending === undefined) return fail('already_done', 'This was sent before, and it is done.');
  if (ending.kind === 'result') return ending.result;
  throw Object.assign(new Error('NEXT_REDIRECT'), { digest: ending.digest });
}

/** Whose key it is, so that nobody gets the answer of somebody else; `undefined`: the client's address says it. */
async function scopeOf({ scope }: OnceRule, session: unknown): Promise<string | undefined> {
  if (scope) return `scope ${scope({ session })}`;
  const identity = identityOf(session);
  if (identity !== undefined) return `session ${identity}`;
  const own = [...await host().cookies()].filter(([name]) => SESSION_COOKIE.test(name));
  return own.length === 0 ? undefined : `cookies ${JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** Cookies that say who somebody is, by how such cookies are usually called. */
const SESSION_COOKIE = /sess|auth|sid$|^sid|jwt|user|account|login|identity/i;

function identityOf(session: unknown): string | undefined {
  if (typeof session === 'string' || typeof session === 'number' || typeof session === 'bigint') return String(session);
  if (typeof session !== 'object' || session === null) return undefined;
  const { id, userId, sub, user } = session as Record<string, unknown>;
  for (const candidate of [userId, id, sub]) {
    if (typeof candidate === 'string' || typeof candidate === 'number' || typeof candidate === 'bigint') return String(candidate);
  }
  return user === session ? undefined : identityOf(user);
}
