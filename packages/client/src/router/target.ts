/** Where a link leads: the application's own page, another place of the web, or nowhere one should go. Pure. */

/** A place in the application. `path` is without `basePath` and percent-encoded; `search` and `hash` with their sign, or empty. */
export type Target = { path: string; search: string; hash: string };

export type Destination =
  | { kind: 'app'; target: Target }
  | { kind: 'external'; href: string }
  /** `javascript:` and the like. */
  | { kind: 'refused'; href: string };

const SAFE = new Set(['http:', 'https:', 'mailto:', 'tel:', 'sms:', 'blob:']);

/** Puts the base path in front of a path of the application. Other hrefs are left alone. */
export function withBasePath(href: string, basePath: string): string {
  if (basePath === '' || !href.startsWith('/') || href.startsWith('//')) return href;
  return href === '/' ? basePath : /^\/[?#]/.test(href) ? basePath + href.slice(1) : basePath + href;
}

/** The path below the base path, or undefined if it is not below it. */
export function withoutBasePath(path: string, basePath: string): string | undefined {
  if (basePath === '') return path;
  if (path === basePath) return '/';
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined;
}

/** As `trailingSlash` wants it. Paths with a file extension keep their form. */
export function withTrailingSlash(path: string, wanted: boolean): string {
  if (path === '/') return path;
  if (!wanted) return path.endsWith('/') ? path.slice(0, -1) : path;
  const last = path.slice(path.lastIndexOf('/') + 1);
  return path.endsWith('/') || last.includes('.') ? path : `${path}/`;
}

/** What `router.push` and links take: a path of the application (without `basePath`), something relative to `base`, or a URL. */
export function destinationOf(href: string, base: string, basePath: string): Destination {
  let url: URL;
  try {
    url = new URL(withBasePath(href, basePath), base);
  } catch {
    return { kind: 'refused', href };
  }
  if (!SAFE.has(url.protocol)) return { kind: 'refused', href };
  if (url.origin !== new URL(base).origin) return { kind: 'external', href: url.href };
  return ofUrl(url, basePath) ?? { kind: 'external', href: url.href };
}

function ofUrl(url: URL, basePath: string): Destination | undefined {
  const path = withoutBasePath(url.pathname, basePath);
  return path === undefined ? undefined : { kind: 'app', target: { path, search: url.search, hash: url.hash } };
}

export function hrefOf({ path, search, hash }: Target, basePath: string): string {
  return withBasePath(path, basePath) + search + hash;
}

export const sameResource = (a: { path: string; search: string }, b: { path: string; search: string }): boolean =>
  a.path === b.path && a.search === b.search;
