/**
 * The cookie jars that hang on `NextRequest` and `NextResponse`. Each is a view of one header of one `Headers` object:
 * what is set in the jar is at once in the header, and the other way round when the jar is made.
 */
import {
  formatCookieHeader, formatSetCookie, parseCookieHeader, parseSetCookie,
  type CookieAttributes, type RequestCookie, type ResponseCookie,
} from './cookie-text.ts';

type Named = string | { name: string };
const nameOf = (key: Named): string => (typeof key === 'string' ? key : key.name);

/** `request.cookies`. */
export class RequestCookies {
  readonly #headers: Headers;
  readonly #cookies: Map<string, string>;

  constructor(headers: Headers) {
    this.#headers = headers;
    this.#cookies = parseCookieHeader(headers.get('cookie') ?? '');
  }

  get size(): number {
    return this.#cookies.size;
  }

  get(key: Named): RequestCookie | undefined {
    const name = nameOf(key);
    const value = this.#cookies.get(name);
    return value === undefined ? undefined : { name, value };
  }

  getAll(key?: Named): RequestCookie[] {
    const all = Array.from(this.#cookies, ([name, value]) => ({ name, value }));
    return key === undefined ? all : all.filter((cookie) => cookie.name === nameOf(key));
  }

  has(name: string): boolean {
    return this.#cookies.has(name);
  }

  set(...args: [name: string, value: string] | [cookie: RequestCookie]): this {
    const [name, value] = args.length === 1 ? [args[0].name, args[0].value] : args;
    this.#cookies.set(name, value);
    return this.#write();
  }

  /** Tells for each name whether there was such a cookie. */
  delete(names: string): boolean;
  delete(names: string[]): boolean[];
  delete(names: string | string[]): boolean | boolean[] {
    const result = Array.isArray(names) ? names.map((name) => this.#cookies.delete(name)) : this.#cookies.delete(names);
    this.#write();
    return result;
  }

  clear(): this {
    this.#cookies.clear();
    return this.#write();
  }

  toString(): string {
    return formatCookieHeader(this.#cookies);
  }

  *[Symbol.iterator](): IterableIterator<[string, RequestCookie]> {
    for (const [name, value] of this.#cookies) yield [name, { name, value }];
  }

  [Symbol.for('edge-runtime.inspect.custom')](): string {
    return `RequestCookies ${JSON.stringify(Object.fromEntries(this.#cookies))}`;
  }

  #write(): this {
    if (this.#cookies.size === 0) this.#headers.delete('cookie');
    else this.#headers.set('cookie', this.toString());
    return this;
  }
}

export type SetCookieArguments = [name: string, value: string, attributes?: CookieAttributes] | [cookie: ResponseCookie];
export type DeleteCookieArguments = [name: string] | [cookie: Omit<ResponseCookie, 'value' | 'expires'>];

/** One cookie object of the two ways in which `set` may be called. */
export function cookieToSet(args: SetCookieArguments): ResponseCookie {
  const cookie: ResponseCookie = args.length === 1 ? { ...args[0] } : { ...args[2], name: args[0], value: args[1] };
  cookie.value = String(cookie.value ?? '');
  cookie.path ??= '/';
  if (typeof cookie.expires === 'number') cookie.expires = new Date(cookie.expires);
  if (cookie.maxAge) cookie.expires = new Date(Date.now() + cookie.maxAge * 1000);
  return cookie;
}

/** The cookie that makes a browser forget one; `maxAge` is dropped, since it would win over `expires`. */
export function cookieToDelete(args: DeleteCookieArguments): ResponseCookie {
  const given = args[0];
  const { maxAge: _, ...rest } = typeof given === 'string' ? { name: given } as ResponseCookie : given as ResponseCookie;
  return { ...rest, value: '', expires: new Date(0), path: rest.path ?? '/' };
}

/** `response.cookies`. */
export class ResponseCookies {
  readonly #headers: Headers;
  readonly #cookies = new Map<string, ResponseCookie>();

  constructor(headers: Headers) {
    this.#headers = headers;
    for (const line of headers.getSetCookie()) {
      const cookie = parseSetCookie(line);
      if (cookie) this.#cookies.set(cookie.name, cookie);
    }
  }

  get(key: Named): ResponseCookie | undefined {
    return this.#cookies.get(nameOf(key));
  }

  getAll(key?: Named): ResponseCookie[] {
    const all = Array.from(this.#cookies.values());
    return key === undefined ? all : all.filter((cookie) => cookie.name === nameOf(key));
  }

  has(name: string): boolean {
    return this.#cookies.has(name);
  }

  set(...args: SetCookieArguments): this {
    const cookie = cookieToSet(args);
    formatSetCookie(cookie);
    this.#cookies.set(cookie.name, cookie);
    return this.#write();
  }

  delete(...args: DeleteCookieArguments): this {
    const cookie = cookieToDelete(args);
    this.#cookies.set(cookie.name, cookie);
    return this.#write();
  }

  toString(): string {
    return this.getAll().map(formatSetCookie).join('; ');
  }

  [Symbol.for('edge-runtime.inspect.custom')](): string {
    return `ResponseCookies ${JSON.stringify(Object.fromEntries(this.#cookies))}`;
  }

  #write(): this {
    this.#headers.delete('set-cookie');
    for (const cookie of this.#cookies.values()) this.#headers.append('set-cookie', formatSetCookie(cookie));
    return this;
  }
}
