// What `next.config` does to URLs: assetPrefix, basePath with trailingSlash, the queries of redirects and rewrites, conditions; and
// what is asked for in unusual ways: forms of other sites, calls that want a payload, parameters that no list has.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from './lib/ask.mjs';
import { folder, serve } from './lib/application.mjs';

const layout = 'export default function Layout({ children }: any) { return <html lang="en"><body>{children}</body></html>; }\n';
const actions = `'use server';
import { redirect, permanentRedirect } from 'next/navigation';
import { notFound } from 'next/navigation';
export async function go(form: FormData) {
  const to = String(form.get('to'));
  if (form.get('how') === 'notFound') notFound();
  if (form.get('how') === 'permanent') permanentRedirect(to);
  redirect(to);
}
export async function call(to: string) { const calls = ((globalThis as any).calls ??= []); calls.push(to); redirect(to); }
`;
const page = `import { go, call } from './actions';
import Look from './look';
export const dynamic = 'force-dynamic';
export default () => <main><form action={go}><input name="to" /></form><form id="call" action={call as any}></form><Look /></main>;
`;
const files = {
  'app/layout.tsx': layout,
  'app/page.tsx': page,
  'app/actions.ts': actions,
  'app/look.tsx': "'use client';\nimport './look.css';\nimport picture from './dot.svg';\nexport default () => <img src={picture.src} alt=\"\" />;\n",
  'app/look.css': 'body { margin: 0 }\n',
  'app/dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>\n',
  'app/two/page.tsx': "export const dynamic = 'force-dynamic';\nexport default async ({ searchParams }: any) => <p id=\"two\">{JSON.stringify(await searchParams)}</p>;\n",
  'app/not-found.tsx': 'export default () => <p>our own not found</p>;\n',
  'app/api/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => Response.json({ calls: (globalThis as any).calls ?? [] });\n",
};

/** The hidden field of a form that names its action. */
const marker = (html, which = '') => new RegExp(`<form${which}[^>]*>.*?name="(\\$ACTION_ID_[0-9a-f]{42})"`).exec(html)[1];
function multipart(fields) {
  const body = Object.entries(fields).map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('');
  return { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body: `${body}--b--\r\n` };
}
/** The URLs of everything that a document loads. */
const loads = (html) => Array.from(html.matchAll(/<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"/g), ([, url]) => url).filter((url) => url.includes('/_next/'));

describe('basePath, trailingSlash, a path as assetPrefix, and no X-Powered-By', () => {
  let app, server, html;
  before(async () => {
    app = folder({ ...files, 'next.config.mjs': "export default { basePath: '/docs', trailingSlash: true, assetPrefix: '/cdn', poweredByHeader: false };\n" });
    server = await serve(app.dir, { args: ['--workers', '1'] });
    html = (await ask(server.base, { path: '/docs/' })).text;
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });
  /** Where redirects end. */
  async function follow(path) {
    for (let step = 0; step < 5; step += 1) {
      const answer = await ask(server.base, { path });
      if (answer.status < 300 || answer.status > 399) return { path, ...answer };
      path = new URL(answer.headers.location, server.base).href.slice(server.base.length);
    }
    throw new Error(`no end of redirects at ${path}`);
  }

  for (const [to, end] of [['/two', '/docs/two/'], ['/two/', '/docs/two/'], ['/two?q=1', '/docs/two/?q=1'], ['two', '/docs/two/']]) {
    test(`redirect('${to}') of a form without JavaScript ends at ${end}`, async () => {
      const answer = await ask(server.base, { path: '/docs/', ...multipart({ [marker(html)]: '', to }) });
      assert.equal(answer.status, 303);
      const { path, status, text } = await follow(new URL(answer.headers.location, `${server.base}/docs/`).href.slice(server.base.length));
      assert.deepEqual([path, status, /id="two"/.test(text)], [end, 200, true]);
    });
    test(`redirect('${to}') of a call by fetch ends at ${end}`, async () => {
      const answer = await ask(server.base, {
        path: '/docs/', method: 'POST', body: JSON.stringify([to]),
        headers: { 'next-action': marker(html, ' id="call"').slice(11), 'content-type': 'text/plain;charset=UTF-8', accept: 'text/x-component' },
      });
      assert.equal(answer.status, 200);
      const [target, kind] = answer.headers['x-action-redirect'].split(';');
      assert.equal(kind, 'push');
      // The browser puts the base path before it, as Next's does.
      assert.equal((await follow(`/docs${target}`)).path, end);
      assert.match(answer.text, /"two"/, 'the page that it leads to comes in the same answer');
    });
  }

  test('everything that a page loads is under the prefix, and is served there', async () => {
    const urls = loads(html);
    assert.ok(urls.length >= 3, html);
    for (const url of urls) {
      assert.match(url, /^\/cdn\/_next\/static\//);
      assert.equal((await ask(server.base, { path: url })).status, 200, url);
    }
  });

  test('poweredByHeader: false takes it from every answer', async () => {
    for (const path of ['/docs/', '/docs/api/', '/docs/nowhere/', '/elsewhere']) assert.equal((await ask(server.base, { path })).headers['x-powered-by'], undefined, path);
  });
});

describe('a CDN as assetPrefix, rules, and odd ways of asking', () => {
  let app, server;
  before(async () => {
    app = folder({
      ...files,
      'next.config.mjs': `export default {
  assetPrefix: 'https://cdn.example.com/shop/',
  redirects: async () => [
    { source: '/from', destination: '/two?from=rule', permanent: true },
    { source: '/if', has: [{ type: 'query', key: 'page', value: '(?<n>.*)' }], destination: '/two', permanent: false },
    { source: '/unless', missing: [{ type: 'header', key: 'x-here' }], destination: '/two', permanent: false },
  ],
  rewrites: async () => [{ source: '/inside', destination: '/two?a=rule&b=rule' }, { source: '/named/:a/:c', destination: '/two?c=:c' }],
};
`,
      'app/fixed/page.tsx': 'export default () => <p>fixed</p>;\n',
      'app/listed/[id]/route.ts': "export const dynamicParams = false;\nexport const generateStaticParams = () => [{ id: 'one' }];\nexport const GET = async (_: Request, { params }: any) => Response.json(await params);\n",
      'app/old/[id]/[...rest]/route.ts': 'export const GET = async (_: Request, { params }: any) => Response.json({ id: params.id, rest: params.rest, awaited: await params, isPromise: params instanceof Promise });\n',
      'app/older/[id]/page.tsx': `export function generateMetadata({ params, searchParams }: any) { return { title: 'meta ' + params.id + searchParams.q }; }
export default async function Older({ params, searchParams }: any) { return <p id="older">{params.id}:{searchParams.q}:{(await params).id}:{(await searchParams).q}</p>; }
`,
      'app/older/[id]/layout.tsx': 'export default function Layout({ params, children }: any) { return <section title={params.id}>{children}</section>; }\n',
    });
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });
  const get = (path, more = {}) => ask(server.base, { path, ...more });
  const searched = (answer) => JSON.parse(/id="two">([^<]*)</.exec(answer.text)[1].replaceAll('&quot;', '"'));

  test('documents load from the CDN, which finds the files here', async () => {
    const urls = loads((await get('/')).text);
    assert.ok(urls.length >= 3);
    for (const url of urls) {
      assert.ok(url.startsWith('https://cdn.example.com/shop/_next/static/'), url);
      assert.equal((await get(url.slice('https://cdn.example.com/shop'.length))).status, 200, url);
    }
  });

  test('X-Powered-By is on HTML only', async () => {
    assert.ok((await get('/')).headers['x-powered-by']);
    assert.equal((await get('/api')).headers['x-powered-by'], undefined);
  });

  test('what a redirect sets stands in place of what the visitor says, the rest goes along', async () => {
    const answer = await get('/from?x=%201&from=visitor&y');
    assert.deepEqual([answer.status, answer.headers.location, answer.headers.refresh], [308, '/two?x=%201&from=rule&y', '0;url=/two?x=%201&from=rule&y']);
  });

  test('so does what a rewrite sets, and what its pattern takes from the path', async () => {
    assert.deepEqual(searched(await get('/inside?a=visitor&c=visitor&a=again')), { a: 'rule', b: 'rule', c: 'visitor' });
    assert.deepEqual(searched(await get('/named/1/2?c=visitor&d=visitor')), { c: '2', d: 'visitor' });
  });

  test('what is there and empty counts as missing', async () => {
    const statuses = [];
    for (const [path, headers] of [['/if?page=', {}], ['/if?page=2', {}], ['/unless', {}], ['/unless', { 'x-here': '' }], ['/unless', { 'x-here': '1' }]]) statuses.push((await get(path, { headers })).status);
    assert.deepEqual(statuses, [404, 307, 307, 307, 404]);
  });

  test('a redirect to the one form of a path tells old clients too', async () => {
    for (const path of ['/two/', '//two', '/two//']) assert.match((await get(path)).headers.refresh ?? '', /^0;url=\/two\/?$/, path);
  });

  test('a form of another site may lead to a static page; other posts may not', async () => {
    const statuses = [];
    for (const type of ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=utf-8', 'application/json', 'text/plain']) {
      const answer = await get('/fixed', { method: 'POST', body: 'a=1', headers: { 'content-type': type, origin: 'https://bank.example' } });
      statuses.push([answer.status, answer.text.includes('<p>fixed</p>')]);
    }
    assert.deepEqual(statuses, [[200, true], [200, true], [405, false], [405, false]]);
  });

  test('a parameter that the list of a handler does not have is the not-found page', async () => {
    assert.equal((await get('/listed/one')).text, '{"id":"one"}');
    const answer = await get('/listed/two', { headers: { accept: 'text/html' } });
    assert.equal(answer.status, 404);
    assert.match(answer.text, /our own not found/);
  });

  test('notFound() in a form that is posted where no page is shows the not-found page', async () => {
    const { text } = await get('/');
    const answer = await get('/no/page', multipart({ [marker(text)]: '', how: 'notFound' }));
    assert.equal(answer.status, 404);
    assert.match(answer.text, /our own not found/);
  });

  test('a call that asks for a payload of the page is no call', async () => {
    const id = marker((await get('/')).text, ' id="call"').slice(11);
    const headers = { 'next-action': id, rsc: '1', 'content-type': 'text/plain' };
    const wrong = await get('/', { method: 'POST', headers, body: '["/never"]' });
    assert.deepEqual([wrong.status, wrong.headers.location], [307, '/?_rsc']);
    const right = await get('/?_rsc', { method: 'POST', headers, body: '["/never"]' });
    assert.equal(right.headers['x-action-redirect'], undefined);
    assert.doesNotMatch((await get('/api')).text, /never/);
    assert.match((await get('/', { method: 'POST', headers: { ...headers, rsc: '0' }, body: '["/two"]' })).headers['x-action-redirect'], /^\/two;/);
  });

  test('params are promises that also have their values as properties: in handlers', async () => {
    assert.deepEqual(JSON.parse((await get('/old/a%20b/c/d%2Fe')).text), { id: 'a b', rest: ['c', 'd/e'], awaited: { id: 'a b', rest: ['c', 'd/e'] }, isPromise: true });
  });

  test('params and searchParams are promises that also have their values as properties: in pages, layouts and metadata', async () => {
    const { text } = await get('/older/7?q=x');
    assert.match(text.replaceAll('<!-- -->', ''), /<section title="7"><p id="older">7:x:7:x<\/p>/);
    assert.match(text, /<title>meta 7x<\/title>/);
  });
});
