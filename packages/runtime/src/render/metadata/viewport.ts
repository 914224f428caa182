/** `viewport` and `generateViewport`: merged field by field, the parents' first. Pure. */
import { createElement as h } from 'react';
import type { ReactElement } from 'react';
import { fieldsOf, listOf, textOf, type Fields } from './read.ts';

const NAMES: [field: string, name: string][] = [
  ['width', 'width'], ['height', 'height'], ['initialScale', 'initial-scale'], ['minimumScale', 'minimum-scale'],
  ['maximumScale', 'maximum-scale'], ['userScalable', 'user-scalable'], ['viewportFit', 'viewport-fit'], ['interactiveWidget', 'interactive-widget'],
];

export const DEFAULT_VIEWPORT: Fields = { width: 'device-width', initialScale: 1 };

export function mergeViewport(above: Fields, own: unknown): Fields {
  const given = Object.entries(fieldsOf(own) ?? {}).filter(([, value]) => value !== undefined);
  return { ...above, ...Object.fromEntries(given) };
}

export function viewportTags(viewport: Fields): ReactElement[] {
  const content = NAMES.flatMap(([field, name]) => {
    const value = viewport[field];
    const text = typeof value === 'boolean' ? (value ? 'yes' : 'no') : textOf(value);
    return text === null ? [] : [`${name}=${text}`];
  }).join(', ');
  const colors = listOf(viewport['themeColor']).flatMap((color) => {
    const fields = fieldsOf(color);
    const text = textOf(fields ? fields['color'] : color);
    const media = textOf(fields?.['media']);
    return text === null ? [] : [h('meta', { name: 'theme-color', ...(media === null ? {} : { media }), content: text })];
  });
  const scheme = textOf(viewport['colorScheme']);
  return [
    h('meta', { charSet: 'utf-8' }),
    ...(content === '' ? [] : [h('meta', { name: 'viewport', content })]),
    ...colors,
    ...(scheme === null ? [] : [h('meta', { name: 'color-scheme', content: scheme })]),
  ];
}
