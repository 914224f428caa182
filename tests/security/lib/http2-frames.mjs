// Bytes of HTTP/2, right and wrong: frames, heads that are written out, and what a server sent.
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const [DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION] = Array(10).keys();
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

export const integer = (value, bits, first = 0) => {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  for (value -= most; value >= 128; value = Math.floor(value / 128)) bytes.push(128 | value % 128);
  return Buffer.from([...bytes, value]);
};
export const text = (value) => Buffer.concat([integer(Buffer.byteLength(value, 'latin1'), 7), Buffer.from(value, 'latin1')]);
/** A header that is written out and kept in no table. */
export const literal = ([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)]);
export const block = (list) => Buffer.concat(list.map(literal));
export const request = (path = '/ok', method = 'GET') => [[':method', method], [':scheme', 'http'], [':authority', 'localhost'], [':path', path]];
export const settings = (...pairs) => Buffer.concat(pairs.map(([id, value]) => { const bytes = Buffer.alloc(6); bytes.writeUInt16BE(id, 0); bytes.writeUInt32BE(value >>> 0, 2); return bytes; }));
export const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value >>> 0); return bytes; };
export const hello = Buffer.concat([preface, frame(SETTINGS, 0, 0)]);
export const ask = (stream, list, flags = END_STREAM | END_HEADERS) => frame(HEADERS, flags, stream, block(list));
export const good = (stream = 1) => ask(stream, request());
export const many = (count, make) => Buffer.concat(Array.from({ length: count }, (_, at) => make(at)));

/** The frames in what a server sent, the last one cut if it is. */
export function framesIn(bytes) {
  const frames = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    frames.push({ type: bytes[at + 3], flags: bytes[at + 4], stream: bytes.readUInt32BE(at + 5) & 0x7fffffff, payload: bytes.subarray(at + 9, at + 9 + length) });
    at += 9 + length;
  }
  return frames;
}

/** The status that a block of headers begins with, in the forms in which servers write it. */
export function statusOf(payload) {
  let from = 0;
  // A change of the table's size may stand before it.
  while ((payload[from] & 0xe0) === 0x20) from += payload[from] === 0x3f ? 2 : 1;
  const known = { 0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500 }[payload[from]];
  if (known) return known;
  // A literal behind the index of `:status`, plain or in Huffman's code of digits.
  const name = payload[from] & (payload[from] & 0x40 ? 0x3f : 0x0f);
  if (name < 8 || name > 14) return undefined;
  const size = payload[from + 1];
  const value = payload.subarray(from + 2, from + 2 + (size & 0x7f));
  if ((size & 0x80) === 0) return Number(value.toString('latin1'));
  const bits = [...value].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const codes = { '00000': 0, '00001': 1, '00010': 2, '011001': 3, '011010': 4, '011011': 5, '011100': 6, '011101': 7, '011110': 8, '011111': 9 };
  let digits = '';
  for (let at = 0; digits.length < 3; ) {
    const code = codes[bits.slice(at, at + 5)] === undefined ? bits.slice(at, at + 6) : bits.slice(at, at + 5);
    if (codes[code] === undefined) return undefined;
    digits += codes[code];
    at += code.length;
  }
  return Number(digits);
}
