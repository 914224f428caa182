/** The nonce that the request's content security policy gives to scripts. `proxy` sets the header for the page to see. */

export function nonceOf(policy: string | undefined): string | undefined {
  if (policy === undefined) return undefined;
  const directives = policy.split(';').map((directive) => directive.trim().split(/\s+/));
  const scripts = directives.find(([name]) => name === 'script-src-elem') ?? directives.find(([name]) => name === 'script-src') ?? directives.find(([name]) => name === 'default-src');
  for (const source of scripts?.slice(1) ?? []) {
    // Only what a nonce may consist of: it goes into HTML as it is.
    const match = /^'nonce-([A-Za-z0-9+/_-]+={0,2})'$/.exec(source);
    if (match) return match[1];
  }
  return undefined;
}
