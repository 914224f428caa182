import type { ReactElement } from 'react';
import { describe, expect, test } from 'vitest';
import { NO_TEMPLATES, mergeMetadata, type FileMetadata, type Templates } from '../src/render/metadata/merge.ts';
import type { Fields } from '../src/render/metadata/read.ts';
import { emptyMetadata, type ResolvedMetadata } from '../src/render/metadata/resolved.ts';
import { fillSocial } from '../src/render/metadata/social.ts';
import { metadataTags } from '../src/render/metadata/tags.ts';
import { linkUrl } from '../src/render/metadata/url.ts';
import { DEFAULT_VIEWPORT, mergeViewport, viewportTags } from '../src/render/metadata/viewport.ts';

/** `<meta name=x content=y>` as text. */
const line = (element: ReactElement): string => {
  const { children, ...props } = element.props as Record<string, string>;
  const attributes = Object.entries(props).map(([name, value]) => `${name}=${value}`);
  return [element.type as string, ...attributes, ...(children === undefined ? [] : [children])].join(' ');
};

/** Metadata of segments from outside, each with the templates of the ones above. */
function merged(...segments: Fields[]): ResolvedMetadata {
  let metadata = emptyMetadata();
  let templates: Templates = NO_TEMPLATES;
  for (const own of segments) {
    metadata = mergeMetadata(metadata, own, undefined, templates, { pathname: '/a/b', trailingSlash: false });
    templates = { title: metadata.title?.template ?? null, openGraph: metadata.openGraph?.title?.template ?? null, twitter: metadata.twitter?.title?.template ?? null };
  }
  const filled = { ...metadata };
  fillSocial(filled);
  return filled;
}

const tags = (...segments: Fields[]): string[] => metadataTags(merged(...segments)).map(line);
const base = { metadataBase: new URL('https://acme.example') };

describe('titles', () => {
  const cases: [what: string, segments: Fields[], title: string | undefined][] = [
    ['a text is the title', [{ title: 'A' }], 'A'],
    ['the default is for whoever has none', [{ title: { default: 'D', template: '%s | T' } }, {}], 'D'],
    ['the template is for what is below', [{ title: { default: 'D', template: '%s | T' } }, { title: 'P' }], 'P | T'],
    ['absolute takes no template', [{ title: { default: 'D', template: '%s | T' } }, { title: { absolute: 'P' } }], 'P'],
    ['a default goes through the template above', [{ title: { default: 'D', template: '%s | T' } }, { title: { default: 'E', template: '%s | U' } }], 'E | T'],
    ['the nearest template counts', [{ title: { default: 'D', template: '%s | T' } }, { title: { default: 'E', template: '%s | U' } }, { title: 'P' }], 'P | U'],
    ['a template alone keeps the title', [{ title: 'A' }, { title: { template: '%s!' } }], 'A'],
    ['a template may hold what replacements read as a pattern', [{ title: { default: 'D', template: '%s | T' } }, { title: '$&' }], '$& | T'],
    ['null takes it away', [{ title: 'A' }, { title: null }], undefined],
  ];
  test.each(cases)('%s', (_, segments, title) => {
    expect(tags(...segments)).toEqual(title === undefined ? [] : [`title ${title}`]);
  });
});

describe('fields', () => {
  const cases: [what: string, fields: Fields, expected: string[]][] = [
    ['description', { description: 'x' }, ['meta name=description content=x']],
    ['keywords as a list and as text', { keywords: ['a', 'b'] }, ['meta name=keywords content=a,b']],
    ['authors', { authors: [{ name: 'Ada', url: 'https://ada.example' }, { name: 'Grace' }] }, ['link rel=author href=https://ada.example', 'meta name=author content=Ada', 'meta name=author content=Grace']],
    ['robots', { robots: { index: false, follow: true, nocache: true, googleBot: { index: true, follow: false, 'max-image-preview': 'large', 'max-snippet': -1, noimageindex: false } } },
      ['meta name=robots content=noindex, follow, nocache', 'meta name=googlebot content=index, nofollow, max-image-preview:large, max-snippet:-1']],
    ['robots as text', { robots: 'noindex' }, ['meta name=robots content=noindex']],
    ['format detection', { formatDetection: { email: false, telephone: false, address: true } }, ['meta name=format-detection content=telephone=no, email=no']],
    ['verification', { verification: { google: 'g', other: { me: ['a', 'b'] } } }, ['meta name=google-site-verification content=g', 'meta name=me content=a', 'meta name=me content=b']],
    ['apple web app', { appleWebApp: { title: 'T', statusBarStyle: 'black', startupImage: ['/s.png', { url: '/t.png', media: 'm' }] } },
      ['meta name=mobile-web-app-capable content=yes', 'meta name=apple-mobile-web-app-title content=T', 'link rel=apple-touch-startup-image href=/s.png', 'link rel=apple-touch-startup-image href=/t.png media=m', 'meta name=apple-mobile-web-app-status-bar-style content=black']],
    ['itunes', { itunes: { appId: '1', appArgument: 'x' } }, ['meta name=apple-itunes-app content=app-id=1, app-argument=x']],
    ['facebook', { facebook: { admins: ['1', '2'] } }, ['meta property=fb:admins content=1', 'meta property=fb:admins content=2']],
    ['app links', { appLinks: { web: { url: 'https://x.example', should_fallback: true } } }, ['meta property=al:web:url content=https://x.example', 'meta property=al:web:should_fallback content=true']],
    ['other', { other: { one: 'a', many: ['b', 3] } }, ['meta name=one content=a', 'meta name=many content=b', 'meta name=many content=3']],
    ['icons as text', { icons: '/i.png' }, ['link rel=icon href=/i.png']],
    ['icons of all relations', { icons: { icon: [{ url: '/i.png', sizes: '16x16', type: 'image/png' }, new URL('https://x.example/j.svg')], shortcut: '/s.png', apple: [{ url: '/a.png', media: 'm' }], other: { rel: 'mask-icon', url: '/m.svg', color: '#f00' } } },
      ['link rel=shortcut icon href=/s.png', 'link rel=icon href=/i.png sizes=16x16 type=image/png', 'link rel=icon href=https://x.example/j.svg', 'link rel=apple-touch-icon href=/a.png media=m', 'link rel=mask-icon href=/m.svg color=#f00']],
    ['fields that nobody knows, and absent ones', { nonsense: 'x', description: undefined, toString: 'x' }, []],
  ];
  test.each(cases)('%s', (_, fields, expected) => expect(tags(fields)).toEqual(expected));

  test('replace each other as a whole, and are inherited as a whole', () => {
    const layout = { description: 'layout', openGraph: { title: 'og', images: ['https://x.example/a.png'] } };
    expect(tags(layout, { description: 'page' })).toContain('meta property=og:image content=https://x.example/a.png');
    const own = tags(layout, { openGraph: { title: 'own' } });
    expect(own).toContain('meta property=og:title content=own');
    expect(own.join()).not.toContain('a.png');
    expect(own).toContain('meta property=og:description content=layout');
  });
});

describe('alternates', () => {
  test('are absolute with a base', () => {
    expect(tags(base, { alternates: { canonical: '/p', languages: { 'de-DE': '/de', 'x-default': [{ url: '/', title: 'T' }] }, media: { print: '/print' }, types: { 'application/rss+xml': '/feed.xml' } } })).toEqual([
      'link rel=canonical href=https://acme.example/p', 'link rel=alternate hrefLang=de-DE href=https://acme.example/de', 'link rel=alternate hrefLang=x-default href=https://acme.example title=T',
      'link rel=alternate media=print href=https://acme.example/print', 'link rel=alternate type=application/rss+xml href=https://acme.example/feed.xml',
    ]);
  });
  test('stay as they are without one', () => expect(tags({ alternates: { canonical: '/p' } })).toEqual(['link rel=canonical href=/p']));
});

describe('social networks', () => {
  test('articles have the properties of articles, with pictures and their sizes', () => {
    expect(tags(base, { openGraph: { type: 'article', title: 'T', url: '/u', publishedTime: new Date(0), authors: ['A', 'B'], images: [{ url: '/i.png', width: 12, alt: 'alt' }], emails: 'e@x' } }).filter((tag) => !tag.includes('twitter'))).toEqual([
      'meta property=og:title content=T', 'meta property=og:url content=https://acme.example/u', 'meta property=og:image content=https://acme.example/i.png', 'meta property=og:image:width content=12',
      'meta property=og:image:alt content=alt', 'meta property=og:type content=article', 'meta property=og:email content=e@x', 'meta property=article:published_time content=1970-01-01T00:00:00.000Z',
      'meta property=article:author content=A', 'meta property=article:author content=B',
    ]);
  });

  test('twitter is filled from what is said otherwise', () => {
    const filled = tags(base, { description: 'about', openGraph: { title: 'T', images: '/i.png' } });
    expect(filled.filter((tag) => tag.includes('twitter'))).toEqual([
      'meta name=twitter:card content=summary_large_image', 'meta name=twitter:title content=T', 'meta name=twitter:description content=about', 'meta name=twitter:image content=https://acme.example/i.png',
    ]);
  });

  test('cards for applications name each store', () => {
    const app = { card: 'app', title: 'T', app: { name: 'N', id: { iphone: '1' }, url: { googleplay: 'https://g.example' } } };
    expect(tags({ twitter: app })).toEqual([
      'meta name=twitter:card content=app', 'meta name=twitter:title content=T', 'meta name=twitter:app:name:iphone content=N', 'meta name=twitter:app:id:iphone content=1',
      'meta name=twitter:app:name:googleplay content=N', 'meta name=twitter:app:url:googleplay content=https://g.example',
    ]);
  });

  test('titles have templates of their own', () => {
    const titles = tags({ title: 'A', openGraph: { title: { default: 'D', template: 'og %s' } } }, { openGraph: { title: 'P' } });
    expect(titles).toContain('meta property=og:title content=og P');
  });
});

describe('files', () => {
  const files: FileMetadata = { icons: { icon: [{ url: '/icon.png?1' }], shortcut: [], apple: [], other: [] }, openGraph: [{ url: '/og.png?1', width: '4' }], twitter: [], manifest: '/manifest.webmanifest' };
  const withFiles = (above: Fields, own: Fields): string[] => {
    const context = { pathname: '/', trailingSlash: false };
    return metadataTags(mergeMetadata(mergeMetadata(emptyMetadata(), above, undefined, NO_TEMPLATES, context), own, files, NO_TEMPLATES, context)).map(line);
  };

  test('win over what is said above, and give way to what is said beside them', () => {
    const above = { ...base, icons: '/above.png', openGraph: { images: '/above-og.png' } };
    expect(withFiles(above, {})).toEqual(['link rel=manifest href=/manifest.webmanifest', 'meta property=og:image content=https://acme.example/og.png?1', 'meta property=og:image:width content=4', 'link rel=icon href=/icon.png?1']);
    expect(withFiles(above, { icons: '/own.png', openGraph: { images: '/own-og.png' } }).join()).not.toMatch(/icon\.png|\/og\.png/);
  });
});

describe('URLs with a base', () => {
  const at = (url: string): string | null => linkUrl(url, { base: new URL('https://acme.example/start/'), pathname: '/a/b', trailingSlash: false });
  test.each([
    ['/', 'https://acme.example/start/'], ['payments', 'https://acme.example/start/payments'], ['/payments?x=1#h', 'https://acme.example/start/payments?x=1#h'],
    ['./payments', 'https://acme.example/start/a/b/payments'], ['https://beta.example/payments', 'https://beta.example/payments'], ['https://beta.example/', 'https://beta.example'],
  ])('%s → %s', (url, expected) => expect(at(url)).toBe(expected));
});

describe('viewport', () => {
  const lines = (...own: unknown[]): string[] => viewportTags(own.reduce<Fields>(mergeViewport, DEFAULT_VIEWPORT)).map(line);
  test('has defaults', () => expect(lines()).toEqual(['meta charSet=utf-8', 'meta name=viewport content=width=device-width, initial-scale=1']));
  test('is merged field by field', () => {
    expect(lines({ themeColor: 'red', initialScale: 2 }, { maximumScale: 3, userScalable: false, colorScheme: 'dark light' })).toEqual([
      'meta charSet=utf-8', 'meta name=viewport content=width=device-width, initial-scale=2, maximum-scale=3, user-scalable=no', 'meta name=theme-color content=red', 'meta name=color-scheme content=dark light',
    ]);
  });
  test('has theme colours by medium', () => {
    expect(lines({ themeColor: [{ media: 'm', color: '#111' }, { color: '#222' }] }).slice(2)).toEqual(['meta name=theme-color media=m content=#111', 'meta name=theme-color content=#222']);
  });
});
