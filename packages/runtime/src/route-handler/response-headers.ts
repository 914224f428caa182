/** The headers of a handler's answer: those of its Response, with the cookies of the request's store (Next behaviour 4.16). */
import type { RequestStore } from '../request-store.ts';
import { formatSetCookie, parseSetCookie, setCookieName } from '../web/cookie-text.ts';
import { sendableHeaders } from '../web/response.ts';

const PRIVATE = 'private, no-cache, no-store, max-age=0, must-revalidate';

export function responseHeaders(store: RequestStore, response: Response): [name: string, value: string][] {
  let headers = sendableHeaders(response);
  if (!store.untouched && store.cookieWrites.size > 0) headers = withCookies(headers, store.cookieWrites);
  if (store.draft && !headers.some(([name]) => name === 'cache-control')) headers.push(['cache-control', PRIVATE]);
  return headers;
}

/** The response's own cookies come first and win. They are written anew, so that all of one answer have the same form. */
function withCookies(headers: [string, string][], writes: ReadonlyMap<string, string>): [string, string][] {
  const merged = headers.filter(([name]) => name !== 'set-cookie');
  const own = new Map<string, string>();
  for (const [name, line] of headers) {
    if (name !== 'set-cookie') continue;
    const cookie = parseSetCookie(line);
    own.set(setCookieName(line), cookie ? formatSetCookie(cookie) : line);
  }
  for (const line of own.values()) merged.push(['set-cookie', line]);
  for (const [name, line] of writes) if (!own.has(name)) merged.push(['set-cookie', line]);
  return merged;
}
