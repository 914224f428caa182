/** The headers of one part of a multipart body: what it is called, and whether it is a file (RFC 7578, RFC 8187). */
import { FormError } from './form-error.ts';

export type PartHead = {
  name: string;
  /** `undefined`: a text field. Empty: a file input in which nothing was chosen. */
  filename: string | undefined;
  type: string;
};

/** `bytes` are the lines without the empty one that ends them. */
export function partHead(bytes: Buffer): PartHead {
  let disposition: Map<string, string> | undefined;
  let type = 'text/plain';
  for (const line of bytes.toString('utf8').split('\r\n')) {
    if (line === '') continue;
    // Where a line ends, and which of two headers counts, is not the same to all readers.
    if (/[\r\n\0]/.test(line)) throw new FormError('The form has a part with a control character in its headers.');
    const colon = line.indexOf(':');
    if (colon <= 0) throw new FormError(`The form has a part with the header ${JSON.stringify(line.slice(0, 80))}, which has no name.`);
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'content-disposition') {
      if (disposition !== undefined) throw new FormError('The form has a part with two Content-Disposition headers.');
      disposition = parameters(value);
    }
    if (name === 'content-type' && value !== '') type = value;
  }
  const name = disposition?.get('name');
  if (disposition?.get('') !== 'form-data' || name === undefined) {
    throw new FormError('The form has a part without `Content-Disposition: form-data; name="…"`.');
  }
  return { name, filename: extended(disposition.get('filename*')) ?? disposition.get('filename'), type };
}

/** The value before the first `;` under the name '', then the parameters. The first of two with one name counts. */
export function parameters(value: string): Map<string, string> {
  const found = new Map<string, string>();
  const end = value.indexOf(';');
  found.set('', (end === -1 ? value : value.slice(0, end)).trim().toLowerCase());
  const pattern = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/gs;
  for (const [, name = '', quoted, plain = ''] of value.slice(end === -1 ? value.length : end).matchAll(pattern)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, quoted === undefined ? plain.trim() : unescaped(quoted));
  }
  return found;
}

/** Browsers write `"`, CR and LF of a name as `%22`, `%0D`, `%0A`; others put a backslash before quotes. */
function unescaped(text: string): string {
  return text.replace(/\\(["\\])/g, '$1').replace(/%22/g, '"').replace(/%0D/gi, '\r').replace(/%0A/gi, '\n');
}

/** `UTF-8''na%C3%AFve.txt` */
function extended(value: string | undefined): string | undefined {
  const encoded = value === undefined ? undefined : /^utf-8'[^']*'(.*)$/i.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
