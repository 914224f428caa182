/**
 * The fonts that are always there: Geist for Latin text, and Noto for what Geist has no letters for, read from the build when
 * a text needs them. Nothing is fetched.
 */
import { readFile } from 'node:fs/promises';
import type { FontWeight } from './options.ts';

export type LoadedFont = { name: string; data: Buffer; weight: FontWeight; style: 'normal' };

/** Each name stands in a `new URL`, which is how the compiler knows that the file belongs to the build. */
export function defaultFonts(): Promise<LoadedFont[]> {
  return Promise.all([
    read('Geist', 400, new URL('@fontsource/geist-sans/files/geist-sans-latin-400-normal.woff', import.meta.url)),
    read('Geist', 700, new URL('@fontsource/geist-sans/files/geist-sans-latin-700-normal.woff', import.meta.url)),
  ]);
}

type Fallback = { name: string; has: RegExp; url: URL; loaded?: Promise<LoadedFont> };

const FALLBACKS: Fallback[] = [
  { name: 'Noto Sans Vietnamese', has: /[\u1ea0-\u1ef9\u01a0\u01a1\u01af\u01b0\u20ab]/, url: new URL('@fontsource/noto-sans/files/noto-sans-vietnamese-400-normal.woff', import.meta.url) },
  { name: 'Noto Sans Latin', has: /[\u0100-\u02ff\u1d00-\u1dbf\u1e00-\u1eff\u2020\u20a0-\u20c0\u2113\u2c60-\u2c7f\ua720-\ua7ff]/, url: new URL('@fontsource/noto-sans/files/noto-sans-latin-ext-400-normal.woff', import.meta.url) },
  { name: 'Noto Sans Cyrillic', has: /[\u0301\u0400-\u045f\u0490\u0491\u04b0\u04b1\u2116]/, url: new URL('@fontsource/noto-sans/files/noto-sans-cyrillic-400-normal.woff', import.meta.url) },
  { name: 'Noto Sans Cyrillic Extended', has: /[\u0460-\u052f\u1c80-\u1c8a\u2de0-\u2dff\ua640-\ua69f]/, url: new URL('@fontsource/noto-sans/files/noto-sans-cyrillic-ext-400-normal.woff', import.meta.url) },
  { name: 'Noto Sans Greek', has: /[\u0370-\u03ff]/, url: new URL('@fontsource/noto-sans/files/noto-sans-greek-400-normal.woff', import.meta.url) },
  { name: 'Noto Emoji', has: /\p{Extended_Pictographic}|\p{Regional_Indicator}|[\u20e3\u2190-\u2bff]/u, url: new URL('@fontsource/noto-emoji/files/noto-emoji-emoji-400-normal.woff', import.meta.url) },
];

/** Fonts for letters that those of the drawing do not have; none if nothing that is built in has them. */
export function fallbackFonts(text: string): Promise<LoadedFont[]> {
  const wanted = FALLBACKS.filter(({ has }) => has.test(text));
  return Promise.all(wanted.map((font) => (font.loaded ??= read(font.name, 400, font.url))));
}

async function read(name: string, weight: FontWeight, url: URL): Promise<LoadedFont> {
  return { name, weight, style: 'normal', data: await readFile(url) };
}
