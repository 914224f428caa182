/** Running an action to its end, and what the end was. */
import { answerOf } from 'ironside/actions/host';
import { readInterrupt, type Interrupt } from '@ironside/client/digest.ts';
import type { App } from '../app.ts';
import type { RequestStore } from '../request-store.ts';
import { addAnswer } from './action-host.ts';

export type ActionEnd =
  | { kind: 'value'; value: unknown }
  | { kind: 'redirect'; error: unknown; to: Extract<Interrupt, { kind: 'redirect' }> }
  | { kind: 'http'; error: unknown; status: 401 | 403 | 404 }
  | { kind: 'thrown'; error: unknown };

/** Runs in phase `action`; what was revalidated holds when this resolves, so that what is rendered next shows it. */
export async function runFunction(app: App, store: RequestStore, run: () => unknown): Promise<ActionEnd> {
  store.phase = 'action';
  let end: ActionEnd;
  try {
    end = { kind: 'value', value: await run() };
    const said = answerOf(end.value);
    if (said) addAnswer(store, said);
  } catch (error) {
    end = endOf(error);
  }
  store.phase = 'render';
  try {
    await app.flushRevalidations(store);
  } catch (error) {
    // Somebody might see old data: the caller must not believe that all went well.
    if (end.kind === 'value') end = { kind: 'thrown', error };
  }
  return end;
}

function endOf(error: unknown): ActionEnd {
  const interrupt = readInterrupt(error);
  if (interrupt?.kind === 'redirect') return { kind: 'redirect', error, to: interrupt };
  if (interrupt?.kind === 'http') return { kind: 'http', error, status: interrupt.status };
  return { kind: 'thrown', error };
}
