// Reads PNG files as the tests need it: 8 bits per channel, RGB or RGBA, not interlaced.
import { inflateSync } from 'node:zlib';

export function readPng(bytes) {
  const buffer = Buffer.from(bytes);
  if (buffer.toString('hex', 0, 8) !== '89504e470d0a1a0a') throw new Error(`no PNG: ${buffer.toString('latin1', 0, 40)}`);
  const parts = [];
  let header;
  for (let at = 8; at < buffer.length; ) {
    const length = buffer.readUInt32BE(at);
    const type = buffer.toString('latin1', at + 4, at + 8);
    const data = buffer.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = data;
    if (type === 'IDAT') parts.push(data);
    at += 12 + length;
  }
  const [width, height, depth, kind] = [header.readUInt32BE(0), header.readUInt32BE(4), header[8], header[9]];
  const channels = { 2: 3, 6: 4 }[kind];
  if (depth !== 8 || !channels) throw new Error(`a PNG of another kind (${depth}, ${kind})`);
  const pixels = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  const at = (x, y) => [...pixels.subarray((y * width + x) * channels, (y * width + x) * channels + 3)];
  /** How many pixels are not of this colour. */
  const others = ([r, g, b]) => {
    let count = 0;
    for (let i = 0; i < pixels.length; i += channels) if (pixels[i] !== r || pixels[i + 1] !== g || pixels[i + 2] !== b) count++;
    return count;
  };
  return { width, height, at, others };
}

function unfiltered(raw, stride, height, step) {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x >= step ? out[y * stride + x - step] : 0;
      const up = y > 0 ? out[(y - 1) * stride + x] : 0;
      const corner = x >= step && y > 0 ? out[(y - 1) * stride + x - step] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[y * stride + x] = raw[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return out;
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
