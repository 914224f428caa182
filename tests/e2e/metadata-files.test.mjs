// Pictures from JSX (`next/og`) and metadata files that are made by code, as crawlers and browsers fetch them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, repository, serve } from './lib/application.mjs';
import { readPng } from './lib/png.mjs';

const RED = [255, 0, 0];
const box = (style, inside = '') => `<div style={{ display: 'flex', width: '100%', height: '100%', ${style} }}>${inside}</div>`;
const handler = (element, options = '{ width: 200, height: 100 }', more = '') =>
  `import { ImageResponse } from 'next/og';\n${more}\nexport const dynamic = 'force-dynamic';\nexport const GET = () => new ImageResponse(${element}, ${options});\n`;
const og = (element, options = '{ ...size }') => `import { ImageResponse } from 'next/og';
export const size = { width: 120, height: 60 };
export const alt = 'made of ink';
export const contentType = 'image/png';
export default async function Image({ params }) { const values = await params; return new ImageResponse(${element}, ${options}); }
`;

const files = {
  'app/layout.tsx': 'export const metadata = { metadataBase: new URL("https://site.example") };\nexport default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n',
  // A client that imports an action has the compiler read a part of the graph once more, and what the pictures need must not get lost then.
  'app/actions.ts': "'use server';\nexport async function noted() { return 1; }\n",
  'app/note.tsx': "'use client';\nimport { noted } from './actions';\nexport const Note = () => <button onClick={() => noted()}>Note</button>;\n",
  'app/page.tsx': "import { Note } from './note';\nexport default function Page() { return <h1>Hello <Note /></h1>; }\n",
  'app/red/route.tsx': handler(box("background: 'red'")),
  'app/edge/route.tsx': `export const runtime = 'edge';\n${handler(box("background: '#00f'"))}`,
  'app/package/route.tsx': handler(box("background: 'red'")).replace('next/og', '@vercel/og'),
  'app/default-size/route.tsx': handler(box("background: 'red'"), 'undefined'),
  'app/init/route.tsx': handler(box("background: 'red'"), "{ width: 20, height: 10, status: 203, statusText: 'Drawn', headers: { 'cache-control': 'no-store', 'x-more': 'yes' } }"),
  'app/text/route.tsx': `import { ImageResponse } from 'next/og';
export async function GET(request) {
  return new ImageResponse(${box("background: 'white', fontSize: 60", "{request.nextUrl.searchParams.get('text')}")}, { width: 200, height: 100 });
}
`,
  'app/component/route.tsx': handler("<Card colour='red'><Late /></Card>", undefined,
    `const Card = ({ colour, children }) => <>${box('background: colour', '{children}')}</>;
     const Late = async () => { await null; return <div style={{ width: 50, height: 50, background: 'lime' }} />; };`),
  'app/font/route.tsx': `import { ImageResponse } from 'next/og';
export async function GET() {
  const data = await fetch(new URL('./letters.woff', import.meta.url)).then((answer) => answer.arrayBuffer());
  return new ImageResponse(${box("background: 'white', fontSize: 60, fontFamily: 'Own'", 'Hi')}, { width: 200, height: 100, fonts: [{ name: 'Own', data, weight: 400, style: 'normal' }] });
}
`,
  'app/bad-style/route.tsx': handler(box("background: 'red'", `<section id="wrong"><p style={{ transform: 'rotate3d(1)' }}>x</p></section>`)),
  'app/bad-font/route.tsx': handler('<div>x</div>', "{ fonts: [{ name: 'Own', data: new Uint8Array([0x77, 0x4f, 0x46, 0x32, 0, 0]) }] }"),
  'app/bad-picture/route.tsx': handler('<img width="10" height="10" src="/logo.png" />'),
  'app/inside-picture/route.tsx': handler('<img width="10" height="10" src="http://127.0.0.1:1/x.png" />'),
  'app/huge/route.tsx': handler('<div>x</div>', '{ width: 100000, height: 100000 }'),
  'app/bomb/route.tsx': handler('<img width="10" height="10" src={bomb} />', undefined,
    "const head = Buffer.alloc(24); head.write('89504e470d0a1a0a0000000d49484452', 'hex'); head.writeUInt32BE(60000, 16); head.writeUInt32BE(60000, 20);\nconst bomb = `data:image/png;base64,${head.toString('base64')}`;"),
  'app/endless/route.tsx': handler('<Endless />', undefined, 'const Endless = () => <div><Endless /></div>;'),
  'app/mine/route.tsx': `import { ImageResponse } from 'next/og';\nimport { cookies } from 'next/headers';
export async function GET() { const name = (await cookies()).get('name')?.value; return new ImageResponse(${box("background: name ?? 'red'")}, { width: 10, height: 10 }); }\n`,
  'app/(site)/card/[name]/page.tsx': 'export const dynamicParams = false;\nexport const generateStaticParams = () => [{ name: "ada" }, { name: "ö" }];\nexport default async function Page({ params }) { return <p>{(await params).name}</p>; }\n',
  'app/(site)/card/[name]/opengraph-image.tsx': og(box("background: values.name === 'ada' ? 'red' : 'lime'")),
  'app/(site)/card/[name]/twitter-image.tsx': og(box("background: 'black'")),
  'app/many/page.tsx': 'export default function Page() { return <p>many</p>; }\n',
  'app/many/icon.tsx': `import { ImageResponse } from 'next/og';
export const generateImageMetadata = () => [{ id: 'small', size: { width: 16, height: 16 }, contentType: 'image/png' }, { id: 7, size: { width: 32, height: 32 }, contentType: 'image/png' }];
export default async function Icon({ id }) { const side = (await id) === 'small' ? 16 : 32; return new ImageResponse(${box("background: 'red'")}, { width: side, height: side }); }
`,
  'app/many/apple-icon.tsx': `export const contentType = 'image/svg+xml';\nexport default () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');\n`,
  'app/counted/opengraph-image.tsx': `import { ImageResponse } from 'next/og';\nlet count = 0;\nexport default function Image() { count++; return new ImageResponse(${box("background: 'red'")}, { width: 10 + count, height: 10 }); }\n`,
  'app/counted/page.tsx': 'export default function Page() { return <p>counted</p>; }\n',
  'app/shop/sitemap.ts': `export const generateSitemaps = async () => [{ id: 0 }, { id: 1 }];
export default async function sitemap({ id }) {
  return [{ url: \`https://site.example/shop/\${await id}?a=1&b=2\`, lastModified: new Date('2026-01-02T03:04:05Z'), images: ['https://site.example/a.png'],
    alternates: { languages: { de: 'https://site.example/de' } }, videos: [{ title: 'A & B', thumbnail_loc: 'https://site.example/t.png', description: 'd' }] }];
}
`,
  'app/robots.ts': `export default () => ({ rules: [{ userAgent: 'Seznam', disallow: '/x', other: { 'Request-Rate': '10/1m', 'Clean-param': ['a /', 'b /'] } }] });\n`,
  'app/manifest.ts': `export default () => ({ name: 'Site', short_name: 'S', icons: [{ src: '/icon.png', sizes: '10x10', type: 'image/png' }] });\n`,
  'app/llms.txt/route.ts': `export const dynamic = 'force-static';\nexport const GET = () => new Response('# Site\\n', { headers: { 'content-type': 'text/plain; charset=utf-8' } });\n`,
  'app/.well-known/security.txt/route.ts': `export const GET = () => new Response('Contact: mailto:a@site.example\\n');\n`,
};

describe('metadata files', () => {
  let app, server;
  before(async () => {
    const font = readFileSync(join(repository, 'node_modules/@fontsource/geist-sans/files/geist-sans-latin-700-normal.woff'));
    app = folder({ ...files, 'app/font/letters.woff': font });
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  const get = (path, init) => fetch(server.base + path, init);
  async function picture(path) {
    const answer = await get(path);
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, `${path}: ${bytes.toString('utf8').slice(0, 500)}\n${server.log.slice(-2000)}`);
    assert.equal(answer.headers.get('content-type'), 'image/png');
    return readPng(bytes);
  }
  const meta = (html, name) => html.match(new RegExp(`<meta (?:property|name)="${name}" content="([^"]*)"`))?.[1];

  describe('ImageResponse', () => {
    test('is drawn in its size and colour, in a route handler', async () => {
      const png = await picture('/red');
      assert.deepEqual([png.width, png.height], [200, 100]);
      assert.equal(png.others(RED), 0);
    });

    test('is drawn with runtime edge', async () => {
      assert.deepEqual((await picture('/edge')).at(100, 50), [0, 0, 255]);
    });

    test('is the same under the name of the package that Next has it from', async () => {
      const png = await picture('/package');
      assert.deepEqual([png.width, png.height, png.others(RED)], [200, 100, 0]);
    });

    test('is 1200 by 630 if nothing is said', async () => {
      const png = await picture('/default-size');
      assert.deepEqual([png.width, png.height], [1200, 630]);
    });

    test('takes status, status text and headers; its own may be kept for ever', async () => {
      const answer = await get('/init');
      assert.deepEqual([answer.status, answer.statusText, answer.headers.get('cache-control'), answer.headers.get('x-more')], [203, 'Drawn', 'no-store', 'yes']);
      assert.equal((await get('/red')).headers.get('cache-control'), 'public, immutable, no-transform, max-age=31536000');
    });

    test('is not for shared caches if it was made from cookies', async () => {
      const answer = await get('/mine', { headers: { cookie: 'name=lime' } });
      assert.match(answer.headers.get('cache-control'), /^private/);
      assert.deepEqual(readPng(await answer.arrayBuffer()).at(5, 5), [0, 255, 0]);
    });

    test('has letters for Latin, Greek, Cyrillic and emoji without a network', async () => {
      for (const text of ['A', 'ś', 'Ω', 'Ж', '😀']) {
        const drawn = (await picture(`/text?text=${encodeURIComponent(text)}`)).others([255, 255, 255]);
        const missing = (await picture(`/text?text=${encodeURIComponent('\u{10ffff}')}`)).others([255, 255, 255]);
        assert.ok(drawn > 50, `${text}: ${drawn}`);
        assert.notEqual(drawn, missing, `${text} is drawn as a letter that is missing`);
      }
    });

    test('calls components, asynchronous ones too', async () => {
      const png = await picture('/component');
      assert.deepEqual([png.at(25, 25), png.at(100, 50)], [[0, 255, 0], RED]);
    });

    test('uses a font that is fetched from beside the module', async () => {
      assert.ok((await picture('/font')).others([255, 255, 255]) > 100);
    });

    const faults = {
      '/bad-style': /rotate3d.*in <div> › <section id="wrong"> › <p>/,
      '/bad-font': /fonts\[0\] \("Own"\) is a \.woff2 file; \.ttf, \.otf and \.woff can be used/,
      '/bad-picture': /absolute URL: \/logo\.png.*<img src="\/logo\.png">/,
      '/inside-picture': /127\.0\.0\.1:1\/x\.png/,
      '/huge': /`width` is 100000/,
      '/bomb': /60000 × 60000 pixels/,
      '/endless': /nested more than 400 deep/,
    };
    for (const [path, message] of Object.entries(faults)) {
      test(`that cannot be drawn is a 500, and the log says why (${path})`, async () => {
        const answer = await get(path);
        assert.equal(answer.status, 500, `${answer.headers.get('content-type')}`);
        await answer.arrayBuffer();
        assert.match(server.log.replaceAll("\\\"", "\""), message);
        assert.equal((await picture('/red')).others(RED), 0);
      });
    }

    test('that is asked for with HEAD is not drawn', async () => {
      const answer = await get('/bad-picture', { method: 'HEAD' });
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/png']);
    });

    test('costs nothing where nothing draws', async () => {
      const plain = folder({ 'app/layout.tsx': files['app/layout.tsx'], 'app/page.tsx': 'export default function Page() { return <h1>Hello</h1>; }\n', 'app/api/route.ts': "import { NextResponse } from 'next/server';\nexport const GET = () => NextResponse.json(1);\n" });
      const other = await serve(plain.dir);
      try {
        const names = readdirSync(join(plain.dir, '.ironside/build'), { recursive: true });
        assert.deepEqual(names.filter((name) => /wasm|woff|painter|draw/.test(name)), []);
      } finally {
        await other.stop();
        plain.remove();
      }
    });
  });

  describe('metadata images', () => {
    test('are linked with size, alt and type, and drawn with the params of their segment', async () => {
      const html = await (await get('/card/ada')).text();
      assert.deepEqual(['width', 'height', 'alt', 'type'].map((name) => meta(html, `og:image:${name}`)), ['120', '60', 'made of ink', 'image/png']);
      const url = new URL(meta(html, 'og:image'));
      assert.equal(url.origin, 'https://site.example');
      assert.deepEqual((await picture(url.pathname + url.search)).at(60, 30), RED);
      const twitter = new URL(meta(html, 'twitter:image'));
      assert.deepEqual((await picture(twitter.pathname + twitter.search)).at(60, 30), [0, 0, 0]);
      assert.deepEqual((await picture(url.pathname.replace('ada', '%C3%B6'))).at(60, 30), [0, 255, 0]);
    });

    test('SEC-27 of params that dynamicParams = false excludes are a 404', async () => {
      const url = new URL(meta(await (await get('/card/ada')).text(), 'og:image'));
      for (const name of ['eve', 'Ada', 'ada%20', '%61da%00', '__proto__']) {
        const answer = await get(url.pathname.replace('ada', name));
        assert.ok([400, 404].includes(answer.status), `${name}: ${answer.status}`);
      }
    });

    test('that generateImageMetadata lists are answered by id, others not', async () => {
      const html = await (await get('/many')).text();
      assert.deepEqual([...html.matchAll(/<link rel="icon" href="(\/many\/icon\/[^?"]+)[^>]*sizes="([^"]+)"/g)].map(([, href, sizes]) => `${href} ${sizes}`), ['/many/icon/small 16x16', '/many/icon/7 32x32']);
      assert.equal((await picture('/many/icon/small')).width, 16);
      assert.equal((await picture('/many/icon/7')).width, 32);
      for (const id of ['8', '', '/small/x']) assert.equal((await get(`/many/icon/${id}`, { redirect: 'follow' })).status, 404, id);
      const svg = await get('/many/apple-icon');
      assert.equal(svg.headers.get('content-type'), 'image/svg+xml');
    });

    test('that are static are made once', async () => {
      const first = await picture('/counted/opengraph-image');
      const second = await get('/counted/opengraph-image');
      assert.equal(second.headers.get('x-nextjs-cache'), 'HIT');
      assert.equal(readPng(await second.arrayBuffer()).width, first.width);
    });
  });

  test('sitemaps of generateSitemaps stand under their ids only', async () => {
    const answer = await get('/shop/sitemap/1.xml');
    assert.equal(answer.headers.get('content-type'), 'application/xml');
    const xml = await answer.text();
    for (const part of ['<loc>https://site.example/shop/1?a=1&amp;b=2</loc>', '<lastmod>2026-01-02T03:04:05.000Z</lastmod>', '<image:loc>https://site.example/a.png</image:loc>', 'hreflang="de"', '<video:title>A &amp; B</video:title>']) assert.ok(xml.includes(part), part);
    for (const path of ['/shop/sitemap.xml', '/shop/sitemap/2.xml', '/shop/sitemap/1', '/shop/sitemap/1.xml.xml']) assert.equal((await get(path)).status, 404, path);
  });

  test('robots and the manifest are written from what the code returns', async () => {
    const robots = await get('/robots.txt');
    assert.equal(robots.headers.get('content-type'), 'text/plain');
    assert.deepEqual((await robots.text()).split('\n').filter(Boolean), ['User-Agent: Seznam', 'Disallow: /x', 'Request-Rate: 10/1m', 'Clean-param: a /', 'Clean-param: b /']);
    const manifest = await get('/manifest.webmanifest');
    assert.equal(manifest.headers.get('content-type'), 'application/manifest+json');
    assert.equal((await manifest.json()).short_name, 'S');
  });

  test('folders with dots are routes: llms.txt, .well-known', async () => {
    const llms = await get('/llms.txt');
    assert.deepEqual([llms.status, await llms.text(), llms.headers.get('content-type')], [200, '# Site\n', 'text/plain; charset=utf-8']);
    assert.equal(await (await get('/.well-known/security.txt')).text(), 'Contact: mailto:a@site.example\n');
  });
});
