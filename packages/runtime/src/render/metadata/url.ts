/** URLs in metadata: relative to `metadataBase`, or to the page's own path where they begin with `./`. */
import { posix } from 'node:path';
import { textOf } from './read.ts';

export type UrlContext = { base: URL | null; pathname: string; trailingSlash: boolean };

/** Where an absolute URL has to be and nobody said which host. */
const NOWHERE = new URL('http://localhost:3000');

export function parseBase(value: unknown): URL | null {
  const text = textOf(value);
  return text !== null && URL.canParse(text) ? new URL(text) : null;
}

/** Absolute, whatever it takes: social networks read nothing else. */
export function absoluteUrl(value: unknown, context: UrlContext): string | null {
  const text = textOf(value);
  return text === null ? null : resolve(text, { ...context, base: context.base ?? NOWHERE });
}

/** Absolute if there is a base, else as it was written. A URL that is just an origin has no slash at its end. */
export function linkUrl(value: unknown, context: UrlContext): string | null {
  const text = textOf(value);
  if (text === null) return null;
  const resolved = context.base ? resolve(text, context) : relative(text, context.pathname);
  if (!URL.canParse(resolved)) return resolved;
  const url = new URL(resolved);
  if (url.pathname === '/' && url.search === '' && url.hash === '') return url.origin === 'null' ? url.href : url.origin;
  const inside = context.base !== null && url.origin === context.base.origin;
  return context.trailingSlash && inside && url.search === '' && !url.pathname.endsWith('/') && !posix.basename(url.pathname).includes('.') ? `${url.origin}${url.pathname}/${url.hash}` : url.href;
}

function resolve(text: string, { base, pathname }: UrlContext): string {
  if (URL.canParse(text) || !base) return text;
  const path = relative(text, pathname);
  const [, bare = '', rest = ''] = /^([^?#]*)(.*)$/s.exec(path) ?? [];
  return new URL(posix.join(base.pathname, bare) + rest, base).href;
}

const relative = (text: string, pathname: string): string => (text.startsWith('./') ? posix.resolve(pathname, text) : text);
