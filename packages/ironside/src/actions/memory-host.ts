/**
 * Actions without Ironside's server: limits and idempotency keys hold in this process only, and are gone when it ends. The status and
 * the headers of an action cannot be set here, and nobody tells that a client has gone.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { Answer, Begun, Ending, Host, Submission } from './host.ts';

const MOST_KEPT = 10_000;
const PATIENCE_MS = 30_000;

type Kept = { fingerprint: string; keepMs: number; until: number; ending: Ending | undefined; running: Promise<void> | undefined; done: (() => void) | undefined };

export function memoryHost(): Host {
  const rates = new Map<string, number>();
  const kept = new Map<string, Kept>();
  const running = new Map<number, string>();
  const answers = new AsyncLocalStorage<Answer>();
  let last = 0;

  async function begin({ key, byClient, fingerprint, keepSeconds }: Submission): Promise<Begun> {
    const name = await nameOf(key, byClient);
    const print = Buffer.from(fingerprint).toString('hex');
    for (;;) {
      const known = kept.get(name);
      if (!known || (known.running === undefined && known.until <= Date.now())) break;
      if (known.fingerprint !== print) return { state: 'mismatch' };
      if (known.running === undefined) return { state: 'replay', ending: known.ending };
      if (await isSlow(known.running)) return { state: 'busy' };
    }
    let done: (() => void) | undefined;
    const end = new Promise<void>((resolve) => { done = resolve; });
    kept.delete(name);
    kept.set(name, { fingerprint: print, keepMs: keepSeconds * 1000, until: 0, ending: undefined, running: end, done });
    running.set(++last, name);
    return { state: 'run', ticket: last };
  }

  function end(ticket: number, ending: Ending | undefined): void {
    const name = running.get(ticket);
    const entry = name === undefined ? undefined : kept.get(name);
    if (name === undefined || !entry) return;
    running.delete(ticket);
    const { done, keepMs } = entry;
    if (ending === undefined) kept.delete(name);
    else kept.set(name, { ...entry, ending, until: Date.now() + keepMs, running: undefined, done: undefined });
    done?.();
    for (const [oldest, { running: runs }] of kept) {
      if (kept.size <= MOST_KEPT) break;
      if (runs === undefined) kept.delete(oldest);
    }
  }

  return {
    async rate(key, byClient, { limit, periodMs }) {
      const name = await nameOf(key, byClient);
      const [now, interval] = [Date.now(), periodMs / limit];
      const next = Math.max(rates.get(name) ?? 0, now) + interval;
      const wait = next - (now + periodMs);
      // Half a millisecond: what is not whole in `interval` must not cost a call.
      if (wait > 0.5) return { allowed: false, waitMs: Math.ceil(wait) };
      rates.delete(name);
      rates.set(name, next);
      for (const [oldest, until] of rates) {
        if (rates.size <= MOST_KEPT && until > now) break;
        rates.delete(oldest);
      }
      return { allowed: true, waitMs: 0 };
    },
    begin,
    end: (ticket, ending) => Promise.resolve(end(ticket, ending)),
    async cookies() {
      const { cookies } = await nextHeaders();
      return new Map((await cookies()).getAll().map(({ name, value }) => [name, value]));
    },
    answer(answer) {
      const collected = answers.getStore();
      if (!collected) return;
      if (answer.status !== undefined) collected.status = answer.status;
      collected.headers.push(...answer.headers);
    },
    async collect(run) {
      const answer: Answer = { headers: [] };
      return { value: await answers.run(answer, run), answer };
    },
    signal: () => new AbortController().signal,
  };
}

type NextHeaders = {
  headers: () => Promise<Headers>;
  cookies: () => Promise<{ getAll: () => { name: string; value: string }[] }>;
};

let loading: Promise<NextHeaders> | undefined;

/** Only where it is needed, as tests have none. Its types are another module's in client code. */
function nextHeaders(): Promise<NextHeaders> {
  return (loading ??= import('next/headers') as unknown as Promise<NextHeaders>);
}

async function nameOf(key: Uint8Array, byClient: boolean): Promise<string> {
  const hash = createHash('sha256').update(key);
  if (byClient) hash.update(await clientAddress());
  return hash.digest('base64');
}

/** As the nearest proxy says it. Without a proxy in front that sets these headers, clients can say what they like. */
async function clientAddress(): Promise<string> {
  const { headers } = await nextHeaders();
  const all = await headers();
  return all.get('x-real-ip') ?? all.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
}

async function isSlow(running: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<true>((resolve) => { timer = setTimeout(() => resolve(true), PATIENCE_MS); });
  const slow = await Promise.race([running.then(() => false as const), late]);
  clearTimeout(timer);
  return slow;
}
