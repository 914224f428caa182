/** Icons, social images and the web manifest that are files beside a segment, as metadata of that segment. */
import type { MetadataFile, Segment } from '@ironside/protocol/manifest.ts';
import type { App } from '../../app.ts';
import { loadModule, type ModuleExports } from '../../modules.ts';
import { promiseWithProperties } from '../../params.ts';
import type { RouteParams } from '../route-plan.ts';
import type { FileMetadata } from './merge.ts';
import { fieldsOf, textOf, type Fields } from './read.ts';
import type { Icon, Media } from './resolved.ts';

type Found = FileMetadata & { favicon: Icon[] };

export async function fileMetadata(app: Pick<App, 'manifest'>, segment: Segment, params: RouteParams): Promise<Found | undefined> {
  if (segment.metadataFiles.length === 0) return undefined;
  const found: Found = { icons: { icon: [], shortcut: [], apple: [], other: [] }, openGraph: [], twitter: [], manifest: null, favicon: [] };
  const pictures = await Promise.all(segment.metadataFiles.map((file) => picturesOf(app, file, params)));
  for (const [index, file] of segment.metadataFiles.entries()) {
    for (const picture of pictures[index] ?? []) place(found, file, picture);
  }
  return found;
}

/** One image of a file; a file made by code may have several. */
type Picture = { url: string; contentType: string | null; size: { width: number; height: number } | null; /** As a link says it. */ sizes: string | null; alt: string | null };

function place(found: Found, { kind }: MetadataFile, picture: Picture): void {
  const { url, contentType, size, alt } = picture;
  if (kind === 'manifest') found.manifest = url;
  else if (kind === 'favicon') found.favicon.push(iconOf(picture));
  else if (kind === 'icon') found.icons.icon.push(iconOf(picture));
  else if (kind === 'apple-icon') found.icons.apple.push(iconOf(picture));
  else {
    const media: Media = {
      ...(contentType === null ? {} : { type: contentType }),
      ...(size ? { width: String(size.width), height: String(size.height) } : {}),
      ...(alt === null ? {} : { alt }),
      url,
    };
    if (kind === 'opengraph-image') found.openGraph.push(media);
    if (kind === 'twitter-image') found.twitter.push(media);
  }
}

function iconOf({ url, contentType, sizes }: Picture): Icon {
  return { ...(contentType === null ? {} : { type: contentType }), ...(sizes === null ? {} : { sizes }), url };
}

async function picturesOf({ manifest }: Pick<App, 'manifest'>, file: MetadataFile, params: RouteParams): Promise<Picture[]> {
  const path = manifest.config.basePath + fillPath(file.path, params);
  const query = file.kind === 'manifest' || file.hash === '' ? '' : `?${file.hash}`;
  const known = staticPicture(file);
  const module = file.module === null || file.kind === 'manifest' ? undefined : manifest.segments[file.module];
  if (!module) return [{ ...known, url: path + query }];
  const exports = await loadModule(module.chunk);
  const several = await generated(exports, params);
  if (!several) return [{ ...describe(exports, known), url: path + query }];
  return several.map((fields) => ({ ...describe(fields, describe(exports, known)), url: `${path}/${encodeURIComponent(textOf(fields['id']) ?? '')}${query}` }));
}

/** A drawing, and a file whose size is unknown, fit every size; of one that code makes only the code knows. */
function staticPicture({ contentType, alt, size: pair, module }: MetadataFile): Omit<Picture, 'url'> {
  const size = pair ? { width: pair[0], height: pair[1] } : null;
  const any = module === null ? 'any' : null;
  return { contentType, alt, size, sizes: size && contentType !== 'image/svg+xml' ? sizesOf(size) : any };
}

const sizesOf = ({ width, height }: { width: number; height: number }): string => `${width}x${height}`;

async function generated(exports: ModuleExports, params: RouteParams): Promise<Fields[] | undefined> {
  const generate = exports['generateImageMetadata'];
  if (typeof generate !== 'function') return undefined;
  const made: unknown = await (generate as (props: unknown) => unknown)({ params: promiseWithProperties(params) });
  return Array.isArray(made) ? made.map((item) => fieldsOf(item) ?? {}) : [];
}

function describe(fields: Fields, known: Omit<Picture, 'url'>): Omit<Picture, 'url'> {
  const size = fieldsOf(fields['size']);
  const width = size?.['width'];
  const height = size?.['height'];
  const own = typeof width === 'number' && typeof height === 'number' ? { width, height } : undefined;
  return {
    contentType: textOf(fields['contentType']) ?? known.contentType,
    alt: textOf(fields['alt']) ?? known.alt,
    size: own ?? known.size,
    sizes: own ? sizesOf(own) : known.sizes,
  };
}

/** `/blog/[slug]/icon` with this request's values, which are encoded as in the URL. */
function fillPath(pattern: string, params: RouteParams): string {
  return pattern.replace(/\/\[\[?(?:\.\.\.)?([^\]]+)\]\]?/g, (_, name: string) => {
    const value = params[name];
    const text = Array.isArray(value) ? value.join('/') : value;
    return text === undefined || text === '' ? '' : `/${text}`;
  });
}
