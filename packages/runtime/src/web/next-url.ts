/**
 * `request.nextUrl`: a URL whose `pathname` is without the application's `basePath`. It isn't a `URL`, but turns into one
 * wherever text is expected.
 */

export type NextUrlOptions = {
  basePath?: string | undefined;
  trailingSlash?: boolean | undefined;
  /** Called before a part is read that only the running request knows (`search`: the query; `origin`: host and scheme). */
  onRead?: ((part: 'search' | 'origin') => void) | undefined;
};

export class NextURL {
  #url: URL;
  #basePath: string;
  #options: NextUrlOptions;

  constructor(input: string | URL | NextURL, base?: string | URL | NextURL | NextUrlOptions, options?: NextUrlOptions) {
    const baseIsUrl = typeof base === 'string' || base instanceof URL || base instanceof NextURL;
    this.#options = (baseIsUrl ? options : base ?? options) ?? {};
    this.#url = new URL(String(input), baseIsUrl ? String(base) : undefined);
    const basePath = this.#options.basePath ?? '';
    const { pathname } = this.#url;
    const inside = basePath !== '' && (pathname === basePath || pathname.startsWith(`${basePath}/`));
    this.#basePath = inside ? basePath : '';
    if (inside) this.#url.pathname = pathname.slice(basePath.length) || '/';
  }

  #read(part: 'search' | 'origin'): void {
    this.#options.onRead?.(part);
  }

  #path(): string {
    const { pathname } = this.#url;
    const path = this.#basePath !== '' && pathname === '/' ? this.#basePath : `${this.#basePath}${pathname}`;
    const isFile = /\.[^/]*$/.test(path);
    return this.#options.trailingSlash && !path.endsWith('/') && !isFile ? `${path}/` : path;
  }

  get href(): string {
    this.#read('search');
    return `${this.#url.protocol}//${this.#credentials()}${this.#url.host}${this.#path()}${this.#url.search}${this.#url.hash}`;
  }
  set href(value: string) {
    this.#url = new NextURL(value, this.#options).#url;
  }

  get origin(): string {
    this.#read('origin');
    return this.#url.origin;
  }

  get protocol(): string { return this.#url.protocol; }
  set protocol(value: string) { this.#url.protocol = value; }
  get username(): string { return this.#url.username; }
  set username(value: string) { this.#url.username = value; }
  get password(): string { return this.#url.password; }
  set password(value: string) { this.#url.password = value; }
  get host(): string { return this.#url.host; }
  set host(value: string) { this.#url.host = value; }
  get hostname(): string { return this.#url.hostname; }
  set hostname(value: string) { this.#url.hostname = value; }
  get port(): string { return this.#url.port; }
  set port(value: string) { this.#url.port = value; }
  get pathname(): string { return this.#url.pathname; }
  set pathname(value: string) { this.#url.pathname = value; }
  get hash(): string { return this.#url.hash; }
  set hash(value: string) { this.#url.hash = value; }

  get search(): string {
    this.#read('search');
    return this.#url.search;
  }
  set search(value: string) { this.#url.search = value; }

  get searchParams(): URLSearchParams {
    this.#read('search');
    return this.#url.searchParams;
  }

  get basePath(): string { return this.#basePath; }
  set basePath(value: string) { this.#basePath = value === '' || value.startsWith('/') ? value : `/${value}`; }

  /** `/_next/data` URLs of the Pages Router had one. */
  get buildId(): string | undefined { return undefined; }
  /** `i18n` of the Pages Router; always empty. */
  get locale(): string { return ''; }
  get defaultLocale(): string | undefined { return undefined; }
  get domainLocale(): undefined { return undefined; }

  clone(): NextURL {
    const copy = new NextURL(this.#url, { ...this.#options, basePath: '' });
    copy.#basePath = this.#basePath;
    this.#read('search');
    return copy;
  }

  toString(): string { return this.href; }
  toJSON(): string { return this.href; }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return { href: this.href, origin: this.origin, pathname: this.pathname, search: this.search, hash: this.hash, basePath: this.basePath };
  }

  #credentials(): string {
    const { username, password } = this.#url;
    return username === '' && password === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`;
  }
}
