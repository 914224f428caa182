/**
 * Cookies as text: the `cookie` header of requests and the `set-cookie` header of responses. Spelling and order of the
 * attributes are those that applications (and their tests) know from Next (behaviour 1.91, 1.92).
 */

export type CookieAttributes = {
  path?: string | undefined;
  domain?: string | undefined;
  expires?: Date | number | undefined;
  maxAge?: number | undefined;
  secure?: boolean | undefined;
  httpOnly?: boolean | undefined;
  sameSite?: 'strict' | 'lax' | 'none' | boolean | undefined;
  partitioned?: boolean | undefined;
  priority?: 'low' | 'medium' | 'high' | undefined;
};

export type RequestCookie = { name: string; value: string };
export type ResponseCookie = RequestCookie & CookieAttributes;

/** Reads a `cookie` header. Of two with one name the last counts; one that cannot be decoded is left out. */
export function parseCookieHeader(header: string): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals).trim();
    const value = equals === -1 ? 'true' : pair.slice(equals + 1).trim();
    const decoded = decode(value);
    if (decoded !== undefined) cookies.set(name, decoded);
  }
  return cookies;
}

/** The inverse of `parseCookieHeader`. */
export function formatCookieHeader(cookies: Iterable<[name: string, value: string]>): string {
  let header = '';
  for (const [name, value] of cookies) header += `${header === '' ? '' : '; '}${name}=${encodeURIComponent(value)}`;
  return header;
}

/** A `set-cookie` header. `path` is `/` unless it is given; `maxAge` also gives `Expires`, as old browsers want it. */
export function formatSetCookie(cookie: ResponseCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`, `Path=${cookie.path ?? '/'}`];
  const expires = cookie.maxAge ? Date.now() + cookie.maxAge * 1000 : cookie.expires;
  if (expires !== undefined && expires !== null) parts.push(`Expires=${new Date(expires).toUTCString()}`);
  if (typeof cookie.maxAge === 'number') parts.push(`Max-Age=${cookie.maxAge}`);
  if (cookie.domain) parts.push(`Domain=${cookie.domain}`);
  if (cookie.secure) parts.push('Secure');
  if (cookie.httpOnly) parts.push('HttpOnly');
  if (cookie.sameSite) parts.push(`SameSite=${cookie.sameSite}`);
  if (cookie.partitioned) parts.push('Partitioned');
  if (cookie.priority) parts.push(`Priority=${cookie.priority}`);
  const text = parts.join('; ');
  // A line break or a semicolon in an attribute would be another header or attribute than the one that was meant.
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text) || /;/.test(`${cookie.path ?? ''}${cookie.domain ?? ''}`) || !/^[^\s=;,"]+$/.test(cookie.name)) {
    throw new TypeError(`The cookie ${JSON.stringify(cookie.name)} cannot be set: its name, path or domain has a character that cookies may not have.`);
  }
  return text;
}

/** Reads a `set-cookie` header; `undefined` for one without a name. Attributes that nobody knows are dropped. */
export function parseSetCookie(header: string): ResponseCookie | undefined {
  const [first = '', ...attributes] = header.split(';');
  const equals = first.indexOf('=');
  if (equals <= 0) return undefined;
  const raw = first.slice(equals + 1).trim();
  const cookie: ResponseCookie = { name: first.slice(0, equals).trim(), value: decode(raw) ?? raw };
  for (const attribute of attributes) readAttribute(cookie, attribute);
  return cookie;
}

function readAttribute(cookie: ResponseCookie, attribute: string): void {
  const equals = attribute.indexOf('=');
  const name = (equals === -1 ? attribute : attribute.slice(0, equals)).trim().toLowerCase();
  const value = equals === -1 ? '' : attribute.slice(equals + 1).trim();
  switch (name) {
    case 'path': cookie.path = value; break;
    case 'domain': cookie.domain = value; break;
    case 'expires': {
      const time = Date.parse(value);
      if (!Number.isNaN(time)) cookie.expires = new Date(time);
      break;
    }
    case 'max-age': {
      const seconds = Number(value);
      if (value !== '' && Number.isFinite(seconds)) cookie.maxAge = seconds;
      break;
    }
    case 'secure': cookie.secure = true; break;
    case 'httponly': cookie.httpOnly = true; break;
    case 'partitioned': cookie.partitioned = true; break;
    case 'samesite': {
      const site = value.toLowerCase();
      if (site === 'strict' || site === 'lax' || site === 'none') cookie.sameSite = site;
      break;
    }
    case 'priority': {
      const priority = value.toLowerCase();
      if (priority === 'low' || priority === 'medium' || priority === 'high') cookie.priority = priority;
      break;
    }
  }
}

/** The name of a `set-cookie` header. */
export function setCookieName(header: string): string {
  const equals = header.indexOf('=');
  return (equals === -1 ? header : header.slice(0, equals)).trim();
}

function decode(value: string): string | undefined {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
