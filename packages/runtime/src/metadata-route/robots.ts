/** `robots.ts`: the value that it returns as `robots.txt`. */

type Rule = { userAgent?: string | string[]; allow?: string | string[]; disallow?: string | string[]; crawlDelay?: number; other?: Record<string, string | number | (string | number)[]> };
export type Robots = { rules: Rule | Rule[]; sitemap?: string | string[]; host?: string };

const list = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

export function robotsText(robots: Robots): string {
  let text = '';
  for (const rule of list(robots.rules)) {
    for (const agent of rule.userAgent === undefined ? ['*'] : list(rule.userAgent)) text += `User-Agent: ${agent}\n`;
    for (const path of list(rule.allow)) text += `Allow: ${path}\n`;
    for (const path of list(rule.disallow)) text += `Disallow: ${path}\n`;
    if (rule.crawlDelay !== undefined) text += `Crawl-delay: ${rule.crawlDelay}\n`;
    for (const [name, values] of Object.entries(rule.other ?? {})) for (const value of list(values)) text += `${name}: ${value}\n`;
    text += '\n';
  }
  if (robots.host) text += `Host: ${robots.host}\n`;
  for (const url of list(robots.sitemap)) text += `Sitemap: ${url}\n`;
  return text;
}
