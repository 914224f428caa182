// `'use cache'` where several tenants share an application: functions, components and files that are nested in each other, with the
// tenant as an argument, a captured variable or a parameter of the root layout, and drafts beside them.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask, variants } from '../e2e/lib/ask.mjs';
import { folder, ironside, serve } from '../e2e/lib/application.mjs';
import { parallel } from './lib/raw.mjs';

const files = {
  'next.config.mjs': 'export default { cacheComponents: true };\n',
  'lib/data.ts': `'use cache';
import { cacheTag } from 'next/cache';
export async function inner(tenant: string) { cacheTag('all'); return 'of[' + tenant + ']'; }
export async function outer(tenant: string, more: unknown) { return (await inner(tenant)) + JSON.stringify(more); }
export async function nothing() { return inner('nobody'); }
`,
  // The root layout has the tenant as its parameter.
  'app/[tenant]/layout.tsx': `'use cache';
import { inner } from '../../lib/data';
export default async function Layout({ children, params }: any) { return <html><body><header>{await inner((await params).tenant)}</header>{children}</body></html>; }
`,
  'app/[tenant]/page.tsx': `import { outer } from '../../lib/data';
export default async function Page({ params }: any) {
  const { tenant } = await params;
  // What it captures is a part of its key, though it is no argument.
  async function captured(n: number) { 'use cache'; return 'of[' + tenant + ']' + n; }
  return <main>{await outer(tenant, { a: 1 })}{await captured(1)}</main>;
}
`,
  'app/[tenant]/nested/[slug]/page.tsx': `import { outer } from '../../../../lib/data';
async function Card({ tenant, slug, children }: any) { 'use cache'; return <section>{await outer(tenant, slug)} slug[{slug}]{children}</section>; }
export default async function Page({ params }: any) {
  'use cache';
  const { tenant, slug } = await params;
  return <Card tenant={tenant} slug={slug}><p>{await outer(tenant, [slug])}</p></Card>;
}
`,
  'app/[tenant]/news/page.tsx': `import { draftMode } from 'next/headers';
async function News({ tenant }: { tenant: string }) {
  'use cache';
  const { isEnabled } = await draftMode();
  return <p>of[{tenant}] draft[{String(isEnabled)}] text[{await (await fetch(process.env.BEHIND + '/' + (isEnabled ? 'draft' : 'public'))).text()}]</p>;
}
export default async function Page({ params }: any) { return <News tenant={(await params).tenant} />; }
`,
  'app/[tenant]/draft/route.ts': "import { draftMode } from 'next/headers';\nexport async function GET() { (await draftMode()).enable(); return new Response('on'); }\n",
};

describe("'use cache' and tenants", () => {
  let app, behind, server, agent;
  before(async () => {
    behind = http.createServer((request, response) => setTimeout(() => response.end(request.url === '/draft' ? 'a secret' : 'for everybody'), 20));
    await new Promise((resolve) => behind.listen(0, '127.0.0.1', resolve));
    app = folder(files);
    const built = ironside(['build', app.dir, '--no-prerender']);
    assert.equal(built.code, 0, built.all);
    server = await serve(app.dir, { build: false, args: ['--workers', '2'], env: { BEHIND: `http://127.0.0.1:${behind.address().port}` } });
    agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  });
  after(async () => {
    agent?.destroy();
    await server?.stop();
    app?.remove();
    behind?.closeAllConnections();
    behind?.close();
  });

  const plain = (text) => text.replaceAll('<!-- -->', '').replaceAll('\\"', '"').replaceAll('","', '');
  const get = async (path, variant = 'html', headers = {}) => {
    const wanted = variants[variant](path);
    const answer = await ask(server.base, { path: wanted.path, headers: { ...wanted.headers, ...headers }, agent });
    assert.equal(answer.status, 200, `${variant} of ${path}: ${answer.text.slice(0, 200)}`);
    return plain(answer.text);
  };
  const tenantsIn = (text) => [...new Set([...text.matchAll(/of\[([^\]]*)\]/g)].map(([, tenant]) => tenant))];

  test('SEC-39 nested cached functions, components and layouts show each tenant his own, with others at the same time', async () => {
    const tenants = ['a', 'b', 'A', 'ab', 'a,b', 'a%2Fb', 'nobody', 'null', 'undefined', '0', '__proto__', '%C3%A9', 'e%CC%81'];
    for (let round = 0; round < 2; round++) {
      await parallel(tenants.flatMap((tenant) => ['', '/nested/x', '/nested/y', `/nested/${tenant}`].flatMap((rest) => ['html', 'payload'].map((variant) => [tenant, rest, variant]))), 16, async ([tenant, rest, variant]) => {
        const text = await get(`/${tenant}${rest}`, variant);
        assert.deepEqual(tenantsIn(text).map(decodeURIComponent), [decodeURIComponent(tenant)], `${variant} of /${tenant}${rest}`);
        const slugs = new Set([...text.matchAll(/slug\[([^\]]*)\]/g)].map(([, slug]) => decodeURIComponent(slug)));
        assert.deepEqual([...slugs], rest ? [decodeURIComponent(rest.slice(8))] : []);
      });
    }
  });

  test('SEC-39 a draft and what everybody sees never meet in a cached component, also when both are made at once', async () => {
    const on = await ask(server.base, { path: '/t/draft', agent });
    const cookie = on.headers['set-cookie'].map((one) => one.split(';')[0]).join('; ');
    await parallel(Array.from({ length: 20 }, (_, at) => at), 4, async (round) => {
      const answers = await Promise.all(Array.from({ length: 6 }, async (_, at) => {
        const isDraft = (at + round) % 2 === 0;
        return [isDraft, await get(`/n${round}/news`, at % 3 ? 'html' : 'payload', isDraft ? { cookie } : {})];
      }));
      for (const [isDraft, text] of answers) {
        assert.ok(text.includes(`draft[${isDraft}]`) && !text.includes(`draft[${!isDraft}]`), `round ${round}: ${isDraft ? 'a draft' : 'no draft'} was wanted`);
        assert.equal(text.includes('a secret'), isDraft);
        assert.equal(text.includes('for everybody'), !isDraft);
        assert.deepEqual(tenantsIn(text), [`n${round}`]);
      }
    });
  });
});
