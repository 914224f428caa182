/** Pages made once for everybody, whose query only the browser knows; over the same bundles as `render-app.test.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorker, type Worker } from './render-support/client.ts';
import { addRoutes, type RouteName } from './render-support/routes.ts';

let worker: Worker;
let routes: Record<RouteName, number>;

beforeAll(async () => {
  worker = await startWorker(({ manifest }) => (routes = addRoutes(manifest)));
}, 60_000);
afterAll(() => worker.stop());

const search = { path: '/search', query: 'q=1' };
const client = { path: '/client/5', params: [{ name: 'id', values: ['5'], kind: 'd' as const }] };

test('a part that needs the query is left to the browser, and the page stays one for everybody', async () => {
  const { status, text, dynamic, error } = await worker.run({ route: routes.search, ...search, query: '', permit: 1 });
  expect([status, dynamic, error]).toEqual([200, undefined, undefined]);
  expect(text).toContain('<i>fallback</i>');
  expect(text).not.toContain('search null');
  expect(text).toContain('\\"search\\":null');
});

test('for one visitor the same part is in the HTML', async () => {
  const { text } = await worker.run({ route: routes.search, ...search });
  expect(text).toContain('<b>search 1</b>');
});

test('without a fallback around such a part every visitor gets a page of his own', async () => {
  const { dynamic } = await worker.run({ route: routes.bareSearch, path: '/bare', permit: 1 });
  expect(dynamic).toBe('searchParams');
  const { status, text } = await worker.run({ route: routes.bareSearch, path: '/bare', query: 'q=2' });
  expect([status, text.includes('<b>search 2</b>')]).toEqual([200, true]);
});

test('so he does where a page that is a client component reads its searchParams', async () => {
  expect((await worker.run({ route: routes.client, ...client, permit: 1 })).dynamic).toBe('searchParams');
  expect((await worker.run({ route: routes.client, ...client, query: 'q=2' })).text).toContain('client 5 2');
});

test('fonts of stylesheets are asked for at once, on the pages that need them', async () => {
  const link = '<link rel="preload" href="/_next/static/media/sans.woff2" as="font" crossorigin="" type="font/woff2"/>';
  expect((await worker.run({ route: routes.search, ...search })).text.split('</head>')[0]?.split(link)).toHaveLength(2);
  expect((await worker.run({ route: routes.plain, path: '/plain' })).text).not.toContain('sans.woff2');
});

test('hints of server components are in the head', async () => {
  const { text } = await worker.run({ route: routes.search, ...search });
  expect(text.split('</head>')[0]).toContain('<link rel="preconnect" href="https://hint.example"/>');
});
