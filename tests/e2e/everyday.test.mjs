// Ways of writing applications that are common although nobody recommends them: each of them was once a reason for a build to fail.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { folder, ironside, serve } from './lib/application.mjs';

const app = folder({
  'next.config.ts': `import type { NextConfig } from 'next';
const config: NextConfig = {
  experimental: { useCache: true },
  pageExtensions: ['tsx', 'ts', 'jsx', 'js', 'mdx'],
  sassOptions: { additionalData: '$tone: teal;' },
  turbopack: {
    resolveAlias: { 'kit/config': './kit/settings.js' },
    rules: { '{*,next-mdx-rule}': [{ loaders: [{ loader: '/packages/@next/mdx/mdx-js-loader.js', options: { remarkPlugins: [() => 'loud'] as never[] } }], as: '*.tsx' }] },
  },
};
module.exports = config;`,
  'jsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }',
  'node_modules/kit/package.json': '{ "name": "kit", "version": "1.0.0", "type": "module", "exports": { ".": "./index.js", "./config": "./config.js" } }',
  'node_modules/kit/index.js': "import words from 'kit/config';\nexport const greeting = () => words.greeting;",
  'node_modules/kit/config.js': "throw new Error('kit has no settings');\nexport default {};",
  'kit/settings.js': "export default { greeting: 'greetings of the application' };",
  'middleware.js': `import { NextRequest, NextResponse } from 'next/server';
export const config = { matcher: ['/away', '/leave'], runtime: 'nodejs' };
export function middleware(request) {
  const copy = new NextRequest(request.nextUrl.href, request);
  if (copy.nextUrl.pathname === '/away') return Response.redirect(new URL('/?name=' + copy.cookies.get('name')?.value, request.url));
  const response = NextResponse.next();
  response.cookies.set('session', 'renewed');
  return response;
}`,
  'app/leave/route.js': `import { cookies } from 'next/headers';
export async function POST() { (await cookies()).delete('session'); return new Response('left'); }`,
  'words/en.json': '{ "hello": "hello in English" }',
  'words/de.json': '{ "hello": "hallo auf Deutsch" }',
  'app/[language]/page.js': `import { Words } from '@/components/words';
export default async function Page({ params }) {
  const { language } = await params;
  const near = await import(\`../../words/\${language}.json\`).catch((error) => ({ default: { hello: error.code } }));
  const far = await import(\`@/words/\${language}.json\`).catch((error) => ({ hello: error.message }));
  return <main><p>{near.default.hello}</p><p>{far.hello}</p><Words language={language} /></main>;
}`,
  'components/words.js': `'use client';
import { use } from 'react';
const known = {};
export function Words({ language }) {
  known[language] ??= import('../words/' + language + '.json').then((words) => words.hello, () => 'no words');
  return <b>{use(known[language])}</b>;
}`,
  'node_modules/@mdx-js/mdx/package.json': '{ "name": "@mdx-js/mdx", "version": "1.0.0", "type": "module", "exports": "./index.js" }',
  'node_modules/@mdx-js/mdx/index.js': `export async function compile({ value }, { providerImportSource, remarkPlugins }) {
  return \`import { jsx } from 'react/jsx-runtime';
import { useMDXComponents } from '\${providerImportSource}';
export default function Content() { return jsx(useMDXComponents({}).h1, { children: \${JSON.stringify(value.slice(2).trim() + ', ' + remarkPlugins[0]())} }); }\`;
}`,
  'mdx-components.js': "export function useMDXComponents(given) { return { ...given, h1: (props) => <h1 className=\"made\">{props.children}</h1> }; }",
  'app/text/page.mdx': '# A page of text',
  // Stands for the package: what is tested is who calls it, with what, and what becomes of its answer.
  'node_modules/sass/package.json': '{ "name": "sass", "version": "1.0.0", "main": "index.js" }',
  'node_modules/sass/index.js': `exports.compileStringAsync = async (source, options) => {
  if (options.syntax !== 'scss' || !options.url.href.endsWith('/app/sass/look.module.scss')) throw new Error('asked for ' + options.url);
  const value = /\\$tone: (\\w+);/.exec(source)[1];
  return { css: source.replace(/\\$tone: \\w+;/, '').replaceAll('$tone', value), loadedUrls: [options.url] };
};`,
  'app/sass/look.module.scss': '.box { color: $tone; }',
  'app/sass/page.js': "import look from './look.module.scss';\nexport default function Page() { return <p className={look.box}>sass</p>; }",
  'app/layout.js': `import { Inter } from 'next/font/google';
const inter = Inter({ subsets: ['latin'], variable: '--font-inter' });
export default function Layout({ children }) {
  return <html lang="en" className={inter.variable}><body className={inter.className}>{children}</body></html>;
}`,
  'app/page.js': `import { greeting } from 'kit';
import { Counter } from '@/components/counter';
export default function Page() {
  return <main><h1>{greeting()}</h1><Counter /></main>;
}`,
  'components/counter.js': `'use client';
import { useState } from 'react';
export function Counter() {
  const [count, add] = useState(0);
  return <button onClick={() => add(count + 1)}>clicked {count}</button>;
}`,
  'app/cached/page.js': `import { connection } from 'next/server';
async function number() { 'use cache'; return Math.random(); }
export default async function Page() { await connection(); return <p>{await number()}</p>; }`,
});

let server;
let built;
before(async () => {
  built = ironside(['build', app.dir]);
  assert.equal(built.code, 0, built.all);
  server = await serve(app.dir, { build: false });
});
after(async () => {
  await server?.stop();
  app.remove();
});

const text = async (path) => (await fetch(`${server.base}${path}`)).text();

test('JSX may stand in files that end in .js, of the server and of the browser', async () => {
  assert.match(await text('/'), /<button[^>]*>clicked <!-- -->0<\/button>/);
});

test('an alias of the configuration gives a package a file of the application', async () => {
  assert.match(await text('/'), /<h1>greetings of the application<\/h1>/);
});

test('a font of Google is named in one warning, and its classes are there', async () => {
  assert.equal(built.all.match(/warning\[google-font\]/g)?.length, 1, built.all);
  const html = await text('/');
  const sheet = html.match(/href="([^"]+\.css[^"]*)"/)?.[1];
  const css = await text(sheet);
  const [, variable, name] = html.match(/<html lang="en" class="([^"]+)"[^>]*>.*?<body class="([^"]+)"/s) ?? [];
  assert.ok(css.includes(`.${name}{`) && css.includes(`.${variable}{`), css);
  assert.match(css, /font-family:\s*Inter|font-family:\s*["']Inter/);
});

test('a middleware that says where it wants to run runs', async () => {
  const answer = await fetch(`${server.base}/away`, { redirect: 'manual', headers: { cookie: 'name=ada' } });
  assert.equal(answer.status, 302);
  assert.match(answer.headers.get('location'), /\/\?name=ada$/);
});

test('a cookie that the application takes away is not brought back by one that the proxy has set before', async () => {
  const answer = await fetch(`${server.base}/leave`, { method: 'POST' });
  const cookies = answer.headers.getSetCookie();
  assert.deepEqual(cookies.map((cookie) => cookie.split(';')[0]), ['session=renewed', 'session=']);
});

test('directives of the cache work without cacheComponents', async () => {
  const number = async () => (await text('/cached')).match(/<p>([^<]+)<\/p>/)?.[1];
  const first = await number();
  assert.ok(first);
  assert.equal(await number(), first);
});

test('a module whose name is put together when the code runs is found, on the server and for the browser', async () => {
  const german = await text('/de');
  assert.equal(german.match(/hallo auf Deutsch<\/(p|b)>/g)?.length, 3, german);
  assert.match(await text('/fr'), /<p>MODULE_NOT_FOUND<\/p>/);
});

test('stylesheets in Sass are compiled by the package of the application, as CSS modules too', async () => {
  const html = await text('/sass');
  const [, name] = html.match(/<p class="([^"]+)">sass/) ?? [];
  const sheets = await Promise.all([...html.matchAll(/href="([^"]+\.css[^"]*)"/g)].map(([, sheet]) => text(sheet)));
  assert.ok(name && sheets.join('').includes(`.${name}{color:teal}`), sheets.join('\n'));
});

test('a page may be written in MDX, and is compiled by the package of the application with its plugins and components', async () => {
  assert.match(await text('/text'), /<h1 class="made">A page of text, loud<\/h1>/);
});
