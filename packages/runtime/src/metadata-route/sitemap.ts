/** `sitemap.ts`: the value that it returns as `sitemap.xml`. */
import { element, escapeXml } from './xml.ts';

type Video = Record<string, unknown>;
export type SitemapEntry = {
  url: string;
  lastModified?: string | Date;
  changeFrequency?: string;
  priority?: number;
  alternates?: { languages?: Record<string, string | undefined> };
  images?: string[];
  videos?: Video[];
};

export function sitemapXml(entries: readonly SitemapEntry[]): string {
  const has = (test: (entry: SitemapEntry) => unknown) => entries.some(test);
  let xml = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';
  if (has((entry) => entry.images?.length)) xml += ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"';
  if (has((entry) => entry.videos?.length)) xml += ' xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"';
  if (has((entry) => Object.keys(entry.alternates?.languages ?? {}).length > 0)) xml += ' xmlns:xhtml="http://www.w3.org/1999/xhtml"';
  return `${xml}>\n${entries.map(entryXml).join('')}</urlset>\n`;
}

function entryXml(entry: SitemapEntry): string {
  const lines = ['<url>', element('loc', entry.url)];
  for (const [language, href] of Object.entries(entry.alternates?.languages ?? {})) {
    if (href !== undefined) lines.push(`<xhtml:link rel="alternate" hreflang="${escapeXml(language)}" href="${escapeXml(href)}" />`);
  }
  for (const image of entry.images ?? []) lines.push(`<image:image>\n${element('image:loc', image)}\n</image:image>`);
  for (const video of entry.videos ?? []) lines.push(videoXml(video));
  if (entry.lastModified) lines.push(element('lastmod', entry.lastModified instanceof Date ? entry.lastModified.toISOString() : entry.lastModified));
  if (entry.changeFrequency) lines.push(element('changefreq', entry.changeFrequency));
  if (typeof entry.priority === 'number') lines.push(element('priority', entry.priority));
  return `${lines.join('\n')}\n</url>\n`;
}

/** In the order that the format wants. */
const VIDEO_FIELDS = [
  'title', 'thumbnail_loc', 'description', 'content_loc', 'player_loc', 'duration', 'view_count', 'tag', 'rating', 'expiration_date',
  'publication_date', 'family_friendly', 'requires_subscription', 'live', 'restriction', 'platform', 'uploader',
];

function videoXml(video: Video): string {
  const lines = ['<video:video>'];
  for (const field of VIDEO_FIELDS) {
    const value = video[field];
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) for (const item of value) lines.push(element(`video:${field}`, item));
    else if (typeof value === 'object' && !(value instanceof Date)) lines.push(withAttributes(field, value as Record<string, unknown>));
    else lines.push(element(`video:${field}`, value instanceof Date ? value.toISOString() : value));
  }
  return `${lines.join('\n')}\n</video:video>`;
}

/** `{relationship, content}` or `{info, content}`. */
function withAttributes(field: string, { content, ...attributes }: Record<string, unknown>): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join('');
  return `<video:${field}${written}>${escapeXml(content)}</video:${field}>`;
}
