// One request as a router, a browser or a crawler would send it, without what `fetch` adds: all headers, the whole text, and
// whether the answer came to its end.
import { createHash } from 'node:crypto';
import http from 'node:http';

const COUNTING = ['next-router-prefetch', 'next-router-segment-prefetch', 'next-router-state-tree', 'next-url'];

/** The value of `_rsc` that belongs to some headers; `''` if none of them counts (Next behaviour 6.2). */
export function keyOf(headers) {
  if (!COUNTING.some((name) => name in headers)) return '';
  return createHash('sha256').update(COUNTING.map((name) => headers[name] ?? '0').join(',')).digest().subarray(0, 12).toString('base64url');
}

/** A path with the right `_rsc` for these headers. */
export function keyed(path, headers) {
  const key = keyOf(headers);
  return `${path}${path.includes('?') ? '&' : '?'}_rsc${key ? `=${key}` : ''}`;
}

/** The forms in which a page is asked for: `{ path, headers }` of each. */
export const variants = {
  html: (path) => ({ path, headers: { accept: 'text/html' } }),
  payload: (path) => ({ path: keyed(path, {}), headers: { rsc: '1' } }),
  prefetch: (path) => {
    const headers = { rsc: '1', 'next-router-prefetch': '1' };
    return { path: keyed(path, headers), headers };
  },
};

/** Whether an answer is of the form that was asked for: its type and what it begins with. */
export function isOfVariant(variant, answer) {
  const type = answer.headers['content-type'] ?? '';
  if (variant === 'html') return type.startsWith('text/html') && answer.text.startsWith('<!DOCTYPE html>') && answer.text.endsWith('</html>');
  return type.startsWith('text/x-component') && /^[0-9a-f]*:/.test(answer.text) && !answer.text.startsWith('<');
}

/**
 * Sends it. `leaveAfter`: milliseconds after which the connection is dropped if there is no answer yet. Resolves to `{ status,
 * headers, text, complete }`, and with `{ error }` if there is no answer.
 */
export function ask(base, { path, headers = {}, method = 'GET', body, agent, leaveAfter, timeout = 60_000 }) {
  const { hostname, port } = new URL(base);
  return new Promise((resolve) => {
    const request = http.request({ hostname: hostname === 'localhost' ? '127.0.0.1' : hostname, port, path, method, headers: { host: `localhost:${port}`, ...headers }, agent }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', () => {});
      answer.on('close', () => {
        clearTimeout(leaving);
        const raw = Buffer.concat(pieces);
        resolve({ status: answer.statusCode, headers: answer.headers, text: raw.toString('utf8'), complete: answer.complete });
      });
    });
    const leaving = leaveAfter === undefined ? undefined : setTimeout(() => request.destroy(new Error('left')), leaveAfter);
    request.setTimeout(timeout, () => request.destroy(new Error(`no answer in ${timeout} ms`)));
    request.on('error', (error) => {
      clearTimeout(leaving);
      resolve({ error: error.code ?? error.message, headers: {}, text: '', complete: false });
    });
    request.end(body);
  });
}
