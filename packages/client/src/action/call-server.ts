/**
 * Calls a Server Action: encodes the arguments when it is called, posts them to the URL it was called under when its turn comes, and
 * hands the fresh UI of the reply to the router before the caller gets the result, so that both show at once.
 */
import { createTemporaryReferenceSet, encodeReply } from 'react-server-dom-webpack/client.browser';
import type { CallServer, TemporaryReferenceSet } from 'react-server-dom-webpack/client.browser';
import type { ActionPayload, Payload } from '../payload.ts';
import type { Place } from '../router/state.ts';
import type { RouterStore } from '../router/store.ts';
import { withBasePath } from '../router/target.ts';
import { declaredArguments } from './arguments.ts';
import { ServerActionError, redirectError } from './errors.ts';
import { createQueue } from './queue.ts';
import { readReply } from './reply.ts';
import type { Reply } from './reply.ts';

type Call = { id: string; concurrent: boolean; body: Promise<string | FormData>; references: TemporaryReferenceSet; at: Place; from: string | undefined };

export function createCaller(store: RouterStore): CallServer {
  const queue = createQueue();
  const shown: Shown = { replies: 0 };
  return (id, args) => {
    const references = createTemporaryReferenceSet();
    const body = encodeReply(declaredArguments(id, args), { temporaryReferences: references });
    body.catch(() => undefined); // Reported when its turn comes.
    const concurrent = store.shown.settings.concurrent?.includes(id) ?? false;
    const call: Call = { id, concurrent, body, references, at: store.place, from: store.from };
    store.actions++;
    const begin = () => run(store, call, shown);
    return (concurrent ? begin() : queue(begin)).finally(() => { store.actions--; });
  };
}

/** How many replies have brought fresh UI. */
type Shown = { replies: number };

async function run(store: RouterStore, call: Call, shown: Shown): Promise<unknown> {
  const before = shown.replies;
  const response = await post(call, await call.body, store.basePath);
  const reply = await readReply(response, call.id, call.references);
  const { payload } = reply;
  // The result first: it and the UI that follows from it are to show together.
  const result = await settled(payload && 'result' in payload ? payload.result : undefined);
  if (reply.revalidated > 0) store.purge(reply.revalidated === 1);
  if (reply.redirect) return follow(store, call.at, reply.redirect, payload);
  // Of replies that were under way at once nobody knows whose UI is newer: then it is asked for again.
  const overtaken = call.concurrent && before !== shown.replies && payload?.tree !== undefined;
  const fresh = payload?.tree && !overtaken ? payload : undefined;
  if (payload?.tree) shown.replies++;
  const beside = fresh && reply.revalidated > 0 ? await store.askBeside() : [];
  store.reply(call.at, fresh, reply.revalidated > 0, beside);
  if (overtaken) store.refresh();
  if (result.ok) return result.value;
  throw result.error;
}

function follow(store: RouterStore, at: Place, { url, type }: NonNullable<Reply['redirect']>, payload: Payload | ActionPayload | undefined): never {
  store.redirected(at, hrefUnder(url, at, store.basePath), type, payload?.tree ? payload : undefined);
  throw redirectError(url, type);
}

/** `./x` is taken from the current path as a folder (Next behaviour 1.76). */
function hrefUnder(url: string, at: Place, basePath: string): string {
  if (!url.startsWith('.')) return url;
  return new URL(url, `${location.origin}${withBasePath(at.path, basePath).replace(/\/$/, '')}/`).href;
}

async function post({ id, at, from }: Call, body: string | FormData, basePath: string): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/x-component', 'Next-Action': id };
  if (from !== undefined) headers['Ironside-From'] = from;
  try {
    return await fetch(withBasePath(at.path, basePath) + at.search, { method: 'POST', headers, body, credentials: 'same-origin' });
  } catch (cause) {
    throw new ServerActionError('network', 0, 'The call of a Server Action did not reach the server, or its reply was lost.', { cause });
  }
}

type Settled = { ok: true; value: unknown } | { ok: false; error: unknown };

async function settled(result: Promise<unknown> | undefined): Promise<Settled> {
  try {
    return { ok: true, value: await result };
  } catch (error) {
    return { ok: false, error };
  }
}
