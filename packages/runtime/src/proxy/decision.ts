/**
 * From the Response that `proxy.ts` returned to a decision as data (Next behaviour 7.25). Inside the worker a decision is
 * written in headers `x-middleware-*`, since libraries read and copy them; they end here and never travel.
 */
import { requestHeaderPairs, requestCookieValues, visibleHeaderPairs, type HeaderPair } from '../headers.ts';
import type { ProxyDecision } from '../job.ts';
import type { RequestStore } from '../request-store.ts';
import { formatCookieHeader, parseCookieHeader, parseSetCookie } from '../web/cookie-text.ts';
import { sendableHeaders } from '../web/response.ts';

const OVERRIDE = 'x-middleware-override-headers';
const REQUEST = 'x-middleware-request-';

export function decisionOf(store: RequestStore, response: Response | undefined): ProxyDecision {
  if (!response) return { action: { type: 'next' }, responseHeaders: [] };
  const all = sendableHeaders(response);
  const value = (name: string) => all.find(([own]) => own === name)?.[1];
  const rewrite = value('x-middleware-rewrite');
  const location = value('location');
  const isRedirect = location !== undefined && response.status >= 300 && response.status < 400;
  const responseHeaders = all.filter(([name]) => !name.startsWith('x-middleware-'));
  if (rewrite === undefined && isRedirect) {
    return { action: { type: 'redirect', url: withinSite(store, location), status: response.status }, responseHeaders: responseHeaders.filter(([name]) => name !== 'location') };
  }
  if (rewrite === undefined && value('x-middleware-next') === undefined) return { action: { type: 'respond' }, responseHeaders: [] };
  const requestHeaders = changedRequest(store, all);
  return {
    action: rewrite === undefined ? { type: 'next' } : { type: 'rewrite', url: withinSite(store, rewrite) },
    ...(requestHeaders ? { requestHeaders } : {}),
    responseHeaders,
  };
}

/** What is sent when the proxy answers by itself. */
export function ownAnswerHeaders(response: Response): HeaderPair[] {
  return sendableHeaders(response).filter(([name]) => !name.startsWith('x-middleware-'));
}

/**
 * The headers that pages, actions and handlers are to see, if they differ from the client's: those of
 * `NextResponse.next({request: {headers}})`, and the cookies that the proxy sets, which count at once.
 */
function changedRequest(store: RequestStore, all: readonly HeaderPair[]): HeaderPair[] | undefined {
  const names = all.find(([name]) => name === OVERRIDE)?.[1];
  const setCookies = all.filter(([name]) => name === 'set-cookie').map(([, line]) => line);
  if (names === undefined && setCookies.length === 0) return undefined;
  let headers: HeaderPair[];
  if (names === undefined) {
    headers = [...requestHeaderPairs(store)];
  } else {
    // What the proxy could not see it could not mean to remove.
    const visible = new Set(visibleHeaderPairs(store).map(([name]) => name));
    headers = store.job.headers.filter(([name]) => !visible.has(name));
    const wanted = new Set(names.split(',').map((name) => name.trim().toLowerCase()).filter((name) => name !== ''));
    for (const [name, value] of all) {
      if (name.startsWith(REQUEST) && wanted.has(name.slice(REQUEST.length))) headers.push([name.slice(REQUEST.length), value]);
    }
  }
  return setCookies.length === 0 ? headers : withSetCookies(store, headers, setCookies, names !== undefined);
}

function withSetCookies(store: RequestStore, headers: HeaderPair[], lines: string[], overridden: boolean): HeaderPair[] {
  const header = headers.find(([name]) => name === 'cookie')?.[1];
  const cookies = overridden ? parseCookieHeader(header ?? '') : new Map(requestCookieValues(store));
  for (const line of lines) {
    const cookie = parseSetCookie(line);
    if (!cookie) continue;
    const gone = cookie.maxAge === undefined ? cookie.expires !== undefined && Number(cookie.expires) <= Date.now() : cookie.maxAge <= 0;
    if (gone) cookies.delete(cookie.name);
    else cookies.set(cookie.name, cookie.value);
  }
  const rest = headers.filter(([name]) => name !== 'cookie');
  return cookies.size === 0 ? rest : [...rest, ['cookie', formatCookieHeader(cookies)]];
}

/** Path and query for a URL of this site, as it is for another one. */
function withinSite(store: RequestStore, target: string): string {
  const { scheme, authority } = store.job;
  const origin = `${scheme}://${authority}`;
  if (!URL.canParse(target, origin)) return target;
  const url = new URL(target, origin);
  return url.origin === new URL(origin).origin ? `${url.pathname}${url.search}${url.hash}` : url.href;
}
