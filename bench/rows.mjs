// What is measured: one row per kind of request. `check` looks at one answer before anything is timed. Rows with `bytes`
// move one large body at a time; the others are small requests on many connections. `connections`: fewer, where an answer takes so
// long that many at a time would say nothing but how long the queue is.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchCall, formPost } from './action-requests.mjs';

const LARGE = 100 * 1024 * 1024;
const results = fileURLToPath(new URL('results/', import.meta.url));

/** A file of 100 MiB to send. */
function largeFile() {
  const file = join(results, 'large.bin');
  if (!existsSync(file)) {
    mkdirSync(results, { recursive: true });
    writeFileSync(file, Buffer.alloc(LARGE, 121));
  }
  return file;
}

const has = (...marks) => ({ status, text }) => status === 200 && marks.every((mark) => text.includes(mark));

export const rows = [
  { name: 'dynamic page, 100 rows', path: '/products', check: has('<table', 'Widgets:') },
  { name: 'dynamic page, light', path: '/light', check: has('<section') },
  { name: 'static page', path: '/static', check: has('Static page') },
  {
    name: 'static page, 304',
    path: '/static',
    async request(base) {
      const answer = await fetch(`${base}/static`, { headers: { 'accept-encoding': 'identity' } });
      await answer.arrayBuffer();
      return { method: 'GET', headers: { 'if-none-match': answer.headers.get('etag') ?? '"none"' } };
    },
    check: ({ status, text }) => status === 304 && text === '',
  },
  { name: 'page with revalidate', path: '/isr', check: has('ISR page', 'Stamp:') },
  { name: 'JSON handler', path: '/api/health', check: has('"ok":true') },
  { name: 'asset of 100 KB', path: '/asset-100k.js', check: ({ status, text }) => status === 200 && text.length === 102400 },
  { name: 'streamed HTML, 30 KB in 6 chunks', path: '/api/stream', check: ({ status, text }) => status === 200 && text.length === 6 * 5120 },
  { name: '100 MB down', path: '/api/down', bytes: LARGE, check: ({ status, text }) => status === 200 && text.length === LARGE },
  {
    name: '100 MB up',
    path: '/api/up',
    bytes: LARGE,
    upload: largeFile,
    async request() {
      return { method: 'POST', body: Buffer.alloc(1000), headers: { 'content-type': 'application/octet-stream' } };
    },
    check: has('"bytes":1000'),
  },
  {
    name: 'action by fetch',
    path: '/call',
    check: has('"ok":true', '"id":'),
    request: (base) => fetchCall(base, '/call', 'orderWidget', [{ name: 'bench', qty: 1 }]),
  },
  {
    name: 'form post without JavaScript, 100 rows',
    path: '/products',
    connections: 8,
    check: has('<table', 'Widgets:'),
    request: (base) => formPost(base, '/products'),
  },
  {
    name: 'form post without JavaScript, light',
    path: '/light-form',
    connections: 16,
    check: has('Light page with a form'),
    request: (base) => formPost(base, '/light-form'),
  },
];
