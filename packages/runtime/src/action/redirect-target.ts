/** Where `redirect()` in an action leads: what the client is told, and the page that can be sent along. Pure. */
import type { Job } from '../job.ts';
import { headerSafe } from '../render/redirect-location.ts';

/**
 * The URL as the client gets it. What begins with `.` is taken from the current path as a folder (Next behaviour 1.76), other relative
 * URLs as browsers take them; where Next answers with an error, they simply work. Paths of the application are without `basePath`.
 */
export function redirectTarget(url: string, { path, query }: Pick<Job, 'path' | 'query'>): string {
  if (url.startsWith('/') || hasScheme(url)) return headerSafe(url);
  const folder = path.endsWith('/') ? path : `${path}/`;
  const base = new URL('http://here.invalid');
  base.pathname = url.startsWith('.') ? folder : path;
  if (url.startsWith('#')) base.search = query;
  const resolved = new URL(url, base);
  return headerSafe(resolved.pathname + resolved.search + resolved.hash);
}

const hasScheme = (url: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(url);
