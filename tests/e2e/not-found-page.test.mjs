// URLs that nothing answers: one page, made once by the build, for everybody and every such URL. No worker is asked for it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, keyed, variants } from './lib/ask.mjs';
import { folder, freePort, ironside, serve } from './lib/application.mjs';
import { launch, until } from './lib/browser.mjs';

const PRIVATE = 'private, no-cache, no-store, max-age=0, must-revalidate';
const layout = (before = '', inside = '') => `${before}
export default async function Layout({ children }: { children: React.ReactNode }) {
  ${inside}
  return <html lang="en"><body>{children}</body></html>;
}
`;
const plain = {
  'app/where.tsx': "'use client';\nimport { usePathname } from 'next/navigation';\nexport const Where = () => <i id=\"where\">{usePathname()}</i>;\n",
  'app/layout.tsx': `import { Where } from './where';
let drawn = 0;
export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body><b>drawn {++drawn}</b><Where />{children}</body></html>;
}
`,
  'app/page.tsx': "import Link from 'next/link';\nexport default () => <p>home <Link id=\"away\" href=\"/nowhere/at/all\" prefetch={false}>away</Link></p>;\n",
  'app/not-found.tsx': 'export const metadata = { title: \'Nothing here\' };\nexport default () => <p id="lost">lost</p>;\n',
  'app/listed/[k]/page.tsx': 'export const dynamicParams = false;\nexport const generateStaticParams = () => [{ k: \'a\' }];\nexport default async ({ params }: any) => <p>listed {(await params).k}</p>;\n',
  'app/renew/route.ts': "import { revalidatePath } from 'next/cache';\nexport function POST() { revalidatePath('/', 'layout'); return new Response('done'); }\n",
};

/** An application of these files that is served, with its counters. */
async function served(files) {
  const app = folder(files);
  const built = ironside(['build', app.dir]);
  assert.equal(built.code, 0, built.all);
  const admin = await freePort();
  const server = await serve(app.dir, { build: false, args: ['--workers', '1', '--admin-listen', `127.0.0.1:${admin}`] });
  const metrics = async () => (await ask(`http://127.0.0.1:${admin}`, { path: '/metrics' })).text;
  const number = async (name) => Number((await metrics()).split('\n').find((line) => line.startsWith(`${name} `))?.split(' ').at(-1));
  return { app, built, server, jobs: () => number('ironside_jobs_total'), entries: () => number('ironside_cache_entries{place="memory"}'), end: async () => { await server.stop(); app.remove(); } };
}

describe('the not-found page of an application that needs no request for it', () => {
  let it;
  before(async () => { it = await served(plain); });
  after(() => it?.end());
  const get = (asked) => ask(it.server.base, asked);

  test('the build makes it, and says so', () => {
    assert.match(it.built.all, /^page +\/_not-found .*static$/m);
    const small = folder({ 'app/layout.tsx': layout(), 'app/page.tsx': 'export default () => <p>home</p>;\n' });
    try {
      const { notFound } = JSON.parse(ironside(['build', small.dir, '--json']).stdout);
      assert.deepEqual([notFound.path, notFound.dynamic, notFound.prerendered.map(({ status }) => status)], ['/_not-found', null, [404]]);
    } finally {
      small.remove();
    }
  });

  test('HTML, payload and prefetch of any such URL are 404, kept by nobody in between, and the same for everybody', async () => {
    const texts = new Set();
    for (const path of ['/nowhere', '/nowhere/at/all?x=1', '/listed/b', '/_not-found', '/%E2%82%AC']) {
      for (const [name, variant] of Object.entries(variants)) {
        const answer = await get(variant(path));
        assert.equal(answer.status, 404, `${name} ${path}`);
        assert.equal(answer.headers['cache-control'], PRIVATE, `${name} ${path}`);
        assert.equal(answer.headers['x-nextjs-cache'], 'HIT', `${name} ${path}`);
        assert.equal(answer.headers['x-nextjs-prerender'], '1');
        assert.match(answer.headers['vary'], /rsc/);
        assert.equal(answer.headers.etag, undefined);
        assert.match(answer.headers['content-type'], name === 'html' ? /^text\/html/ : /^text\/x-component/);
        assert.match(answer.text, /lost/);
        if (name === 'html') assert.match(answer.text, /<meta name="robots" content="noindex"\/?>/);
        if (name === 'html') assert.match(answer.text, /<title>Nothing here<\/title>/);
        texts.add(answer.text);
      }
    }
    assert.equal(texts.size, 2, 'a document and a payload');
  });

  test('other methods get it as well, HEAD without a body; what a page loads gets a word', async () => {
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE']) {
      const body = method.startsWith('P') ? { headers: { accept: 'text/html', 'content-type': 'text/plain' }, body: 'x' } : { headers: { accept: 'text/html' } };
      const answer = await get({ path: '/nowhere', method, ...body });
      assert.equal(answer.status, 404, method);
      assert.equal(answer.headers['cache-control'], PRIVATE, method);
      if (method === 'HEAD') assert.equal(answer.text, '');
      else assert.match(answer.text, /lost/, method);
    }
    const image = await get({ path: '/nowhere.png', headers: { 'sec-fetch-dest': 'image' } });
    assert.deepEqual([image.status, image.text], [404, 'Not Found']);
  });

  test('a flood of such URLs reaches no worker and makes the cache no larger', async () => {
    const [jobs, entries] = [await it.jobs(), await it.entries()];
    for (let round = 0; round < 20; round++) {
      const all = await Promise.all(Array.from({ length: 50 }, (_, at) => get(at % 2 ? variants.html(`/flood/${round}/${at}?q=${Math.random()}`) : variants.payload(`/flood-${round}-${at}`))));
      assert.ok(all.every(({ status }) => status === 404));
    }
    assert.equal(await it.jobs(), jobs);
    assert.equal(await it.entries(), entries);
  });

  test('it is compressed as it is asked for', async () => {
    const big = await get({ path: '/nowhere', headers: { accept: 'text/html', 'accept-encoding': 'br' } });
    assert.equal(big.headers['content-encoding'], 'br');
    assert.match(big.headers.vary, /accept-encoding/i);
  });

  test('`ironside cache` lists and explains it', () => {
    const explained = ironside(['cache', 'explain', '/nowhere', it.app.dir]);
    assert.match(explained.stdout, /not-found page/);
    assert.match(explained.stdout, /^hit: fresh/m);
    assert.match(explained.stdout, /^ +entry +\/_not-found/m);
    assert.match(ironside(['cache', 'list', it.app.dir]).stdout, /^page +\/_not-found /m);
  });

  test('in the browser it shows the URL at which it is, after a load and after a navigation', async () => {
    const browser = await launch();
    const page = await browser.page();
    try {
      await page.goto(`${it.server.base}/nowhere/special?x=1`);
      await until(() => page.textContent('#where'), (text) => text === '/nowhere/special');
      await page.goto(it.server.base);
      await page.evaluate(() => (window.stays = true));
      await page.click('#away');
      await until(() => page.textContent('#lost'), (text) => text === 'lost');
      assert.equal(await page.textContent('#where'), '/nowhere/at/all');
      assert.equal(await page.evaluate(() => window.stays), true);
      assert.deepEqual(page.complaints.filter((text) => !/status of 404/.test(text)), []);
    } finally {
      await browser.close();
    }
  });

  test('revalidating the root layout renews it, once', async () => {
    const drawn = async () => { const { headers, text } = await get(variants.html('/other')); return [headers['x-nextjs-cache'], /drawn (?:<!-- -->)?(\d+)/.exec(text)[1]]; };
    const [, first] = await drawn();
    assert.equal((await get({ path: '/renew', method: 'POST' })).text, 'done');
    const jobs = await it.jobs();
    const again = await Promise.all(Array.from({ length: 20 }, () => get(variants.html('/other'))));
    assert.ok(again.every(({ status }) => status === 404));
    assert.equal(await it.jobs(), jobs + 1);
    assert.equal((await drawn())[0], 'HIT');
    assert.ok(first);
  });

  test('in draft mode it is rendered for the editor', async () => {
    const { headers, status } = await get({ path: '/nowhere', headers: { accept: 'text/html', cookie: '__prerender_bypass=wrong' } });
    assert.deepEqual([status, headers['x-nextjs-cache']], [404, 'HIT']);
  });
});

const frames = {
  'reads cookies': [layout("import { cookies } from 'next/headers';", 'const name = (await cookies()).get(\'name\')?.value;').replace('{children}', '<b>for {name ?? \'nobody\'}</b>{children}'), 'dynamic: cookies()'],
  'is dynamic by its config': [layout("export const dynamic = 'force-dynamic';"), "dynamic: "],
  'is renewed after a while': [layout('export const revalidate = 600;'), 'ISR, renewed after 10 min'],
};
for (const [name, [text, shown]] of Object.entries(frames)) {
  test(`the not-found page in a root layout that ${name}`, async () => {
    const it = await served({ 'app/layout.tsx': text, 'app/page.tsx': 'export default () => <p>home</p>;\n' });
    try {
      const line = it.built.all.split('\n').find((one) => one.includes('/_not-found'));
      assert.ok(line?.includes(shown), it.built.all);
      const jobs = await it.jobs();
      const answers = [];
      for (const who of ['Ada', 'Bo']) answers.push(await ask(it.server.base, { path: '/nowhere', headers: { accept: 'text/html', cookie: `name=${who}` } }));
      for (const { status, headers } of answers) assert.deepEqual([status, headers['cache-control']], [404, PRIVATE]);
      const made = (await it.jobs()) - jobs;
      if (shown.startsWith('dynamic')) assert.equal(made, 2);
      else assert.equal(made, 0);
      if (shown.includes('cookies')) assert.deepEqual(answers.map(({ text: html }) => /for (?:<!-- -->)?(\w+)/.exec(html)[1]), ['Ada', 'Bo']);
      const payload = await ask(it.server.base, { path: keyed('/nowhere', {}), headers: { rsc: '1' } });
      assert.deepEqual([payload.status, payload.headers['cache-control']], [404, PRIVATE]);
    } finally {
      await it.end();
    }
  });
}

test('a not-found page that throws while it is made fails the build, with its place', () => {
  const app = folder({ 'app/layout.tsx': layout(), 'app/page.tsx': 'export default () => <p>home</p>;\n', 'app/not-found.tsx': "export default function Lost() {\n  throw new Error('lost for words');\n}\n" });
  try {
    const built = ironside(['build', app.dir]);
    assert.equal(built.code, 1, built.all);
    assert.match(built.all, /\/_not-found could not be prerendered\n +lost for words\n +at Lost \(app\/not-found\.tsx:2:9\)/);
  } finally {
    app.remove();
  }
});

test('an application without a root layout has the server\'s own page, and no worker is asked for it', async () => {
  const files = { 'app/[lang]/layout.tsx': layout(), 'app/[lang]/page.tsx': "export const generateStaticParams = () => [{ lang: 'en' }];\nexport const dynamicParams = false;\nexport default () => <p>home</p>;\n", 'app/[lang]/not-found.tsx': 'export default () => <p>lost in a language</p>;\n', 'app/[lang]/[...rest]/page.tsx': "import { notFound } from 'next/navigation';\nexport default function Rest() { notFound(); }\n" };
  const it = await served(files);
  try {
    assert.doesNotMatch(it.built.all, /_not-found/);
    const jobs = await it.jobs();
    const own = await ask(it.server.base, { path: '/', headers: { accept: 'text/html' } });
    assert.deepEqual([own.status, own.headers['cache-control']], [404, PRIVATE]);
    assert.equal(await it.jobs(), jobs);
    const inside = await ask(it.server.base, { path: '/en/nowhere', headers: { accept: 'text/html' } });
    assert.equal(inside.status, 404);
    assert.match(inside.text, /lost in a language/);
  } finally {
    await it.end();
  }
});
