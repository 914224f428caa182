// Many users at once, on connections that they share, who read pages, payloads and handlers and call actions, leave in the
// middle and try again: whatever comes back belongs to whoever asked. IRONSIDE_LONG=1: a million requests.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, isOfVariant, variants } from '../e2e/lib/ask.mjs';
import { folder, ironside, serve } from '../e2e/lib/application.mjs';
import { dice } from '../security/lib/raw.mjs';
import { foreign } from './lib/sessions.mjs';

const long = process.env.IRONSIDE_LONG === '1';
const REQUESTS = long ? 1_000_000 : 20_000;
const USERS = 500;

const files = {
  'lib/user.ts': `import { unstable_cache } from 'next/cache';
import { cookies } from 'next/headers';
import { cache } from 'react';
export const user = cache(async () => (await cookies()).get('session')?.value ?? 'nobody');
export const show = (id: string) => 'user[' + id + ']';
/** Cached, for each user on its own. */
export const profile = unstable_cache(async (id: string) => ({ shown: show(id) }), ['profile'], { tags: ['profile'], revalidate: 1 });
`,
  'app/layout.tsx': `import { user, show } from '../lib/user';
export default async function Layout({ children }: { children: React.ReactNode }) { return <html><body><header>{show(await user())}</header>{children}</body></html>; }
`,
  'app/page.tsx': "import Call from './call';\nexport default () => <Call />;\n",
  'app/call.tsx': "'use client';\nimport { save } from './actions';\nexport default () => <button onClick={() => void save('x')}>save</button>;\n",
  'app/actions.ts': `'use server';
import { cookies } from 'next/headers';
import { show, user } from '../lib/user';
export async function save(given: string) {
  const before = await user();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
  (await cookies()).set('last', show(before));
  return [show(before), show(await user()), given];
}
`,
  'app/me/page.tsx': `import { Suspense } from 'react';
import { user, show } from '../../lib/user';
async function Late() { await new Promise((resolve) => setTimeout(resolve, Math.random() * 4)); return <p>{show(await user())}</p>; }
export default async function Page() { return <main>{show(await user())}<Suspense fallback={<i>…</i>}><Late /></Suspense></main>; }
`,
  'app/profile/page.tsx': "import { profile, user } from '../../lib/user';\nexport default async function Page() { return <p>{(await profile(await user())).shown}</p>; }\n",
  'app/api/me/route.ts': `import { cookies, headers } from 'next/headers';
import { show, user } from '../../../lib/user';
export async function GET(request: Request) {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  return Response.json([show(await user()), show((await headers()).get('x-user')!), show(request.headers.get('x-user')!)]);
}
export async function POST(request: Request) {
  const body = await request.text();
  (await cookies()).set('last', show(await user()));
  return new Response(new ReadableStream({ async start(controller) {
    const say = (text: string) => controller.enqueue(new TextEncoder().encode(text + '\\n'));
    say(show(body));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    say(show(await user()));
    controller.close();
  } }));
}
`,
  // The same for everybody.
  'app/(shared)/about/route.ts': "export const dynamic = 'force-static';\nexport const GET = () => new Response('about everybody');\n",
};

test('P15 the checker finds what belongs to somebody else', () => {
  const answer = (text, headers = {}) => ({ text, headers });
  assert.equal(foreign('u1', answer('user[u1] and user[u1]')), undefined);
  assert.match(foreign('u1', answer('user[u1] and user[u2]')), /u2/);
  assert.match(foreign('u1', answer('user[u12]')), /u12/);
  assert.match(foreign('u1', answer('nothing')), /nobody/);
  assert.match(foreign('u1', answer('user[u1]', { 'set-cookie': ['last=user%5Bu3%5D; Path=/'] })), /u3/);
  assert.match(foreign('u1', answer('user[u1]', { 'x-nextjs-cache': 'HIT' })), /shared/);
  assert.match(foreign('u1', answer('user[u1]', { 'cache-control': 's-maxage=1' })), /s-maxage/);
});

describe('users', () => {
  let app, server, agent, save;
  before(async () => {
    app = folder(files);
    const built = ironside(['build', app.dir, '--no-prerender']);
    assert.equal(built.code, 0, built.all);
    const { actions } = JSON.parse(readFileSync(join(app.dir, '.ironside/build/manifest.json'), 'utf8'));
    save = Object.entries(actions).find(([, { name }]) => name === 'save')[0];
    server = await serve(app.dir, { build: false, args: ['--workers', '2'] });
    agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  });
  after(async () => {
    agent?.destroy();
    await server?.stop();
    app?.remove();
  });

  const page = (path, variant) => ({ ...variants[variant](path), variant });
  const kinds = [
    () => page('/me', 'html'),
    () => page('/me', 'payload'),
    () => page('/profile', 'html'),
    () => page('/profile', 'payload'),
    () => ({ path: '/api/me' }),
    () => ({ path: '/api/me' }),
    (user) => ({ path: '/api/me', method: 'POST', body: user }),
    () => ({ path: '/', method: 'POST', headers: { origin: server.base, 'next-action': save, 'content-type': 'text/plain;charset=UTF-8' }, body: '["x"]' }),
    () => ({ path: '/about', shared: true }),
  ];

  test(`P15 of ${REQUESTS.toLocaleString('en')} interleaved requests of ${USERS} users, with aborts and retries, each answer belongs to its session`, { timeout: long ? 7_200_000 : 180_000 }, async () => {
    const roll = dice(15);
    const wrong = [];
    const counts = { answered: 0, left: 0 };
    let at = 0;
    async function one() {
      const user = `u${roll(USERS)}`;
      const kind = kinds[at % kinds.length](user);
      const headers = { ...kind.headers, cookie: `session=${user}`, 'x-user': user };
      for (let leaves = roll(20) === 0; ; leaves = false) {
        at += 1;
        const answer = await ask(server.base, { ...kind, headers, agent, ...(leaves ? { leaveAfter: roll(8) } : {}) });
        if (!answer.complete) {
          counts.left += 1;
          if (!leaves) return void wrong.push(`${kind.path} of ${user}: ${answer.error ?? 'broken off'}`);
          continue;
        }
        counts.answered += 1;
        const problem = answer.status !== 200 ? `status ${answer.status}: ${answer.text.slice(0, 100)}`
          : kind.shared ? (answer.text === 'about everybody' ? undefined : `not what is everybody's: ${answer.text.slice(0, 100)}`)
            : (kind.variant && !isOfVariant(kind.variant, answer) ? `not the ${kind.variant}: ${answer.text.slice(0, 80)}` : foreign(user, answer));
        if (problem) wrong.push(`${kind.method ?? 'GET'} ${kind.path} of ${user}: ${problem}`);
        return;
      }
    }
    await Promise.all(Array.from({ length: 24 }, async () => { while (at < REQUESTS && wrong.length < 20) await one(); }));
    if (long) console.log(counts);
    assert.deepEqual(wrong.slice(0, 10), [], server.log.slice(-1_000));
    // Whoever leaves must not be able to fill the log.
    assert.doesNotMatch(server.log, /"level":"ERROR"|cached value could not be read|cache did not take/);
    assert.ok(counts.left > REQUESTS / 100, `${counts.left} of them left`);
  });
});
