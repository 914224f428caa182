/**
 * What the worker renders, taken over by the client in a browser: for every way in which a page can end, the browser shows what the HTML shows and has
 * nothing to say about it. Skipped where there is no Chromium (the variable CHROMIUM names one).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../src/job.ts';
import { startWorker, type Worker } from './render-support/client.ts';
import { addActions, addRoutes, type RouteName } from './render-support/routes.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const client = fileURLToPath(new URL('../../client/src/', import.meta.url));
const CHUNKS = '/_next/static/chunks/';

let worker: Worker;
let browser: Browser;
let routes: Record<RouteName, number>;

/** The browser's half of the fixture, beside the other two. */
async function bundleForBrowser(): Promise<void> {
  const bundle = await rolldown({
    platform: 'browser',
    input: { entry: join(client, 'entry.tsx'), ...Object.fromEntries(Object.entries(worker.manifest.clients).map(([id, { file }]) => [id, file])) },
    resolve: { conditionNames: ['browser', 'import', 'default'] },
    transform: {
      define: { 'process.env.NODE_ENV': '"production"' },
      jsx: { runtime: 'automatic' },
      inject: { __webpack_require__: [join(client, 'loader.browser.ts'), '__webpack_require__'], __webpack_chunk_load__: [join(client, 'loader.browser.ts'), '__webpack_chunk_load__'] },
    },
    plugins: [{ name: 'references', resolveId: (id) => (id === 'ironside:references' ? join(client, 'references.browser.ts') : null) }],
    preserveEntrySignatures: 'strict',
    logLevel: 'silent',
  });
  await bundle.write({ dir: join(worker.folder, 'static'), format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
}

function jobFor(path: string): Partial<Job> {
  const [, first = '', value = ''] = path.split('/');
  const names: Record<string, RouteName> = { '': 'home', plain: 'plain', form: 'form', broken: 'brokenLayout', blog: 'item', late: 'late', wait: 'lateItem', client: 'client' };
  const name = names[first];
  return name === undefined ? { route: -1 } : { route: routes[name], params: value === '' ? [] : [{ name: 'id', values: [value], kind: 'd' }] };
}

async function serve(page: Page): Promise<void> {
  await page.route('**/*', async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    if (url.pathname.startsWith(CHUNKS)) {
      const file = join(worker.folder, 'static', url.pathname.slice(CHUNKS.length));
      return route.fulfill({ body: existsSync(file) ? readFileSync(file) : '', contentType: 'text/javascript' });
    }
    if (/\.(css|ico)$/.test(url.pathname)) return route.fulfill({ body: '', contentType: 'text/css' });
    const headers = request.headers();
    const answer = await worker.run({ ...jobFor(url.pathname), path: url.pathname, query: url.search.slice(1), variant: headers['rsc'] === '1' ? 'rsc' : 'html', headers: Object.entries(headers) });
    return route.fulfill({ status: answer.status, body: answer.text, headers: Object.fromEntries(answer.headers) });
  });
}

describe.skipIf(!existsSync(executablePath))('in the browser', () => {
  beforeAll(async () => {
    worker = await startWorker(({ manifest }) => {
      routes = addRoutes(manifest);
      addActions(manifest);
    });
    await bundleForBrowser();
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    worker.stop();
  });

  test.each([
    ['a page', '/', 'home undefined'],
    ['a page with a template and generated metadata', '/blog/1', 'item 1'],
    ['late metadata', '/blog/slow-meta', 'item slow-meta'],
    ['notFound()', '/blog/missing', 'no such thing'],
    ['notFound() of generateMetadata', '/blog/meta-missing', 'no such thing'],
    ['forbidden()', '/blog/closed', 'You may not see this page.'],
    ['an error with an error file', '/blog/broken', 'failed with'],
    ['a late part', '/late/1', 'early late'],
    ['a late notFound()', '/late/missing', 'no such thing'],
    ['a loading file', '/wait/1', 'item 1'],
    ['a URL that nothing matches', '/nowhere', 'no such thing'],
    ['a page that is a client component', '/client/3?q=z', 'client 3 z'],
    ['forms', '/form', 'state start'],
  ])('%s is shown as it was rendered', async (_, path, text) => {
    const page = await browser.newPage();
    const said: string[] = [];
    // A document with an error status is one line in the console; it is not about hydration.
    page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) said.push(message.text()); });
    page.on('pageerror', (error) => said.push(String(error)));
    await serve(page);
    await page.goto(`http://shop.example${path}`);
    await page.waitForFunction((wanted) => Object.keys(document.body).some((key) => key.startsWith('__react')) && document.body.innerText.includes(wanted), text);
    expect(said).toEqual([]);
    await page.close();
  }, 20_000);
});
