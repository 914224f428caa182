// What the browser keeps and fetches ahead: prefetches on the network, back and forward without requests, what an invalidation does
// to all of that, and for how long pages are used again. The clock of the page is the test's where time matters.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from './lib/application.mjs';
import { launch, until } from './lib/browser.mjs';

const dynamic = (name, more = '') => `import { headers } from 'next/headers';
import { Bar } from '../bar';
let renders = 0;
export default async function Page() { await headers(); ${more} return <main><h1>${name}</h1><p id="renders">{++renders}</p><Bar /></main>; }
`;
const still = (name) => `import { Bar } from '../bar';
export default function Page() { return <main style={{ height: 5000 }}><h1>${name}</h1><Bar /></main>; }
`;

const files = {
  'next.config.mjs': `export default { async redirects() { return [{ source: '/old', destination: '/still', permanent: false }]; } };\n`,
  'app/layout.tsx': 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n',
  'app/actions.ts': `'use server';
import { revalidatePath, refresh } from 'next/cache';
import { cookies } from 'next/headers';
export async function change(how: string) {
  if (how === 'path') revalidatePath('/nothing');
  if (how === 'renewed') revalidatePath('/renewed');
  if (how === 'cookie') (await cookies()).set('seen', String(Math.random()));
  if (how === 'refresh') refresh();
}
`,
  'app/bar.tsx': `'use client';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { change } from './actions';
export function Bar() {
  const router = useRouter();
  const [told, setTold] = useState(0);
  return <div>
    <Link id="home" prefetch={false} href="/">home</Link> <Link id="go-live" prefetch={false} href="/live">live</Link> <Link id="go-still" prefetch={false} href="/still">still</Link>
    <Link id="go-renewed" prefetch={false} href="/renewed">renewed</Link> <button id="renew" onClick={() => change('renewed')}>renew</button>
    <button id="path" onClick={() => change('path')}>path</button>
    <button id="cookie" onClick={() => change('cookie')}>cookie</button>
    <button id="refreshing" onClick={() => change('refresh')}>refresh()</button>
    <button id="router-refresh" onClick={() => router.refresh()}>router.refresh()</button>
    <button id="ahead" onClick={() => router.prefetch('/other', { onInvalidate: () => setTold((count) => count + 1) })}>ahead</button>
    <p id="told">{told}</p>
  </div>;
}
`,
  'app/page.tsx': `import Link from 'next/link';
import { Bar } from './bar';
export default function Page() {
  return <main><h1>Home</h1><Bar />
    <Link id="still" href="/still">still</Link> <Link id="slow" href="/slow">slow</Link> <Link id="live" href="/live" prefetch="auto">live</Link>
    <Link id="full" href="/full" prefetch={true}>full</Link> <Link id="never" href="/never" prefetch={false}>never</Link> <Link id="old" href="/old">old</Link>
    <div style={{ height: 5000 }} />
    <Link id="far" href="/far">far</Link>
  </main>;
}
`,
  'app/still/page.tsx': still('Still'),
  'app/other/page.tsx': still('Other'),
  'app/far/page.tsx': still('Far'),
  'app/never/page.tsx': still('Never'),
  'app/live/page.tsx': dynamic('Live'),
  'app/renewed/page.tsx': `import { Bar } from '../bar';
export const revalidate = 3600;
export default function Page() { return <main><h1>Renewed</h1><p id="made">{crypto.randomUUID()}</p><Bar /></main>; }
`,
  'app/full/page.tsx': dynamic('Full'),
  'app/slow/loading.tsx': 'export default function Loading() { return <p id="loading">a moment</p>; }\n',
  'app/slow/page.tsx': dynamic('Slow'),
  'app/many/page.tsx': `import Link from 'next/link';
export default function Page() { return <main>{Array.from({ length: 60 }, (_, n) => <Link key={n} style={{ display: 'block', height: 100 }} href={'/many/' + n}>{n}</Link>)}</main>; }
`,
  'app/many/[n]/page.tsx': 'export const dynamicParams = true; export default async function Page({ params }) { return <h1>{(await params).n}</h1>; }\n',
  'app/feed/layout.tsx': 'export default function Layout({ children, modal }) { return <>{children}{modal}</>; }\n',
  'app/feed/page.tsx': `import Link from 'next/link';
export const dynamic = 'force-dynamic';
let renders = 0;
export default function Page() { return <main><h1>Feed</h1><p id="renders">{++renders}</p><Link id="photo" href="/feed/photo" prefetch={false}>photo</Link></main>; }
`,
  'app/feed/photo/page.tsx': 'export default function Page() { return <h1>Photo, whole</h1>; }\n',
  'app/feed/@modal/default.tsx': 'export default () => null;\n',
  'app/feed/@modal/(.)photo/page.tsx': `import { Bar } from '../../../bar';
export default function Page() { return <dialog open><h2>Photo</h2><Bar /></dialog>; }
`,
};

/** Payloads that a page asked for: path, and how it asked. */
function asked(page) {
  const list = [];
  page.on('request', (request) => {
    const headers = request.headers();
    if (headers['rsc'] !== '1' || request.method() !== 'GET') return;
    list.push(`${new URL(request.url()).pathname}${headers['next-router-prefetch'] === '1' ? ' ahead' : ''}`);
  });
  return Object.assign(list, { take: () => list.splice(0).sort() });
}

const heading = (page, name) => page.getByRole('heading', { name, exact: true }).waitFor();
/** Until nothing is asked for any more. */
async function quiet(page) {
  await page.waitForTimeout(500);
  await page.waitForLoadState('networkidle');
}

describe('what the browser keeps', () => {
  let app, server, browser, page, requests;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    app?.remove();
  });
  const open = async (path, prepare) => {
    page = await browser.page();
    await prepare?.(page);
    requests = asked(page);
    await page.goto(server.base + path);
    await quiet(page);
    return page;
  };

  test('links in view are fetched ahead as they wish, those out of view and those that refuse are not', async () => {
    await open('/');
    // What redirects is followed by the browser, with the headers of the first request.
    assert.deepEqual(requests.take().filter((one) => one !== '/still ahead'), ['/full', '/live ahead', '/old ahead', '/slow ahead']);
    await page.hover('#never');
    await quiet(page);
    assert.deepEqual(requests.take(), []);
    await page.locator('#far').scrollIntoViewIfNeeded();
    await until(() => requests.includes('/far ahead'), Boolean);
    await page.done();
  });

  test('a static page and one fetched in full are shown without another request, and again for five minutes', async () => {
    await open('/', (page) => page.clock.install());
    requests.take();
    const renders = [];
    for (const [id, name] of [['still', 'Still'], ['full', 'Full'], ['full', 'Full']]) {
      await page.click(`#${id}`);
      await heading(page, name);
      if (id === 'full') renders.push(await page.textContent('#renders'));
      await page.click('#home');
      await heading(page, 'Home');
    }
    // The home page was loaded as a document; from then on it is kept like the others.
    assert.deepEqual(requests.take().filter((one) => one !== '/'), []);
    assert.equal(new Set(renders).size, 1, `rendered anew: ${renders}`);
    await page.clock.fastForward('05:01');
    await page.hover('#still');
    await until(() => requests.includes('/still ahead'), Boolean);
    await page.done();
  });

  test('a page that is being fetched in full is waited for, not asked for twice', async () => {
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await open('/live', (page) => page.route((url) => url.pathname === '/full', async (route) => {
      await held;
      await route.continue();
    }));
    await page.click('#home');
    await until(() => requests.includes('/full'), Boolean);
    await page.click('#full');
    await page.waitForTimeout(200);
    release();
    await heading(page, 'Full');
    assert.deepEqual(requests.take().filter((one) => one === '/full'), ['/full']);
    await page.done();
  });

  test('what redirects is shown under the URL that it leads to', async () => {
    await open('/');
    await page.click('#old');
    await heading(page, 'Still');
    assert.equal(new URL(page.url()).pathname, '/still');
    await page.done();
  });

  test('a dynamic page is asked for each time, behind its loading shell at once', async () => {
    await open('/');
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route((url) => url.pathname === '/slow', async (route) => {
      await held;
      await route.continue();
    });
    await page.click('#slow');
    await page.locator('#loading').waitFor();
    assert.equal(new URL(page.url()).pathname, '/slow');
    release();
    await heading(page, 'Slow');
    requests.take();
    const seen = [];
    for (let i = 0; i < 2; i++) {
      await page.click('#go-live');
      await heading(page, 'Live');
      seen.push(Number(await page.textContent('#renders')));
      await page.click('#go-still');
      await heading(page, 'Still');
    }
    assert.ok(seen[0] < seen[1], `shown again: ${seen}`);
    assert.equal(requests.take().filter((one) => one === '/live').length, 2);
    await page.done();
  });

  test('links that leave the view before their turn are not fetched', async () => {
    await open('/still');
    const waiting = [];
    await page.route((url) => /^\/many\/\d+$/.test(url.pathname), (route) => void waiting.push(route));
    await page.goto(`${server.base}/many`);
    await until(() => waiting.length, (count) => count === 4);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForTimeout(700);
    assert.equal(waiting.length, 4, 'four at once');
    await page.unroute((url) => url.pathname.startsWith('/many/'));
    for (const route of waiting.splice(0)) await route.continue();
    await until(async () => {
      for (const route of waiting.splice(0)) await route.continue();
      return requests.includes('/many/59 ahead');
    }, Boolean);
    await page.waitForTimeout(300);
    for (const route of waiting.splice(0)) await route.continue();
    assert.ok(!requests.includes('/many/8 ahead') || !requests.includes('/many/5 ahead'), requests.join());
    await page.done();
  });

  test('nothing is fetched ahead for readers who save data', async () => {
    await open('/', (page) => page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) })));
    await page.hover('#still');
    await page.click('#ahead');
    await quiet(page);
    assert.deepEqual(requests.take(), []);
    await page.done();
  });

  test('back and forward ask nothing, show what was there and where it was scrolled to', async () => {
    await open('/live');
    await page.click('#go-still');
    await heading(page, 'Still');
    const first = await page.evaluate(() => { scrollTo(0, 1200); return scrollY; });
    await page.waitForTimeout(200);
    await page.locator('#go-live').evaluate((link) => link.click());
    await heading(page, 'Live');
    const renders = await page.textContent('#renders');
    requests.take();
    await page.goBack();
    await heading(page, 'Still');
    await until(() => page.evaluate(() => scrollY), (y) => y === first);
    await page.goForward();
    await heading(page, 'Live');
    assert.equal(await page.textContent('#renders'), renders);
    await page.goBack();
    await page.goBack();
    await heading(page, 'Live');
    assert.deepEqual(requests.take(), []);
    assert.deepEqual(page.complaints, []);
    await page.done();
  });

  for (const how of ['path', 'cookie', 'router-refresh']) {
    test(`all of it is out of date after ${how}: links in view are fetched again, back asks`, async () => {
      await open('/live');
      await page.click('#home');
      await heading(page, 'Home');
      await quiet(page);
      requests.take();
      await page.click(`#${how}`);
      await until(() => requests.filter((one) => one === '/full').length, (count) => count > 0);
      await quiet(page);
      const again = requests.take();
      assert.deepEqual(again.filter((one) => one !== '/' && one !== '/still ahead'), ['/full', '/live ahead', '/old ahead', '/slow ahead']);
      await page.goBack();
      await heading(page, 'Live');
      assert.ok(requests.take().includes('/live'));
      assert.deepEqual(page.complaints, []);
      await page.done();
    });
  }

  test('a page with a time to live is new after its invalidation, whatever the browser has on its disk', async () => {
    await open('/live');
    const seen = [];
    for (let i = 0; i < 3; i++) {
      await page.click('#go-renewed');
      await heading(page, 'Renewed');
      seen.push(await page.textContent('#made'));
      await page.click('#go-live');
      await heading(page, 'Live');
      const replied = page.waitForResponse((answer) => answer.request().method() === 'POST');
      await page.click('#renew');
      await replied;
      await quiet(page);
    }
    assert.equal(new Set(seen).size, 3, seen.join());
    await page.done();
  });

  test('`refresh()` of an action leaves what was fetched ahead', async () => {
    await open('/');
    requests.take();
    await page.click('#refreshing');
    await quiet(page);
    assert.deepEqual(requests.take().filter((one) => one !== '/'), []);
    await page.done();
  });

  test('`router.prefetch` fetches once, and tells once that it is out of date', async () => {
    await open('/live');
    await page.click('#ahead');
    await until(() => requests.includes('/other ahead'), Boolean);
    await quiet(page);
    await page.click('#path');
    await page.locator('#told', { hasText: '1' }).waitFor();
    await page.click('#path');
    await quiet(page);
    assert.equal(await page.textContent('#told'), '1');
    assert.deepEqual(requests.take().filter((one) => one === '/other ahead'), ['/other ahead']);
    await page.done();
  });

  test('going back closes a modal in which an action has changed something, and shows the page behind it anew', async () => {
    await open('/feed');
    const before = Number(await page.textContent('#renders'));
    await page.click('#photo');
    await heading(page, 'Photo');
    await page.click('#path');
    await quiet(page);
    await page.goBack();
    await page.getByRole('heading', { name: 'Photo', exact: true }).waitFor({ state: 'detached' });
    await until(async () => Number(await page.textContent('#renders')), (now) => now > before);
    await page.goForward();
    await heading(page, 'Photo');
    await heading(page, 'Feed');
    assert.deepEqual(page.complaints, []);
    await page.done();
  });

  test('a page of another deployment is loaded as a document', async () => {
    await open('/live');
    await page.route((url) => url.searchParams.has('_rsc'), async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/"build":"[^"]*"/, '"build":"another"');
      await route.fulfill({ response: answer, body });
    });
    await page.evaluate(() => { window.same = true; });
    await page.click('#go-still');
    await heading(page, 'Still');
    assert.equal(await page.evaluate(() => window.same), undefined);
    assert.equal(new URL(page.url()).pathname, '/still');
    await page.done();
  });
});

describe('with `staleTimes`', () => {
  let app, server, browser;
  before(async () => {
    app = folder({ ...files, 'next.config.mjs': 'export default { experimental: { staleTimes: { dynamic: 20, static: 60 } } };\n' });
    server = await serve(app.dir, { args: ['--workers', '1'] });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    app?.remove();
  });

  test('pages that were visited are shown again until their time is over', async () => {
    const page = await browser.page();
    await page.clock.install();
    const requests = asked(page);
    await page.goto(`${server.base}/other`);
    await quiet(page);
    const visit = async (id, name) => {
      await page.click(id);
      await heading(page, name);
    };
    await visit('#go-live', 'Live');
    await visit('#go-still', 'Still');
    assert.deepEqual(requests.take(), ['/live', '/still']);
    await page.clock.fastForward(10_000);
    await visit('#go-live', 'Live');
    await visit('#go-still', 'Still');
    assert.deepEqual(requests.take(), []);
    await page.clock.fastForward(15_000);
    await visit('#go-live', 'Live');
    await visit('#go-still', 'Still');
    assert.deepEqual(requests.take(), ['/live']);
    await page.clock.fastForward(45_000);
    await visit('#go-live', 'Live');
    await visit('#go-still', 'Still');
    assert.deepEqual(requests.take(), ['/live', '/still']);
    await page.done();
  });
});
