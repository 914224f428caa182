/**
 * `draftMode()` of `next/headers`. The cookie's value is derived from the server's key (every worker and the front can
 * compute it, nobody else can), so that a made-up cookie is not believed (Next behaviour 5.58).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { writeCookie } from './cookies.ts';
import { readsRequest } from './dynamic.ts';
import { currentRequest, type RequestStore } from './request-store.ts';

export const DRAFT_COOKIE = '__prerender_bypass';

let draftId: Buffer | undefined;

/** Called once at start with the first seal key. 32 hex digits. */
export function setDraftKey(key: Uint8Array): void {
  draftId = Buffer.from(createHmac('sha256', key).update('ironside draft mode').digest('hex').slice(0, 32));
}

/** Whether a request with this cookie value is in draft mode. */
export function isDraftCookie(value: string | undefined): boolean {
  if (value === undefined || draftId === undefined || value.length !== draftId.length) return false;
  const given = Buffer.from(value, 'latin1');
  return given.length === draftId.length && timingSafeEqual(given, draftId);
}

export type DraftMode = { readonly isEnabled: boolean; enable(): void; disable(): void };

export function draftMode(): Promise<DraftMode> {
  const store = currentRequest('draftMode()');
  return Promise.resolve({
    get isEnabled() {
      // Only where it is on does it make the answer another one: a draft request is dynamic anyway.
      if (store.draft && store.phase !== 'cache' && store.phase !== 'after') readsRequest(store, 'draftMode', 'draftMode().isEnabled');
      return store.draft;
    },
    enable: () => toggle(store, true),
    disable: () => toggle(store, false),
  });
}

function toggle(store: RequestStore, on: boolean): void {
  const api = on ? 'draftMode().enable()' : 'draftMode().disable()';
  if (!draftId) throw new Error('Draft mode cannot be used: this server has no key.');
  store.dynamic ??= 'draftMode';
  writeCookie(store, {
    name: DRAFT_COOKIE, value: on ? draftId.toString() : '', path: '/', httpOnly: true, secure: true, sameSite: 'none',
    ...(on ? {} : { expires: new Date(0) }),
  }, api);
  store.draft = on;
}
