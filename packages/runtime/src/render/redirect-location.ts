/** The target of a redirect as a browser is told. */
import type { Manifest } from '@ironside/protocol/manifest.ts';

/** With `basePath` in front of paths of the application, and nothing in it that a header may not have. Else as it was given. */
export function browserLocation(url: string, { config: { basePath } }: Pick<Manifest, 'config'>): string {
  return headerSafe(basePath !== '' && /^\/(?!\/)/.test(url) ? withBase(url, basePath) : url);
}

const withBase = (url: string, basePath: string): string => (url === '/' ? basePath : /^\/[?#]/.test(url) ? basePath + url.slice(1) : basePath + url);

/** Percent-encodes control characters, spaces and what is not ASCII. (Through a buffer, since half a surrogate pair has no encoding.) */
export function headerSafe(url: string): string {
  return url.replace(/[^\x21-\x7e]+/g, (run) => encodeURIComponent(Buffer.from(run).toString()));
}
