/** `openGraph` and `twitter`. */
import { fieldsOf, listOf, textFields, textOf, type Fields } from './read.ts';
import type { Media, OpenGraph, ResolvedMetadata, Title, Twitter } from './resolved.ts';
import { resolveTitle } from './title.ts';
import { absoluteUrl, linkUrl, type UrlContext } from './url.ts';

/** Properties of `openGraph.type`, by the type; each may be one or a list. */
const OF_TYPE: Record<string, Record<string, string>> = {
  article: { publishedTime: 'published_time', modifiedTime: 'modified_time', expirationTime: 'expiration_time', authors: 'author', section: 'section', tags: 'tag' },
  book: { isbn: 'isbn', releaseDate: 'release_date', authors: 'author', tags: 'tag' },
  profile: { firstName: 'first_name', lastName: 'last_name', username: 'username', gender: 'gender' },
  'music.song': { duration: 'duration', albums: 'album', musicians: 'musician' },
  'music.album': { songs: 'song', musicians: 'musician', releaseDate: 'release_date' },
  'music.playlist': { songs: 'song', creators: 'creator' },
  'music.radio_station': { creators: 'creator' },
  'video.movie': { actors: 'actor', directors: 'director', writers: 'writer', duration: 'duration', releaseDate: 'release_date', tags: 'tag' },
  'video.episode': { actors: 'actor', directors: 'director', writers: 'writer', duration: 'duration', releaseDate: 'release_date', tags: 'tag', series: 'series' },
};
const ANY_TYPE = { emails: 'og:email', phoneNumbers: 'og:phone_number', faxNumbers: 'og:fax_number', alternateLocale: 'og:locale:alternate' };

export function resolveMedia(value: unknown, context: UrlContext): Media[] | null {
  const media = listOf(value).flatMap((item): Media[] => {
    const fields = fieldsOf(item);
    const url = absoluteUrl(item instanceof URL || !fields ? item : fields['url'], context);
    if (url === null) return [];
    if (item instanceof URL || !fields) return [{ url }];
    const { url: _, ...rest } = textFields(fields);
    return [{ ...rest, url }];
  });
  return value === undefined || value === null ? null : media;
}

export function resolveOpenGraph(fields: Fields, template: string | null, context: UrlContext): OpenGraph {
  const type = textOf(fields['type']);
  return {
    title: fields['title'] === undefined || fields['title'] === null ? null : resolveTitle(fields['title'], template, null),
    description: textOf(fields['description']),
    url: fields['url'] === undefined ? null : linkUrl(fields['url'], { ...context }),
    siteName: textOf(fields['siteName']),
    locale: textOf(fields['locale']),
    type,
    determiner: textOf(fields['determiner']),
    countryName: textOf(fields['countryName']),
    ttl: textOf(fields['ttl']),
    images: resolveMedia(fields['images'], context),
    videos: resolveMedia(fields['videos'], context),
    audio: resolveMedia(fields['audio'], context),
    properties: [...propertiesOf(fields, ANY_TYPE), ...ofType(fields, type)],
  };
}

function ofType(fields: Fields, type: string | null): [string, string][] {
  const names = type === null ? undefined : OF_TYPE[type];
  if (!names || type === null) return [];
  const group = type.split('.')[0] as string;
  return propertiesOf(fields, Object.fromEntries(Object.entries(names).map(([from, to]) => [from, `${group}:${to}`])));
}

function propertiesOf(fields: Fields, names: Record<string, string>): [string, string][] {
  return Object.entries(names).flatMap(([from, property]) =>
    listOf(fields[from]).flatMap((item): [string, string][] => {
      const text = textOf(fieldsOf(item)?.['url'] ?? item);
      return text === null ? [] : [[property, text]];
    }),
  );
}

export function resolveTwitter(fields: Fields, template: string | null, context: UrlContext): Twitter {
  const images = resolveMedia(fields['images'], context);
  return {
    card: textOf(fields['card']) ?? (images && images.length > 0 ? 'summary_large_image' : 'summary'),
    site: textOf(fields['site']),
    siteId: textOf(fields['siteId']),
    creator: textOf(fields['creator']),
    creatorId: textOf(fields['creatorId']),
    title: fields['title'] === undefined || fields['title'] === null ? null : resolveTitle(fields['title'], template, null),
    description: textOf(fields['description']),
    images,
    names: [...playerNames(fields, context), ...appNames(fieldsOf(fields['app']))],
  };
}

function playerNames(fields: Fields, context: UrlContext): [string, string][] {
  return listOf(fields['players']).flatMap((item) => {
    const player = fieldsOf(item);
    if (!player) return [];
    const entries: [string, string | null][] = [
      ['twitter:player', absoluteUrl(player['playerUrl'], context)],
      ['twitter:player:stream', absoluteUrl(player['streamUrl'], context)],
      ['twitter:player:width', textOf(player['width'])],
      ['twitter:player:height', textOf(player['height'])],
    ];
    return entries.filter((entry): entry is [string, string] => entry[1] !== null);
  });
}

function appNames(app: Fields | undefined): [string, string][] {
  if (!app) return [];
  return ['iphone', 'ipad', 'googleplay'].flatMap((device) => {
    const id = textOf(fieldsOf(app['id'])?.[device]);
    const url = textOf(fieldsOf(app['url'])?.[device]);
    const name = textOf(app['name']);
    const names: [string, string][] = [];
    if (name !== null && (id !== null || url !== null)) names.push([`twitter:app:name:${device}`, name]);
    if (id !== null) names.push([`twitter:app:id:${device}`, id]);
    if (url !== null) names.push([`twitter:app:url:${device}`, url]);
    return names;
  });
}

/** What the page did not say about itself for one network is taken from what it said otherwise (CON-122). */
export function fillSocial(metadata: ResolvedMetadata): void {
  const { openGraph, twitter } = metadata;
  const given = (title: Title | null | undefined): Title | null => (title && title.absolute !== '' ? title : null);
  if (openGraph) {
    const images = twitter?.images ?? openGraph.images;
    metadata.twitter = {
      ...(twitter ?? { site: null, siteId: null, creator: null, creatorId: null, names: [], card: images && images.length > 0 ? 'summary_large_image' : 'summary' }),
      title: given(twitter?.title) ?? given(openGraph.title) ?? given(metadata.title),
      description: twitter?.description ?? openGraph.description ?? metadata.description,
      images,
    };
    metadata.openGraph = { ...openGraph, title: given(openGraph.title) ?? given(metadata.title), description: openGraph.description ?? metadata.description };
  } else if (twitter) {
    metadata.twitter = { ...twitter, title: given(twitter.title) ?? given(metadata.title), description: twitter.description ?? metadata.description };
  }
}
