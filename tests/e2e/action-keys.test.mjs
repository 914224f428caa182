// The key of captured values is changed while pages that were made with the old one are still open.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { folder, serve } from './lib/application.mjs';

const key = (byte) => Buffer.alloc(32, byte).toString('base64');
let app;

before(() => {
  app = folder({
    'app/layout.tsx': 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n',
    'app/page.tsx': `
      import { cookies } from 'next/headers';
      export default async function Page({ searchParams }) {
        const item = String((await searchParams).item);
        async function buy() { 'use server'; (await cookies()).set('bought', item); }
        return <><p>{(await cookies()).get('bought')?.value}</p><form action={buy}><button>buy</button></form></>;
      }
    `,
  });
});
after(() => app?.remove());

let built = false;
async function withKeys(keys, run) {
  const server = await serve(app.dir, { args: ['--workers', '1'], env: { NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: keys }, build: !built });
  built = true;
  try {
    return await run(server.base);
  } finally {
    await server.stop();
  }
}

/** The fields of the page's form, as a browser has them. */
async function open(base, item) {
  const html = await (await fetch(`${base}/?item=${item}`)).text();
  const fields = Array.from(html.matchAll(/<input type="hidden" name="([^"]*)"(?: value="([^"]*)")?/g), ([, name, value = '']) => [name, value.replaceAll('&quot;', '"').replaceAll('&amp;', '&')]);
  assert.ok(fields.length > 0, html);
  assert.ok(!fields.some(([, value]) => value.includes(item)), 'what was captured can be read');
  return fields;
}

async function post(base, fields) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  const answer = await fetch(base, { method: 'POST', body: form });
  await answer.text();
  return [answer.status, answer.headers.get('set-cookie')];
}

test('a page that was made with the old key works as long as that is in the ring', async () => {
  const old = await withKeys(key(1), async (base) => {
    const fields = await open(base, 'pen');
    assert.deepEqual(await post(base, fields), [200, 'bought=pen; Path=/']);
    return fields;
  });
  const fresh = await withKeys(`${key(2)},${key(1)}`, async (base) => {
    assert.deepEqual(await post(base, old), [200, 'bought=pen; Path=/']);
    return open(base, 'ink');
  });
  await withKeys(key(2), async (base) => {
    assert.deepEqual(await post(base, fresh), [200, 'bought=ink; Path=/'], 'the first key of the ring has sealed it');
    assert.deepEqual(await post(base, old), [500, null]);
  });
});
