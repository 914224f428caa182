/**
 * Pictures inside of a picture: their size is read from their first bytes before anything decodes them, so that a small file
 * that unfolds to gigabytes is an error and not the end of the worker (`security-classes` 61, 63).
 */

/** Together, for one drawing: about 160 MB while it is drawn. */
const MAX_PIXELS = 40_000_000;
/** Of an answer that is fetched for an `<img>`. */
export const MAX_FETCHED_BYTES = 20 * 1024 * 1024;

const EMBEDDED = /data:image\/(?:png|jpe?g|gif|webp)[^,"']{0,60};base64,([A-Za-z0-9+/=]+)/g;

/** Throws a RangeError if the pictures in the drawing have too many pixels. */
export function checkPictures(svg: string): void {
  let pixels = 0;
  for (const [, base64] of svg.matchAll(EMBEDDED)) {
    const size = pixelSize(Buffer.from(base64 ?? '', 'base64'));
    if (!size) continue;
    pixels += size.width * size.height;
    if (pixels > MAX_PIXELS) {
      throw new RangeError(`a picture in it has ${size.width} × ${size.height} pixels; all together may have ${MAX_PIXELS}`);
    }
  }
}

type Size = { width: number; height: number };

/** The size that a PNG, GIF, JPEG or WebP file claims. */
export function pixelSize(bytes: Buffer): Size | undefined {
  if (bytes.length >= 24 && bytes.readUInt32BE(0) === 0x89504e47) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (bytes.length >= 10 && bytes.toString('latin1', 0, 4) === 'GIF8') return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  if (bytes.length >= 4 && bytes.readUInt16BE(0) === 0xffd8) return jpegSize(bytes);
  if (bytes.length >= 30 && bytes.toString('latin1', 8, 12) === 'WEBP') return webpSize(bytes);
  return undefined;
}

/** Goes from marker to marker up to the frame header. */
function jpegSize(bytes: Buffer): Size | undefined {
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

function webpSize(bytes: Buffer): Size | undefined {
  const kind = bytes.toString('latin1', 12, 16);
  if (kind === 'VP8X') return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (kind === 'VP8 ') return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (kind !== 'VP8L') return undefined;
  const bits = bytes.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
