/** The fields of `metadata` other than titles and social networks, each from the shapes that applications write to the resolved one. */
import { fieldsOf, listOf, textFields, textOf, textsOf, type Fields } from './read.ts';
import type { AlternateLink, Alternates, AppleWebApp, Icon, Icons, ResolvedMetadata } from './resolved.ts';
import { linkUrl, type UrlContext } from './url.ts';

type Resolve<K extends keyof ResolvedMetadata> = (value: unknown, context: UrlContext) => ResolvedMetadata[K];

const list: (value: unknown) => string[] = textsOf;

function authors(value: unknown): ResolvedMetadata['authors'] {
  return listOf(value).map((author) => {
    const fields = fieldsOf(author);
    return fields ? textFields(fields, ['name', 'url']) : { name: textOf(author) ?? '' };
  });
}

const DIRECTIVES = ['noarchive', 'nosnippet', 'noimageindex', 'nocache', 'notranslate', 'indexifembedded', 'nositelinkssearchbox', 'unavailable_after', 'max-video-preview', 'max-image-preview', 'max-snippet'];

/** `index, follow, nocache, max-snippet:-1` */
function directives(value: unknown): string | null {
  const fields = fieldsOf(value);
  if (!fields) return textOf(value);
  const parts: string[] = [];
  if (typeof fields['index'] === 'boolean') parts.push(fields['index'] ? 'index' : 'noindex');
  if (typeof fields['follow'] === 'boolean') parts.push(fields['follow'] ? 'follow' : 'nofollow');
  for (const name of DIRECTIVES) {
    const given = fields[name];
    if (given === true) parts.push(name);
    else if (given !== false && textOf(given) !== null) parts.push(`${name}:${textOf(given)}`);
  }
  return parts.join(', ');
}

function robots(value: unknown): ResolvedMetadata['robots'] {
  const googleBot = fieldsOf(value)?.['googleBot'];
  return { basic: directives(value), googleBot: googleBot === undefined || googleBot === null ? null : directives(googleBot) };
}

function alternates(value: unknown, context: UrlContext): Alternates | null {
  const fields = fieldsOf(value);
  if (!fields) return null;
  const link = (item: unknown): AlternateLink[] => {
    const described = item instanceof URL ? undefined : fieldsOf(item);
    const url = linkUrl(described ? described['url'] : item, context);
    if (url === null) return [];
    const title = textOf(described?.['title']);
    return [title === null ? { url } : { url, title }];
  };
  const group = (name: string): Record<string, AlternateLink[]> =>
    Object.fromEntries(Object.entries(fieldsOf(fields[name]) ?? {}).map(([key, items]) => [key, listOf(items).flatMap(link)]));
  return { canonical: link(fields['canonical'])[0] ?? null, languages: group('languages'), media: group('media'), types: group('types') };
}

function icon(value: unknown): Icon[] {
  const fields = value instanceof URL ? undefined : fieldsOf(value);
  const url = textOf(fields ? fields['url'] : value);
  if (url === null) return [];
  return [fields ? { ...textFields(fields), url } : { url }];
}

export function iconsOf(value: unknown): Icons {
  const fields = value instanceof URL ? undefined : fieldsOf(value);
  if (!fields || 'url' in fields) return { icon: listOf(value).flatMap(icon), shortcut: [], apple: [], other: [] };
  const group = (name: string): Icon[] => listOf(fields[name]).flatMap(icon);
  return { icon: group('icon'), shortcut: group('shortcut'), apple: group('apple'), other: group('other') };
}

/** Each value may be one or many. */
function lists(value: unknown): Record<string, string[]> | null {
  const fields = fieldsOf(value);
  return fields ? Object.fromEntries(Object.entries(fields).map(([name, items]) => [name, textsOf(items)])) : null;
}

function verification(value: unknown): Record<string, string[]> | null {
  const fields = fieldsOf(value);
  if (!fields) return null;
  const { other, ...known } = fields;
  const names: Record<string, string> = { google: 'google-site-verification', yahoo: 'y_key', yandex: 'yandex-verification', me: 'me' };
  const found: Record<string, string[]> = {};
  for (const [field, name] of Object.entries(names)) if (known[field] !== undefined) found[name] = textsOf(known[field]);
  return { ...found, ...lists(other) };
}

function appleWebApp(value: unknown): AppleWebApp | null {
  if (value === true) return { capable: true, title: null, startupImage: [], statusBarStyle: 'default' };
  const fields = fieldsOf(value);
  if (!fields) return null;
  return {
    capable: fields['capable'] !== false,
    title: textOf(fields['title']),
    statusBarStyle: textOf(fields['statusBarStyle']) ?? 'default',
    startupImage: listOf(fields['startupImage']).flatMap((image) => {
      const described = image instanceof URL ? undefined : fieldsOf(image);
      const url = textOf(described ? described['url'] : image);
      const media = textOf(described?.['media']);
      return url === null ? [] : [media === null ? { url } : { url, media }];
    }),
  };
}

function formatDetection(value: unknown): Record<string, boolean> | null {
  const fields = fieldsOf(value);
  return fields ? Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean')) : null;
}

function facebook(value: unknown): ResolvedMetadata['facebook'] {
  const fields = fieldsOf(value);
  if (!fields) return null;
  const appId = textOf(fields['appId']);
  return appId === null ? { admins: textsOf(fields['admins']) } : { appId };
}

function itunes(value: unknown): ResolvedMetadata['itunes'] {
  const fields = fieldsOf(value);
  const appId = textOf(fields?.['appId']);
  if (!fields || appId === null) return null;
  const appArgument = textOf(fields['appArgument']);
  return appArgument === null ? { appId } : { appId, appArgument };
}

function appLinks(value: unknown): ResolvedMetadata['appLinks'] {
  const fields = fieldsOf(value);
  if (!fields) return null;
  return Object.fromEntries(Object.entries(fields).map(([system, items]) => [system, listOf(items).map((item) => textFields((fieldsOf(item) ?? {}) as Fields))]));
}

const pinterest = (value: unknown): ResolvedMetadata['pinterest'] => {
  const richPin = textOf(fieldsOf(value)?.['richPin']);
  return richPin === null ? null : { richPin };
};

/** Every field that is resolved by itself. */
export const FIELDS: { [K in Exclude<keyof ResolvedMetadata, 'metadataBase' | 'title' | 'openGraph' | 'twitter'>]: Resolve<K> } = {
  description: textOf, applicationName: textOf, generator: textOf, referrer: textOf, creator: textOf, publisher: textOf,
  abstract: textOf, category: textOf, classification: textOf,
  manifest: linkUrl,
  keywords: list, archives: list, assets: list, bookmarks: list,
  authors, robots, alternates, verification, appleWebApp, formatDetection, facebook, itunes, appLinks, pinterest,
  icons: iconsOf,
  other: lists,
  pagination: (value, context) => {
    const fields = fieldsOf(value);
    const previous = linkUrl(fields?.['previous'], context);
    const next = linkUrl(fields?.['next'], context);
    return { ...(previous === null ? {} : { previous }), ...(next === null ? {} : { next }) };
  },
};
