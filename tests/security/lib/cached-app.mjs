// An application with everything that can be shared and everything that must not be, and a server behind it that counts who
// asked for what. Each answer says which route made it, for which parameters, and the how-manieth of its kind it is.
import http from 'node:http';
import { folder, ironside, serve } from '../../e2e/lib/application.mjs';

const count = "const next = (name: string) => { const counts = ((globalThis as any).counts ??= {}); return (counts[name] = (counts[name] ?? 0) + 1); };";
/** A page in a file: it shows its route's name, its parameters, what the code reads, and a number. */
function page(file, route, { read = "''", config = '', params = false } = {}) {
  return { [file]: `import { cookies, headers } from 'next/headers';
import { connection } from 'next/server';
import { unstable_noStore } from 'next/cache';
import { shown } from '${'../'.repeat(file.split('/').length - 1)}lib/shown';
${config}
${params ? 'export const generateStaticParams = () => [];' : ''}
export default async function Page(props: any) {
  const read = ${read};
  return <pre>{shown('${route}', await props.params, read)}</pre>;
}
void [cookies, headers, connection, unstable_noStore];
` };
}

/** Pages that belong to one visitor, and what makes them so. */
export const privatePages = {
  'private/cookies': "(await cookies()).get('user')?.value",
  'private/headers': "(await headers()).get('x-user')",
  'private/authorization': "(await headers()).get('authorization')",
  'private/search': '(await props.searchParams).user',
  'private/connection': '(await connection(), 1)',
  'private/no-store': '(unstable_noStore(), 1)',
  'private/fetch': "(await (await fetch(process.env.BEHIND + '/live', { cache: 'no-store' })).text())",
  'private/caught': "await cookies().then((jar) => jar.get('user')?.value).catch(() => 'caught')",
  'private/late': "(await new Promise((resolve) => setTimeout(resolve, 20)), (await cookies()).get('user')?.value)",
};

const files = {
  'lib/shown.ts': `${count}
export const shown = (route: string, params: unknown, read: unknown) => '@@' + Buffer.from(JSON.stringify({ route, params: params ?? {}, read: read ?? null, made: next(route) })).toString('base64url') + '@@';
`,
  'app/layout.tsx': 'export default function Layout({ children }: { children: React.ReactNode }) { return <html><body>{children}</body></html>; }\n',
  ...page('app/page.tsx', 'home'),
  ...page('app/static/page.tsx', 'static'),
  ...page('app/isr/[slug]/page.tsx', 'isr', { params: true, config: 'export const revalidate = 600;' }),
  ...page('app/[...rest]/page.tsx', 'rest', { params: true }),
  ...page('app/declared/[slug]/page.tsx', 'declared', {
    params: true, config: "export const dynamic = 'force-static';",
    read: "[(await cookies()).get('user')?.value, (await headers()).get('host'), (await headers()).get('x-forwarded-host'), await props.searchParams]",
  }),
  ...page('app/photo/[id]/page.tsx', 'photo', { params: true }),
  ...page('app/feed/page.tsx', 'feed'),
  ...page('app/feed/@modal/(..)photo/[id]/page.tsx', 'modal', { params: true }),
  'app/feed/@modal/default.tsx': 'export default () => null;\n',
  'app/feed/layout.tsx': 'export default ({ children, modal }: any) => <div>{children}{modal}</div>;\n',
  'app/go/[slug]/page.tsx': "import { redirect } from 'next/navigation';\nexport const generateStaticParams = () => [];\nexport default async ({ params }: any) => redirect('/isr/' + (await params).slug);\n",
  'app/gone/[slug]/page.tsx': "import { notFound } from 'next/navigation';\nexport const generateStaticParams = () => [];\nexport default async ({ params }: any) => { await params; notFound(); };\n",
  'app/status/[code]/route.ts': `${count}
export const dynamic = 'force-static';
export const generateStaticParams = () => [];
export async function GET(_: Request, { params }: any) {
  const code = Number((await params).code);
  const body = [204, 205, 304].includes(code) ? null : 'made ' + next('status' + code);
  return new Response(body, { status: code, headers: { 'x-made': String(next('made' + code)), ...(code > 300 && code < 309 ? { location: '/static' } : {}) } });
}
`,
  'app/headers/[kind]/route.ts': `${count}
export const dynamic = 'force-static';
export const generateStaticParams = () => [];
const kinds: Record<string, Record<string, string>> = {
  cookie: { 'set-cookie': 'session=of-the-first; Path=/' },
  private: { 'cache-control': 'private, max-age=60' },
  'no-store': { 'cache-control': 'No-Store' },
  'vary-all': { vary: '*' },
};
export async function GET(request: Request, { params }: any) {
  const kind = (await params).kind;
  return new Response('made ' + next(kind) + ' ' + request.headers.get('x-user') + ' ' + new URL(request.url).host + new URL(request.url).search, { headers: kinds[kind] ?? {} });
}
`,
  'app/handler/route.ts': `${count}\nimport { cookies } from 'next/headers';\nexport const GET = async () => Response.json({ user: (await cookies()).get('user')?.value ?? null, made: next('handler') });\n`,
  // What a server fetches for whoever asks, with his method, headers and body.
  'app/relay/route.ts': `export async function POST(request: Request) {
  const url = request.headers.get('x-url')!;
  const headers = JSON.parse(request.headers.get('x-headers') ?? '{}');
  const method = request.headers.get('x-method') ?? 'POST';
  const body = method === 'GET' || method === 'HEAD' ? undefined : await request.arrayBuffer();
  const answer = await fetch(process.env.BEHIND + url, { method, headers, body, cache: 'force-cache' });
  return new Response(await answer.text(), { status: answer.status, headers: answer.headers.getSetCookie().length ? { 'x-cookies': '1' } : {} });
}
`,
  'app/function/route.ts': `import { unstable_cache } from 'next/cache';
const told = (value: unknown) => value instanceof Map || value instanceof Set || value instanceof URLSearchParams ? value.constructor.name + JSON.stringify([...value as any]) : typeof value + ':' + (typeof value === 'number' ? String(value) : JSON.stringify(value));
const values: Record<string, unknown[]> = {
  one: [1], text: ['1'], none: [], undefined: [undefined], null: [null], nan: [NaN], infinite: [Infinity], list: [[1, 2]], two: [1, 2],
  map: [new Map([['a', 1]])], mapOther: [new Map([['a', 2]])], set: [new Set([1])], setOther: [new Set([2])], object: [{}],
  search: [new URLSearchParams('a=1')], searchOther: [new URLSearchParams('a=2')], deep: [{ a: [new Map([[1, { b: 1 }]])] }], deepOther: [{ a: [new Map([[1, { b: 2 }]])] }],
  hole: [[undefined]], holeNull: [[null]], missing: [{ a: undefined }],
};
const tell = unstable_cache(async (...given: unknown[]) => given.length + ' ' + given.map((value) => told(value) + (value && typeof value === 'object' && 'a' in value ? ' a:' + told((value as any).a) + told([...(value as any).a?.[0] ?? []]) : '') + (Array.isArray(value) ? value.map(told) : '')).join(' '), ['tell']);
const inner = unstable_cache(async (tenant: string) => 'inner of ' + tenant);
const outer = unstable_cache(async (tenant: string, more: number) => (await inner(tenant)) + ' ' + more);
const byParts = (parts: string[]) => unstable_cache(async () => 'parts ' + JSON.stringify(parts), parts)();
export async function POST(request: Request) {
  const { value, tenant, parts } = await request.json();
  if (parts) return new Response(await byParts(parts));
  if (tenant !== undefined) return new Response(await outer(tenant, 7));
  return new Response(await tell(...values[value]!));
}
`,
  'app/news/[slug]/page.tsx': `import { unstable_cache } from 'next/cache';
import { draftMode } from 'next/headers';
import { shown } from '../../../lib/shown';
export const generateStaticParams = () => [];
const title = unstable_cache(async (slug: string) => (await fetch(process.env.BEHIND + '/title/' + slug)).text(), ['title']);
export default async function Page({ params }: any) {
  const { slug } = await params;
  const text = await (await fetch(process.env.BEHIND + '/news/' + slug, { cache: 'force-cache' })).text();
  return <pre>{shown('news', { slug }, { draft: (await draftMode()).isEnabled, text, title: await title(slug) })}</pre>;
}
`,
  'app/draft/route.ts': "import { draftMode } from 'next/headers';\nexport async function GET() { (await draftMode()).enable(); return new Response('on'); }\n",
  'app/tree/[a]/layout.tsx': "export default ({ children }: any) => <section>the layout{children}</section>;\n",
  'app/tree/[a]/page.tsx': "import { connection } from 'next/server';\nexport default async ({ params }: any) => { await connection(); return <p>leaf of {(await params).a}</p>; };\n",
  'app/invalidate/route.ts': "import { revalidatePath } from 'next/cache';\nexport async function POST(request: Request) { revalidatePath(await request.text()); return new Response('done'); }\n",
  'next.config.mjs': `export default {
  async redirects() { return [{ source: '/moved/:slug', destination: '/isr/:slug', permanent: false }]; },
  async rewrites() { return [{ source: '/outside/:path*', destination: process.env.BEHIND + '/:path*' }]; },
};
`,
  'proxy.ts': "import { NextResponse } from 'next/server';\nexport default (request: any) => NextResponse.redirect(new URL('/isr/proxied', request.url));\nexport const config = { matcher: '/proxied' };\n",
};
for (const [name, read] of Object.entries(privatePages)) Object.assign(files, page(`app/${name}/page.tsx`, name, { read }));

/** What stands behind: it tells what it was asked, and counts. `says` is what it answers under a path. */
async function behindIt() {
  const seen = { asked: [], says: new Map(), headers: {}, base: '' };
  const server = http.createServer((asked, answer) => {
    const pieces = [];
    asked.on('data', (piece) => pieces.push(piece));
    asked.on('end', () => {
      const body = Buffer.concat(pieces);
      seen.asked.push({ url: asked.url, method: asked.method, headers: asked.headers, body });
      answer.writeHead(200, { 'content-type': 'text/plain', ...seen.headers });
      answer.end(seen.says.get(asked.url) ?? JSON.stringify({ number: seen.asked.length, method: asked.method, url: asked.url, user: asked.headers.authorization ?? asked.headers.cookie ?? null, more: asked.headers['x-more'] ?? null, body: body.toString('base64') }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  seen.base = `http://127.0.0.1:${server.address().port}`;
  seen.close = () => { server.closeAllConnections(); server.close(); };
  return seen;
}

export async function cached({ args = ['--workers', '2'] } = {}) {
  const behind = await behindIt();
  const app = folder(files);
  process.env.BEHIND = behind.base;
  const built = ironside(['build', app.dir, '--no-prerender'], { env: { BEHIND: behind.base } });
  if (built.code !== 0) throw new Error(built.all);
  const server = await serve(app.dir, { build: false, args, env: { BEHIND: behind.base } });
  return {
    server, behind, dir: app.dir,
    async close() {
      await server.stop();
      behind.close();
      app.remove();
    },
  };
}

/** What a page showed: `{ route, params, read, made }`. Every copy of it in the body has to be the same. */
export function shownIn(text) {
  const all = new Set([...text.matchAll(/@@([\w-]+)@@/g)].map(([, encoded]) => encoded));
  if (all.size > 1) throw new Error('a page of several renders');
  return all.size === 1 ? JSON.parse(Buffer.from([...all][0], 'base64url').toString()) : undefined;
}

/** Whether caches in front of the server may keep an answer. */
export const isShareable = ({ headers }) => /s-maxage|public|(^|[ ,])max-age=[1-9]/.test(headers['cache-control'] ?? '') && !/private|no-store/.test(headers['cache-control']);
