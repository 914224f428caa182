/** Reads the response to an action. Edge: what follows from it is up to `call-server.ts`. */
import { createFromReadableStream } from 'react-server-dom-webpack/client.browser';
import type { TemporaryReferenceSet } from 'react-server-dom-webpack/client.browser';
import type { ActionPayload, Payload } from '../payload.ts';
import { isFlight } from '../router/request.ts';
import { callServer } from '../server-calls.ts';
import { ServerActionError, UnrecognizedActionError } from './errors.ts';
import type { ActionFailure } from './errors.ts';
import { redirectIn, revalidatedIn } from './reply-headers.ts';
import type { Redirected } from './reply-headers.ts';

export type Reply = {
  payload: Payload | ActionPayload | undefined;
  /** 0: nothing was invalidated. 1: everything kept is out of date. 2: what was not made at build time (Next behaviour 1.66). */
  revalidated: 0 | 1 | 2;
  redirect: Redirected | undefined;
};

export async function readReply(response: Response, id: string, references: TemporaryReferenceSet): Promise<Reply> {
  if (response.headers.get('x-nextjs-action-not-found') === '1') {
    void response.body?.cancel();
    throw new UnrecognizedActionError(id, response.status);
  }
  if (response.headers.get('x-ironside-result') === '1') {
    // The server has refused it before any code ran, in the form of the action's own results.
    return { payload: { build: '', result: response.json() }, revalidated: 0, redirect: undefined };
  }
  const redirect = redirectIn(response.headers.get('x-action-redirect'));
  const flight = isFlight(response) && response.body;
  if (!flight && !redirect) throw await failureOf(response);
  if (!flight) void response.body?.cancel();
  return {
    payload: flight ? await createFromReadableStream<Payload | ActionPayload>(flight, { callServer, temporaryReferences: references }) : undefined,
    revalidated: revalidatedIn(response.headers.get('x-action-revalidated')),
    redirect,
  };
}

const CODES: Readonly<Record<number, ActionFailure>> = { 413: 'body-too-large', 429: 'too-many-requests', 403: 'forbidden' };

/** The body is a message for the reader only if it is plain text. */
async function failureOf(response: Response): Promise<ServerActionError> {
  const { status } = response;
  const plain = response.headers.get('content-type')?.split(';')[0]?.trim() === 'text/plain';
  if (!plain) void response.body?.cancel();
  const text = status >= 400 && plain ? (await response.text()).trim() : '';
  const message = text || `The server answered the call of a Server Action with status ${status} and no result.`;
  return new ServerActionError(CODES[status] ?? 'bad-reply', status, message);
}
