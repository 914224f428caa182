/** User agents that read metadata only in the head of the document, so that the shell has to wait for it (Next behaviour 7.12). */
import type { Manifest } from '@ironside/protocol/manifest.ts';

const KNOWN = /[\w-]+-Google|Google-[\w-]+|Chrome-Lighthouse|Slurp|DuckDuckBot|baiduspider|yandex|sogou|bitlybot|tumblr|vkShare|quora link preview|redditbot|ia_archiver|Bingbot|BingPreview|applebot|facebookexternalhit|facebookcatalog|Twitterbot|LinkedInBot|Slackbot|Discordbot|WhatsApp|SkypeUriPreview|Yeti|googleweblight/i;

const configured = new Map<string, RegExp | undefined>();

export function blocksForMetadata({ config }: Pick<Manifest, 'config'>, userAgent: string | undefined): boolean {
  if (userAgent === undefined) return false;
  return (patternOf(config.htmlLimitedBots) ?? KNOWN).test(userAgent);
}

/** `htmlLimitedBots` of the configuration takes the place of the list. */
function patternOf(source: string | null): RegExp | undefined {
  if (source === null) return undefined;
  if (!configured.has(source)) configured.set(source, compile(source));
  return configured.get(source);
}

function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'i');
  } catch {
    // `ironside build` refuses such a pattern; a build from elsewhere falls back to the list.
    return undefined;
  }
}
