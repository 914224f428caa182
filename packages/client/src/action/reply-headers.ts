/** What the headers of an action's reply say. */

export type Redirected = { url: string; type: 'push' | 'replace' };

/** `<url>;<push|replace>`. The URL may hold `;`. */
export function redirectIn(header: string | null): Redirected | undefined {
  const end = header?.lastIndexOf(';') ?? -1;
  if (!header || end < 0) return undefined;
  return { url: header.slice(0, end), type: header.slice(end + 1) === 'replace' ? 'replace' : 'push' };
}

export const revalidatedIn = (header: string | null): 0 | 1 | 2 => (header === '1' ? 1 : header === '2' ? 2 : 0);
