/** The `href` of links: a string, or an object as Node's `url.format` takes it. */

export type UrlObject = {
  protocol?: string | null;
  slashes?: boolean | null;
  auth?: string | null;
  host?: string | null;
  hostname?: string | null;
  port?: string | number | null;
  pathname?: string | null;
  search?: string | null;
  query?: string | null | Record<string, string | number | boolean | bigint | readonly (string | number | boolean | bigint)[] | null | undefined>;
  hash?: string | null;
};
export type Href = string | UrlObject;

export function formatHref(href: Href): string {
  if (typeof href === 'string') return href;
  if (href instanceof URL) return href.href;
  const { pathname, hash } = href;
  const path = (pathname ?? '').replace(/[?#]/g, encodeURIComponent);
  return originOf(href) + path + sign('?', searchOf(href).replaceAll('#', '%23')) + sign('#', hash ?? '');
}

const sign = (character: string, text: string): string => (text === '' || text.startsWith(character) ? text : character + text);

function originOf({ protocol, slashes, auth, host, hostname, port }: UrlObject): string {
  const scheme = protocol ? `${protocol.replace(/:$/, '')}:` : '';
  const name = host ?? (hostname ? (hostname.includes(':') ? `[${hostname}]` : hostname) + (port ? `:${port}` : '') : '');
  const at = auth ? `${encodeURIComponent(auth).replace(/%3A/i, ':')}@` : '';
  const web = slashes || /^(https?|ftp|file|wss?):?$/.test(protocol ?? '');
  return name || web ? `${scheme}//${at}${name}` : scheme;
}

function searchOf({ search, query }: UrlObject): string {
  if (search) return search;
  if (typeof query === 'string') return query;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, one === null || one === undefined ? '' : String(one));
  }
  return params.toString();
}
