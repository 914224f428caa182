/** Resolved metadata as elements. React puts them into the head, wherever they are rendered. */
import { createElement as h } from 'react';
import type { ReactElement } from 'react';
import type { Icon, Media, OpenGraph, ResolvedMetadata, Twitter } from './resolved.ts';

type Tags = ReactElement[];
type Text = string | null | undefined;

const meta = (name: string, content: Text): Tags => (content === null || content === undefined || content === '' ? [] : [h('meta', { name, content })]);
const property = (name: string, content: Text): Tags => (content === null || content === undefined || content === '' ? [] : [h('meta', { property: name, content })]);
const link = (rel: string, href: Text, more: Record<string, string> = {}): Tags => (href === null || href === undefined ? [] : [h('link', { rel, href, ...more })]);
const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

export function metadataTags(metadata: ResolvedMetadata): Tags {
  return [
    ...basic(metadata), ...alternates(metadata), ...services(metadata), ...appleWebApp(metadata),
    ...openGraph(metadata.openGraph), ...twitter(metadata.twitter), ...appLinks(metadata), ...icons(metadata),
  ];
}

function basic(m: ResolvedMetadata): Tags {
  return [
    ...(m.title && m.title.absolute !== '' ? [h('title', null, m.title.absolute)] : []),
    ...meta('description', m.description),
    ...meta('application-name', m.applicationName),
    ...(m.authors ?? []).flatMap(({ name, url }) => [...link('author', url), ...meta('author', name)]),
    ...(m.manifest === null ? [] : [h('link', { rel: 'manifest', href: m.manifest })]),
    ...meta('generator', m.generator),
    ...meta('keywords', m.keywords?.join(',')),
    ...meta('referrer', m.referrer),
    ...meta('creator', m.creator),
    ...meta('publisher', m.publisher),
    ...meta('robots', m.robots?.basic),
    ...meta('googlebot', m.robots?.googleBot),
    ...meta('abstract', m.abstract),
    ...(m.archives ?? []).flatMap((href) => link('archives', href)),
    ...(m.assets ?? []).flatMap((href) => link('assets', href)),
    ...(m.bookmarks ?? []).flatMap((href) => link('bookmarks', href)),
    ...link('prev', m.pagination?.previous),
    ...link('next', m.pagination?.next),
    ...meta('category', m.category),
    ...meta('classification', m.classification),
    ...Object.entries(m.other ?? {}).flatMap(([name, contents]) => contents.flatMap((content) => meta(name, content))),
  ];
}

function alternates({ alternates: links }: ResolvedMetadata): Tags {
  if (!links) return [];
  const group = (attribute: 'hrefLang' | 'media' | 'type', entries: Record<string, { url: string; title?: string }[]>): Tags =>
    Object.entries(entries).flatMap(([value, items]) => items.map(({ url, title }) => h('link', { rel: 'alternate', [attribute]: value, href: url, ...(title === undefined ? {} : { title }) })));
  return [
    ...link('canonical', links.canonical?.url),
    ...group('hrefLang', links.languages),
    ...group('media', links.media),
    ...group('type', links.types),
  ];
}

function services(m: ResolvedMetadata): Tags {
  const itunes = m.itunes && `app-id=${m.itunes.appId}${m.itunes.appArgument === undefined ? '' : `, app-argument=${m.itunes.appArgument}`}`;
  const formats = ['telephone', 'date', 'address', 'email', 'url'].filter((name) => m.formatDetection?.[name] === false);
  return [
    ...meta('apple-itunes-app', itunes),
    ...property('fb:app_id', m.facebook?.appId),
    ...(m.facebook?.admins ?? []).flatMap((admin) => property('fb:admins', admin)),
    ...meta('pinterest-rich-pin', m.pinterest?.richPin),
    ...meta('format-detection', formats.map((name) => `${name}=no`).join(', ')),
    ...Object.entries(m.verification ?? {}).flatMap(([name, contents]) => contents.flatMap((content) => meta(name, content))),
  ];
}

function appleWebApp({ appleWebApp: app }: ResolvedMetadata): Tags {
  if (!app) return [];
  return [
    ...(app.capable ? meta('mobile-web-app-capable', yesNo(true)) : []),
    ...meta('apple-mobile-web-app-title', app.title),
    ...app.startupImage.flatMap(({ url, media }) => link('apple-touch-startup-image', url, media === undefined ? {} : { media })),
    ...meta('apple-mobile-web-app-status-bar-style', app.statusBarStyle),
  ];
}

/** `og:image`, `og:image:width` … */
function media(prefix: string, items: Media[] | null, tag: (name: string, content: Text) => Tags): Tags {
  const names: Record<string, string> = { secureUrl: 'secure_url' };
  return (items ?? []).flatMap(({ url, ...rest }) => [
    ...tag(prefix, url),
    ...Object.entries(rest).flatMap(([name, content]) => tag(`${prefix}:${names[name] ?? name}`, content)),
  ]);
}

function openGraph(og: OpenGraph | null): Tags {
  if (!og) return [];
  return [
    ...property('og:determiner', og.determiner),
    ...property('og:title', og.title?.absolute),
    ...property('og:description', og.description),
    ...property('og:url', og.url),
    ...property('og:site_name', og.siteName),
    ...property('og:locale', og.locale),
    ...property('og:country_name', og.countryName),
    ...property('og:ttl', og.ttl),
    ...media('og:image', og.images, property),
    ...media('og:video', og.videos, property),
    ...media('og:audio', og.audio, property),
    ...property('og:type', og.type),
    ...og.properties.flatMap(([name, content]) => property(name, content)),
  ];
}

function twitter(card: Twitter | null): Tags {
  if (!card) return [];
  return [
    ...meta('twitter:card', card.card),
    ...meta('twitter:site', card.site),
    ...meta('twitter:site:id', card.siteId),
    ...meta('twitter:creator', card.creator),
    ...meta('twitter:creator:id', card.creatorId),
    ...meta('twitter:title', card.title?.absolute),
    ...meta('twitter:description', card.description),
    ...media('twitter:image', card.images, meta),
    ...card.names.flatMap(([name, content]) => meta(name, content)),
  ];
}

function appLinks({ appLinks: systems }: ResolvedMetadata): Tags {
  return Object.entries(systems ?? {}).flatMap(([system, items]) =>
    items.flatMap((item) => Object.entries(item).flatMap(([name, content]) => property(`al:${system}:${name}`, content))));
}

function icons({ icons: all }: ResolvedMetadata): Tags {
  if (!all) return [];
  const group = (fallback: string, items: Icon[]): Tags => items.flatMap(({ url, rel, ...attributes }) => link(rel ?? fallback, url, attributes));
  return [...group('shortcut icon', all.shortcut), ...group('icon', all.icon), ...group('apple-touch-icon', all.apple), ...group('icon', all.other)];
}
