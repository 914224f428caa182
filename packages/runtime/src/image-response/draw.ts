/**
 * Draws: satori lays the tree out and writes SVG, resvg makes pixels of it. Both are WebAssembly without a way out of their
 * memory; this module is loaded in the thread that draws and nowhere else.
 */
import { readFile } from 'node:fs/promises';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import satori, { init } from 'satori/standalone';
import type { Font, FontWeight, SatoriOptions } from 'satori/standalone';
import { defaultFonts, fallbackFonts } from './built-in-fonts.ts';
import type { PlainElement } from './element-tree.ts';
import { failingElement } from './failing-element.ts';
import { checkPictures } from './picture-guard.ts';
import type { Drawing, SentFont } from './protocol.ts';

/** How many sets of fonts stay parsed: parsing takes longer than drawing. */
const MAX_FONT_SETS = 8;

let ready: Promise<void> | undefined;
const bytes = new Map<string, Uint8Array>();
const sets = new Map<string, Font[]>();

async function start(): Promise<void> {
  const layout = readFile(new URL('satori/layout.wasm', import.meta.url));
  const painter = readFile(new URL('@resvg/resvg-wasm/index_bg.wasm', import.meta.url));
  await init(await layout);
  await initWasm(await painter);
}

/** The PNG file. Rejects with an error whose message names the element that cannot be drawn. */
export async function draw(drawing: Drawing): Promise<Uint8Array> {
  await (ready ??= start());
  const svg = await layOut(drawing);
  checkPictures(svg);
  const image = new Resvg(svg, { font: { loadSystemFonts: false }, fitTo: { mode: 'width', value: drawing.width } });
  try {
    const rendered = image.render();
    try {
      return rendered.asPng();
    } finally {
      rendered.free();
    }
  } finally {
    image.free();
  }
}

async function layOut(drawing: Drawing): Promise<string> {
  const { width, height, debug, tailwindConfig, tree } = drawing;
  const options: SatoriOptions = {
    width, height, debug,
    fonts: await fontsOf(drawing),
    loadAdditionalAsset: (_language, text) => fallbackFonts(text),
    ...(tailwindConfig ? { tailwindConfig } : {}),
  };
  const write = (element: PlainElement) => satori(element as unknown as Parameters<typeof satori>[0], options);
  try {
    return await write(tree);
  } catch (error) {
    throw await failingElement(tree, error, write);
  }
}

/** The same list for the same fonts, by which satori knows that it has parsed them. */
async function fontsOf({ fonts, forgetFonts }: Drawing): Promise<Font[]> {
  if (forgetFonts) {
    bytes.clear();
    sets.clear();
  }
  for (const { hash, data } of fonts) if (data) bytes.set(hash, data);
  const key = JSON.stringify(fonts.map(({ hash, name, weight, style, lang }) => [hash, name, weight, style, lang]));
  let set = sets.get(key);
  sets.delete(key);
  set ??= fonts.length > 0 ? fonts.map(fontOf) : await defaultFonts();
  sets.set(key, set);
  const oldest = sets.keys().next().value;
  if (sets.size > MAX_FONT_SETS && oldest !== undefined) sets.delete(oldest);
  return set;
}

function fontOf({ hash, name, weight, style, lang }: SentFont): Font {
  const data = bytes.get(hash);
  if (!data) throw new Error(`The bytes of the font "${name}" were not sent.`);
  return {
    name, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    ...(weight === undefined ? {} : { weight: weight as FontWeight }), ...(style === undefined ? {} : { style }), ...(lang === undefined ? {} : { lang }),
  };
}
