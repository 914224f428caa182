import { afterAll, beforeAll, test } from 'vitest';
import { chromium } from 'playwright-core';
import { rolldown } from 'rolldown';
import { join } from 'node:path';
import { readFileSync, existsSync } from 'node:fs';
import { startWorker, type Worker } from './render-support/client.ts';
import { addActions, addRoutes } from './render-support/routes.ts';

let worker: Worker; let routes: any; let ids: any;
const src = '/work/main/packages/';
beforeAll(async () => {
  worker = await startWorker(({ manifest }) => { routes = addRoutes(manifest); ids = addActions(manifest); });
  const clients = Object.entries(worker.manifest.clients);
  const b = await rolldown({
    platform: 'browser', input: { entry: src + 'client/src/entry.tsx', ...Object.fromEntries(clients.map(([id, c]) => [id, c.file])) },
    resolve: { conditionNames: ['browser', 'import', 'default'] },
    transform: { define: { 'process.env.NODE_ENV': '"production"' }, jsx: { runtime: 'automatic' }, inject: { __webpack_require__: [src + 'client/src/loader.browser.ts', '__webpack_require__'], __webpack_chunk_load__: [src + 'client/src/loader.browser.ts', '__webpack_chunk_load__'] } },
    plugins: [{ name: 'r', resolveId: (id) => (id === 'ironside:references' ? src + 'client/src/references.browser.ts' : null) }],
    preserveEntrySignatures: 'strict', logLevel: 'silent',
  });
  await b.write({ dir: join(worker.folder, 'static'), format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
}, 60000);
afterAll(() => worker.stop());
test('hydrates', async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage();
  const log: string[] = [];
  page.on('console', (m) => log.push(`console ${m.type()} ${m.text()}`));
  page.on('pageerror', (e) => log.push(`pageerror ${e.message} ${e.stack?.slice(0, 600)}`));
  const id = (v: string) => [{ name: 'id', values: [v], kind: 'd' as const }];
  const table: [RegExp, (m: RegExpExecArray) => any][] = [
    [/^\/$/, () => ({ route: routes.home })], [/^\/plain$/, () => ({ route: routes.plain })], [/^\/form$/, () => ({ route: routes.form })], [/^\/broken$/, () => ({ route: routes.brokenLayout })],
    [/^\/blog\/(.*)$/, (m) => ({ route: routes.item, params: id(m[1]!) })], [/^\/late\/(.*)$/, (m) => ({ route: routes.late, params: id(m[1]!) })], [/^\/wait\/(.*)$/, (m) => ({ route: routes.lateItem, params: id(m[1]!) })],
    [/^\/client\/(.*)$/, (m) => ({ route: routes.client, params: id(m[1]!) })],
  ];
  await page.route('**/*', async (route) => {
    const url = new URL(route.request().url());
    if (url.pathname.startsWith('/_next/static/chunks/')) {
      const f = join(worker.folder, 'static', url.pathname.slice(21));
      return existsSync(f) ? route.fulfill({ body: readFileSync(f), contentType: 'text/javascript' }) : route.fulfill({ status: 404 });
    }
    if (url.pathname.endsWith('.css')) return route.fulfill({ body: 'nav{color:red}', contentType: 'text/css' });
    if (url.pathname === '/favicon.ico') return route.fulfill({ status: 204 });
    const h = route.request().headers();
    let job: any = { route: -1 };
    for (const [re, f] of table) { const m = re.exec(url.pathname); if (m) job = f(m); }
    const a = await worker.run({ ...job, path: url.pathname, query: url.search.slice(1), variant: h['rsc'] ? 'rsc' : 'html', headers: Object.entries(h), method: route.request().method(),
      ...(h['next-action'] ? { kind: 'action', target: h['next-action'], variant: 'rsc', body: route.request().postDataBuffer() ?? new Uint8Array() } : {}) });
    log.push(`${route.request().method()} ${url.pathname}${url.search} ${h['rsc'] ? 'rsc' : ''} ${h['next-action'] ?? ''} → ${a.status}`);
    return route.fulfill({ status: a.status, body: a.text, headers: Object.fromEntries(a.headers) });
  });
  for (const path of ['/', '/plain', '/blog/1', '/blog/missing', '/blog/closed', '/blog/broken', '/blog/meta-missing', '/blog/slow-meta', '/late/1', '/late/missing', '/late/moved', '/wait/1', '/wait/missing', '/wait/broken', '/broken', '/nix', '/form', '/client/3?q=z']) {
    log.push(`##### ${path}`);
    await page.goto('http://shop.example' + path);
    await page.waitForTimeout(250);
    const s = await page.evaluate(() => ({ title: document.title, body: document.body.innerText.replace(/\n/g, ' | '), hyd: Object.keys(document.body).some((k) => k.startsWith('__react')), metas: [...document.querySelectorAll('meta[name=robots]')].length, titles: document.querySelectorAll('title').length, url: location.href }));
    log.push(JSON.stringify(s));
  }
  await page.goto('http://shop.example/form');
  await page.waitForTimeout(300);
  await page.click('main form button >> nth=0').catch((e) => log.push(String(e)));
  await page.waitForTimeout(300);
  log.push(await page.evaluate(() => document.body.innerText));
  console.log(log.join('\n'));
  await browser.close();
}, 60000);
