/**
 * Merging metadata of a route's segments, the parents' first. Fields replace each other as a whole; titles go through the
 * templates of the segments above. Pure.
 */
import { FIELDS } from './fields.ts';
import { fieldsOf, type Fields } from './read.ts';
import type { Icons, Media, ResolvedMetadata } from './resolved.ts';
import { resolveOpenGraph, resolveTwitter } from './social.ts';
import { resolveTitle } from './title.ts';
import { absoluteUrl, parseBase, type UrlContext } from './url.ts';

/** Templates of the segments above. */
export type Templates = { title: string | null; openGraph: string | null; twitter: string | null };

export const NO_TEMPLATES: Templates = { title: null, openGraph: null, twitter: null };

/** What files beside a segment say; `images` have URLs relative to the base. */
export type FileMetadata = { icons: Icons; openGraph: Media[]; twitter: Media[]; manifest: string | null };

export type MergeContext = { pathname: string; trailingSlash: boolean };

/** One segment's metadata on top of what the segments above have. */
export function mergeMetadata(above: ResolvedMetadata, own: Fields, files: FileMetadata | undefined, templates: Templates, { pathname, trailingSlash }: MergeContext): ResolvedMetadata {
  const merged: ResolvedMetadata = { ...above };
  if ('metadataBase' in own) merged.metadataBase = parseBase(own['metadataBase']);
  const context: UrlContext = { base: merged.metadataBase, pathname, trailingSlash };
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) continue;
    if (name === 'title') merged.title = value === null ? null : resolveTitle(value, templates.title, above.title);
    else if (name === 'openGraph') merged.openGraph = withFields(value, (fields) => resolveOpenGraph(fields, templates.openGraph, context));
    else if (name === 'twitter') merged.twitter = withFields(value, (fields) => resolveTwitter(fields, templates.twitter, context));
    else if (name in FIELDS) setField(merged, name as keyof typeof FIELDS, value, context);
  }
  if (files) addFiles(merged, own, files, context);
  return merged;
}

const withFields = <T>(value: unknown, resolve: (fields: Fields) => T): T | null => {
  const fields = fieldsOf(value);
  return fields ? resolve(fields) : null;
};

function setField<K extends keyof typeof FIELDS>(merged: ResolvedMetadata, name: K, value: unknown, context: UrlContext): void {
  (merged as Record<K, unknown>)[name] = value === null ? null : FIELDS[name](value, context);
}

/** Files win over what segments above say, and give way to what the module beside them says itself. */
function addFiles(merged: ResolvedMetadata, own: Fields, files: FileMetadata, context: UrlContext): void {
  const absolute = (media: Media[]): Media[] => media.map((item) => ({ ...item, url: absoluteUrl(item.url, context) ?? item.url }));
  if (files.openGraph.length > 0 && fieldsOf(own['openGraph'])?.['images'] === undefined) {
    merged.openGraph = { ...(merged.openGraph ?? resolveOpenGraph({}, null, context)), images: absolute(files.openGraph) };
  }
  if (files.twitter.length > 0 && fieldsOf(own['twitter'])?.['images'] === undefined) {
    merged.twitter = { ...(merged.twitter ?? resolveTwitter({}, null, context)), card: 'summary_large_image', images: absolute(files.twitter) };
  }
  if (files.manifest !== null) merged.manifest = files.manifest;
  const { icon, apple } = files.icons;
  if ((icon.length > 0 || apple.length > 0) && (own['icons'] === undefined || own['icons'] === null)) {
    merged.icons = { shortcut: [], other: [], ...merged.icons, icon: icon.length > 0 ? icon : merged.icons?.icon ?? [], apple: apple.length > 0 ? apple : merged.icons?.apple ?? [] };
  }
}
