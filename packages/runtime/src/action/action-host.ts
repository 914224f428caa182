/**
 * What `ironside/actions` needs of the server it runs in: limits and idempotency keys are the front's, so that they hold for all workers;
 * status, headers and the signal are those of the request.
 */
import type { Begun, Ending, Host } from 'ironside/actions/host';
import { createFromNodeStream } from 'react-server-dom-webpack/client.node';
import { renderToPipeableStream } from 'react-server-dom-webpack/server.node';
import { app } from '../app.ts';
import { repeatCookies } from '../cookies.ts';
import { requestCookieValues } from '../headers.ts';
import { bytesSource, collectFlight } from '../render/flight-bytes.ts';
import { reactMaps } from '../render/react-maps.ts';
import { currentRequest, type RequestAnswer, type RequestStore } from '../request-store.ts';

/** How long a submission waits for the one that runs under its key; less where the request itself has less time. */
const PATIENCE_MS = 30_000;
/** Results that are larger are not kept: who comes again learns only that it is done. */
const MOST_BYTES = 512 * 1024;

/** What a later submission gets: the ending, and everything that went with it. */
type Kept = { ending: Ending; cookies: [name: string, line: string][]; refresh: 0 | 1 | 2; answer: RequestAnswer | undefined };

export function actionHost(): Host {
  return {
    rate: (key, byClient, { limit, periodMs }) => currentRequest('createAction').front.rateTake(key, byClient, limit, periodMs),
    async begin({ key, byClient, fingerprint, keepSeconds }) {
      const store = currentRequest('createAction');
      const { deadlineMs } = store.job;
      const patienceMs = deadlineMs === 0 ? PATIENCE_MS : Math.min(PATIENCE_MS, Math.floor(deadlineMs / 2));
      const begun = await store.front.idempotencyBegin({ key, byClient, fingerprint, keepSeconds, patienceMs });
      return begun.state === 'replay' ? repeated(store, begun.value) : begun;
    },
    async end(ticket, ending) {
      const store = currentRequest('createAction');
      // Whoever waits for this end shows fresh UI right after it.
      await app().flushRevalidations(store);
      const value = ending && (await packed({ ending, cookies: [...store.cookieWrites], refresh: store.refresh, answer: store.answer }));
      await store.front.idempotencyEnd(ticket, ending !== undefined, value);
    },
    cookies: () => Promise.resolve(requestCookieValues(currentRequest('createAction'))),
    answer: (answer) => addAnswer(currentRequest('actionResponse()'), answer),
    async collect(run) {
      const store = currentRequest('toHandler');
      store.answer = undefined;
      const value = await run();
      return { value, answer: store.answer ?? { headers: [] } };
    },
    signal: () => currentRequest('actionSignal()').signal(),
  };
}

/** What is said later counts. */
export function addAnswer(store: RequestStore, { status, headers }: RequestAnswer): void {
  const answer = (store.answer ??= { headers: [] });
  if (status !== undefined) answer.status = status;
  const replaced = new Set(headers.map(([name]) => name));
  answer.headers = [...answer.headers.filter(([name]) => !replaced.has(name)), ...headers];
}

async function repeated(store: RequestStore, value: Uint8Array | undefined): Promise<Begun> {
  if (value === undefined) return { state: 'replay', ending: undefined };
  const maps = reactMaps(app().manifest);
  const { ending, cookies, refresh, answer } = await createFromNodeStream<Kept>(bytesSource(value), { moduleMap: maps.reopen, serverModuleMap: maps.every, moduleLoading: null });
  repeatCookies(store, cookies);
  store.refresh = refresh;
  store.answer = answer;
  return { state: 'replay', ending };
}

/** As Flight has it, so that whatever an action can return can be returned again. `undefined`: it can be sent once only, or is too large. */
async function packed(kept: Kept): Promise<Uint8Array | undefined> {
  let failed = false;
  const bytes = await collectFlight(renderToPipeableStream(kept, reactMaps(app().manifest).client, { onError: () => { failed = true; return ''; } }));
  return failed || bytes.byteLength > MOST_BYTES ? undefined : bytes;
}
