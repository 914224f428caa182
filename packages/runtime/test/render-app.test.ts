/** Pages from the job to the last byte, over bundles of a small application (`render-fixture`) in a process of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashOfId } from '../src/render/have.ts';
import { startWorker, type Answer, type JobInput, type Worker } from './render-support/client.ts';
import { addActions, addRoutes, type RouteName } from './render-support/routes.ts';

let worker: Worker;
let routes: Record<RouteName, number>;

beforeAll(async () => {
  worker = await startWorker(({ manifest }) => {
    routes = addRoutes(manifest);
    addActions(manifest);
  });
}, 60_000);
afterAll(() => worker.stop());

const item = (name: RouteName, id: string, more: JobInput = {}): Promise<Answer> =>
  worker.run({ route: routes[name], path: `/${name}/${id}`, params: [{ name: 'id', values: [id], kind: 'd' }], ...more });

/** The Flight bytes that the document's scripts carry. */
function inlined(html: string): string {
  return Array.from(html.matchAll(/\(self\.__I\|\|=\[\]\)\.push\(([^]*?)\)<\/script>/g), ([, literal]) => {
    const value = JSON.parse(literal as string) as string | [string];
    return typeof value === 'string' ? value : Buffer.from(value[0], 'base64').toString();
  }).join('');
}

const between = (text: string, before: string, after: string): string => text.split(before)[1]?.split(after)[0] ?? '';

describe('a document', () => {
  test('has the page inside of its layout, the head of both, and ends once', async () => {
    const { status, text, header } = await worker.run({ route: routes.home, query: 'q=1' });
    expect(status).toBe(200);
    expect(header('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain('<nav>root</nav>');
    expect(text).toContain('<main>home 1 &lt;b&gt;');
    const head = between(text, '<head>', '</head>');
    expect(head).toContain('<title>Home</title>');
    expect(head).toContain('<meta name="description" content="of the layout"/>');
    expect(head).toContain('name="viewport" content="width=device-width, initial-scale=1"');
    expect(text.endsWith('</script></body></html>')).toBe(true);
    expect(text.split('</html>')).toHaveLength(2);
  });

  test('names stylesheets and the chunks of the entry and of the client files that it uses', async () => {
    const { text } = await worker.run({ route: routes.home });
    const where = Object.values(worker.manifest.clients).find(({ file }) => file.endsWith('where.client.tsx'));
    const unused = Object.values(worker.manifest.clients).find(({ file }) => file.endsWith('state-form.client.tsx'));
    expect(text).toContain('<link rel="stylesheet" href="/_next/static/css/root.css" data-precedence="default"/>');
    expect(text).toContain('<link rel="modulepreload" href="/_next/static/chunks/react.js"/>');
    expect(text).toContain(`<link rel="modulepreload" href="${where?.browser}"/>`);
    expect(text).not.toContain(unused?.browser);
    expect(text).toMatch(/<script type="module" src="\/_next\/static\/chunks\/entry\.js"[^>]*><\/script>/);
  });

  test('that needs no waiting is one piece with one script for the payload', async () => {
    const { pieces, text } = await worker.run({ route: routes.plain, path: '/plain' });
    expect(pieces).toHaveLength(1);
    expect(text.match(/__I/g)).toHaveLength(1);
  });

  test('carries its payload escaped, and beside it where it is stored', async () => {
    const stored = await worker.run({ route: routes.plain, path: '/plain', permit: 3 });
    expect(stored.payloadText).toContain('plain');
    expect(inlined(stored.text)).toBe(stored.payloadText);
    const { text } = await worker.run({ route: routes.home });
    expect(inlined(text)).toContain('home undefined <b> \u2028');
    expect(text.slice(text.indexOf('__I'))).not.toMatch(/<b>|\u2028/);
  });

  test('that reads the request ends where it was to be stored, and says why', async () => {
    const { text, payloadText, dynamic } = await worker.run({ route: routes.home, permit: 3 });
    expect([text, payloadText, dynamic]).toEqual(['', '', 'searchParams']);
  });

  test('says that the page read the search only if it did', async () => {
    expect((await worker.run({ route: routes.home })).dynamic).toBe('searchParams');
    expect((await worker.run({ route: routes.plain, path: '/plain' })).dynamic).toBeUndefined();
  });

  test('of a page that is a client component has params and search, and counts as reading neither', async () => {
    const { text, dynamic } = await item('client', '5', { query: 'q=x' });
    expect(text).toContain('<main>client 5 x</main>');
    expect(dynamic).toBeUndefined();
  });

  test('gives its scripts the nonce of the request’s policy', async () => {
    const { text } = await worker.run({ route: routes.home, headers: [['content-security-policy', "default-src 'self'; script-src 'nonce-abc123' 'strict-dynamic'"]] });
    expect(text.match(/<script/g)?.length).toBe(text.match(/<script[^>]* nonce="abc123"/g)?.length);
  });

  test('takes no nonce that could leave its attribute', async () => {
    const { text } = await worker.run({ route: routes.home, headers: [['content-security-policy', `script-src 'nonce-a"onload=x'`]] });
    expect(text).not.toContain('nonce=');
  });

  test('streams what is late after the shell', async () => {
    const { pieces, status } = await item('late', '1');
    expect(status).toBe(200);
    expect(pieces[0]).toContain('<i>wait</i>');
    expect(pieces[0]).not.toContain('<em>late</em>');
    expect(pieces.slice(1).join('')).toContain('<em>late</em>');
  });

  test('that is made to be stored has no fallbacks', async () => {
    const { text, headers } = await item('late', '1', { kind: 'prerender', permit: 1 });
    expect(text).toContain('<main>early <!--$--><em>late</em><!--/$--></main>');
    expect(headers.map(([name]) => name)).toEqual(['content-type']);
  });

  test('ends when nobody reads it any more', async () => {
    const { result, text } = await item('late', '1', { abortAfterHead: true });
    expect(result).toBe('aborted');
    expect(text).not.toContain('late</em>');
  });
});

describe('metadata', () => {
  test('that is late does not hold back the page, and comes in the same answer', async () => {
    const { pieces } = await item('item', 'slow-meta');
    expect(pieces[0]).toContain('item slow-meta');
    expect(pieces[0]).not.toContain('<title>');
    expect(pieces.join('')).toContain('<title>Item slow-meta</title>');
  });

  test('is in the head for readers that look only there', async () => {
    const { text } = await item('item', 'slow-meta', { headers: [['user-agent', 'facebookexternalhit/1.1']] });
    expect(between(text, '<head>', '</head>')).toContain('<title>Item slow-meta</title>');
  });

  test('whose function calls notFound() makes the page a 404', async () => {
    const { status, text } = await item('item', 'meta-missing');
    expect(status).toBe(404);
    expect(text).toContain('<h1>no such thing</h1>');
  });
});

describe('before the shell', () => {
  test('notFound() is a 404 with the nearest not-found file inside of the layouts, for the browser too', async () => {
    const { status, text, result } = await item('item', 'missing');
    expect([status, result]).toEqual([404, 'not_found']);
    expect(text).toContain('<nav>root</nav>');
    expect(text).toContain('<h1>no such thing</h1>');
    expect(text).toContain('<meta name="robots" content="noindex"/>');
    expect(text).toContain('self.__IB={"failure":{"segment":"L/","slot":"children","digest":"NEXT_HTTP_ERROR_FALLBACK;404"}}');
  });

  test('forbidden() is a 403, with our own text where there is no file', async () => {
    const { status, text } = await item('item', 'closed');
    expect(status).toBe(403);
    expect(text).toContain('You may not see this page.');
  });

  test('redirects are 307 and 308 with the location as given and without a body', async () => {
    const moved = await item('item', 'moved');
    expect([moved.status, moved.header('location'), moved.text, moved.result]).toEqual([307, '/elsewhere?x=1', '', 'redirect']);
    expect((await item('item', 'gone')).status).toBe(308);
    expect((await item('item', 'moved', { config: { basePath: '/docs' } })).header('location')).toBe('/docs/elsewhere?x=1');
    await worker.run({ config: { basePath: '' } });
  });

  test('an error is a 500 with the error file inside of the layouts, and keeps its message', async () => {
    const { status, text, reported, error } = await item('item', 'broken');
    expect(status).toBe(500);
    expect(text).toMatch(/<section data-template="true"><h2>failed with \d+ An error occurred/);
    expect(text).not.toContain('secret text');
    expect(reported).toEqual([{ message: 'secret text', place: 'render' }]);
    expect(error?.message).toBe('secret text');
    expect(text).toContain(`"digest":"${error?.digest}"`);
  });

  test('an error of a layout without an error file around it is a document of its own', async () => {
    const { status, text } = await worker.run({ route: routes.brokenLayout, path: '/broken' });
    expect(status).toBe(500);
    expect(text).toContain('Something went wrong');
    expect(text).not.toContain('<nav>root</nav>');
    expect(text).not.toContain('secret');
  });

  test('a URL that nothing matches is a 404 with app/not-found in the root layout', async () => {
    const { status, text } = await worker.run({ route: -1, path: '/nowhere' });
    expect(status).toBe(404);
    expect(text).toContain('<nav>root</nav>');
    expect(text).toContain('<h1>no such thing</h1>');
    expect(text).toContain('<title>Nothing here - shop</title>');
    expect(text).toContain('content="noindex"');
  });

  test('an application without anything to show for it still answers 404', async () => {
    const { status, text } = await worker.run({ route: -1, path: '/nowhere', manifest: { notFound: null } });
    expect(status).toBe(404);
    expect(text).toContain('This page could not be found.');
  });
});

describe('after the shell', () => {
  test('a redirect leaves the status and sends on those who run no scripts', async () => {
    const { status, text } = await item('late', 'moved');
    expect(status).toBe(200);
    expect(text).toContain('http-equiv="refresh" content="1;url=/x?a=1&#38;b=2"');
  });

  test('notFound() leaves the status and asks not to be indexed', async () => {
    const { status, text } = await item('late', 'missing');
    expect(status).toBe(200);
    expect(text).toContain('<meta name="robots" content="noindex"/>');
  });

  test('both still decide the status of a page that is made to be stored', async () => {
    expect((await item('late', 'moved', { kind: 'prerender', permit: 1 })).status).toBe(307);
    const missing = await item('late', 'missing', { kind: 'prerender', permit: 1 });
    expect(missing.status).toBe(404);
  });

  test('an error says nothing but its digest', async () => {
    const { status, text, error } = await item('lateItem', 'broken');
    expect(status).toBe(200);
    expect(text).toContain('loading the item');
    expect(text).toContain(`data-dgst="${error?.digest}"`);
    expect(text).not.toContain('secret');
  });
});

describe('a payload', () => {
  const rsc = (name: RouteName, id: string, more: JobInput = {}) => item(name, id, { variant: 'rsc', ...more });

  test('is the same that a document carries, without what only documents need', async () => {
    const { status, header, text } = await rsc('item', '1');
    expect([status, header('content-type')]).toEqual([200, 'text/x-component']);
    expect(text).toContain('"P/blog/[id]=1"');
    expect(text).not.toContain('"settings"');
  });

  test('leaves out layouts that the client has, but never the page', async () => {
    const have = ['L/', 'L/blog'].map(hashOfId).join();
    const { text } = await rsc('item', '1', { headers: [['ironside-have', have]] });
    expect(text).not.toContain('"nav"');
    expect(text).not.toContain('data-params');
    expect(text).toContain('item 1');
  });

  test('answers 200 for what a page redirects to, does not find or fails with, and 404 for no route', async () => {
    const moved = await rsc('item', 'moved');
    expect([moved.status, moved.text.includes('NEXT_REDIRECT;replace;/elsewhere?x=1;307;')]).toEqual([200, true]);
    expect((await rsc('item', 'missing')).status).toBe(200);
    const broken = await rsc('item', 'broken');
    expect([broken.status, broken.text.includes('secret')]).toEqual([200, false]);
    expect((await worker.run({ route: -1, path: '/nowhere', variant: 'rsc' })).status).toBe(404);
  });

  test('ahead of a click goes down to the first loading file and runs nothing below', async () => {
    const { text } = await rsc('lateItem', 'broken', { variant: 'prefetch' });
    expect(text).toContain('"partial":true');
    expect(text).toContain('loading the item');
    expect(text).toContain('data-params');
    expect(text).not.toContain('"P/blog/[id]=broken":');
  });

  test('ahead of a click to a page without a loading file is its tree alone', async () => {
    const { text, reported } = await rsc('item', 'broken', { variant: 'prefetch' });
    expect(text).toContain('"id":"P/blog/[id]=broken"');
    expect(text).not.toContain('data-params');
    expect(reported).toEqual([]);
  });
});
