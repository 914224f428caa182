/** What `new ImageResponse(element, options)` takes, and which values of it are accepted. */

export type FontWeight = 100 | 200 | 300 | 400 | 500 | 600 | 700 | 800 | 900;
export type ImageFont = { name: string; data: ArrayBuffer | Uint8Array; weight?: FontWeight; style?: 'normal' | 'italic'; lang?: string };

export type ImageResponseOptions = {
  /** Pixels; 1200 by 630 if nothing is said. */
  width?: number;
  height?: number;
  /** Accepted and not used: emoji are drawn from the built-in font, since sets of pictures come from the network. */
  emoji?: 'twemoji' | 'blobmoji' | 'noto' | 'openmoji' | 'fluent' | 'fluentFlat';
  fonts?: ImageFont[];
  /** Draws the boxes of all elements. */
  debug?: boolean;
  /** Colours, sizes and so on for the `tw` property. */
  tailwindConfig?: object;
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
};

/** What is drawn on, checked. */
export type Canvas = { width: number; height: number; debug: boolean; fonts: ImageFont[]; tailwindConfig: object | undefined };

/** Pixels of one side, and of a whole image: 64 MB while it is drawn. */
export const MAX_SIDE = 8192;
export const MAX_PIXELS = 1 << 24;

const DEFAULT_WIDTH = 1200;
const DEFAULT_HEIGHT = 630;

/** Throws a TypeError or RangeError that names the option. */
export function canvasOf(options: ImageResponseOptions): Canvas {
  const width = side(options.width, DEFAULT_WIDTH, 'width');
  const height = side(options.height, DEFAULT_HEIGHT, 'height');
  if (width * height > MAX_PIXELS) {
    throw new RangeError(`ImageResponse: ${width} × ${height} are ${width * height} pixels; at most ${MAX_PIXELS} are allowed.`);
  }
  const fonts = options.fonts ?? [];
  if (!Array.isArray(fonts)) throw new TypeError('ImageResponse: `fonts` has to be an array of `{ name, data, weight, style }`.');
  return { width, height, debug: options.debug === true, fonts: fonts.map(checkedFont), tailwindConfig: options.tailwindConfig };
}

function side(value: unknown, otherwise: number, name: string): number {
  if (value === undefined) return otherwise;
  const pixels = Number(value);
  if (!Number.isFinite(pixels) || pixels < 1 || pixels > MAX_SIDE) {
    throw new RangeError(`ImageResponse: \`${name}\` is ${String(value)}; it has to be a number of pixels from 1 to ${MAX_SIDE}.`);
  }
  return Math.round(pixels);
}

/** The first four bytes of the formats that are read, and of the one that people try. */
const FORMATS: Record<string, string> = { '00010000': 'ttf', '4f54544f': 'otf', '74727565': 'ttf', '774f4646': 'woff', '774f4632': 'woff2', '74746366': 'ttc' };

function checkedFont(font: unknown, index: number): ImageFont {
  const { name, data, weight, style, lang } = (font ?? {}) as Partial<ImageFont>;
  const place = `ImageResponse: fonts[${index}]`;
  if (typeof name !== 'string' || name === '') throw new TypeError(`${place} has no \`name\`.`);
  if (!(data instanceof ArrayBuffer || ArrayBuffer.isView(data))) {
    throw new TypeError(`${place} ("${name}"): \`data\` has to be an ArrayBuffer or a Buffer with the font's file. Was a promise not awaited?`);
  }
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const format = FORMATS[Buffer.from(bytes.subarray(0, 4)).toString('hex')];
  if (format !== 'ttf' && format !== 'otf' && format !== 'woff') {
    throw new TypeError(`${place} ("${name}") is ${format ? `a .${format} file` : 'no font file'}; .ttf, .otf and .woff can be used.`);
  }
  return { name, data: bytes, ...(weight === undefined ? {} : { weight }), ...(style === undefined ? {} : { style }), ...(lang === undefined ? {} : { lang }) };
}
