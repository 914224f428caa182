// An application whose cached pages show the version of an item behind it, as `v[key:version]`, in every way in which something
// can be cached; with ways to invalidate it. `lib/versions.mjs` is what stands behind it, at BEHIND.
const filler = "<p>{'filler '.repeat(200)}</p>";

/** A page that is cached for each `k`. The item stands at both ends of it, so a page put together of two renders shows it. */
const page = (names, read, config = '') => `import { ${names}, show } from '../../../lib/item';
${config}
export const generateStaticParams = () => [];
export default async function Page({ params }: { params: Promise<{ k: string }> }) {
  const { k } = await params;
  const seen = await ${read};
  return <main><b>{show(seen)}</b>${filler}<i>{show(seen)}</i></main>;
}
`;

export const versionedFiles = {
  'package.json': '{ "name": "versions", "private": true, "type": "module", "dependencies": { "react": "*", "react-dom": "*" } }',
  'lib/item.ts': `import { unstable_cache } from 'next/cache';
const behind = () => process.env.BEHIND!;
type Item = { key: string; version: number };
export async function item(k: string, next: { tags?: string[]; revalidate?: number } = { tags: ['t-' + k] }): Promise<Item> {
  return (await fetch(behind() + '/' + k, { cache: 'force-cache', next })).json();
}
export const cachedItem = (k: string, tag: string) => unstable_cache(async (key: string) => (await fetch(behind() + '/' + key)).json() as Promise<Item>, ['item', tag], { tags: tag ? [tag] : [] })(k);
export const show = ({ key, version }: Item) => 'v[' + key + ':' + version + ']';
`,
  'app/layout.tsx': 'export default function Layout({ children }: { children: React.ReactNode }) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': "import Buttons from './buttons';\nexport default () => <main><p>home</p><Buttons /></main>;\n",
  'app/buttons.tsx': "'use client';\nimport { update } from './actions';\nexport default () => <button onClick={() => void update('a')}>update</button>;\n",
  'app/actions.ts': `'use server';
import { updateTag } from 'next/cache';
export async function update(k: string) { updateTag('t-' + k); return k; }
`,
  'app/tag/[k]/page.tsx': page('item', 'item(k)'),
  'app/function/[k]/page.tsx': page('cachedItem', "cachedItem(k, 't-' + k)"),
  'app/path/[k]/page.tsx': page('item', 'item(k, {})'),
  'app/soft/[k]/page.tsx': page('cachedItem', "cachedItem(k, '')"),
  'app/timed/[k]/page.tsx': page('item', "item(k, { revalidate: 1, tags: ['t-' + k] })", 'export const revalidate = 1;'),
  'app/handler/[k]/route.ts': `import { item, show } from '../../../lib/item';
export const dynamic = 'force-static';
export const generateStaticParams = () => [];
export async function GET(_request: Request, { params }: { params: Promise<{ k: string }> }) { return new Response(show(await item((await params).k))); }
`,
  // Never cached itself, reads what is.
  'app/live/[k]/page.tsx': "import { connection } from 'next/server';\nimport { item, show } from '../../../lib/item';\nexport default async function Page({ params }: { params: Promise<{ k: string }> }) {\n  await connection();\n  return <p>{show(await item((await params).k))}</p>;\n}\n",
  'app/invalidate/route.ts': `import { revalidatePath, revalidateTag } from 'next/cache';
export async function POST(request: Request) {
  const { tag, mode, path, type } = await request.json();
  if (tag) revalidateTag(tag, mode ?? { expire: 0 });
  if (path) revalidatePath(path, type);
  return Response.json('done');
}
`,
};
