// What `ironside start` answers before its first worker is ready, and how it ends when none becomes ready.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask } from './lib/ask.mjs';
import { binary, folder, freePort, ironside } from './lib/application.mjs';
import { until } from './lib/browser.mjs';

// A file opens the gate, so that a test and not the clock decides when the application is ready.
const files = {
  'app/layout.tsx': "export default ({ children }: any) => <html lang=\"en\"><body>{children}</body></html>;\n",
  'app/page.tsx': 'export default () => <p>kept page</p>;\n',
  'app/timed/page.tsx': 'export const revalidate = 600;\nexport default () => <p>timed page</p>;\n',
  'app/live/page.tsx': "import { headers } from 'next/headers';\nexport default async () => <p>live for {(await headers()).get('user-agent')}</p>;\n",
  'app/api/echo/route.ts': "export const POST = async (request: Request) => Response.json({ got: await request.text() });\n",
  'app/api/kept/route.ts': "export const dynamic = 'force-static';\nexport const GET = () => Response.json({ kept: true });\n",
  'app/robots.ts': "export default () => ({ rules: { userAgent: '*', allow: '/' } });\n",
  'public/hello.txt': 'hello\n',
  'next.config.mjs': "export default { redirects: () => [{ source: '/old', destination: '/', permanent: false }] };\n",
  'instrumentation.ts': `import { existsSync } from 'node:fs';
export async function register() {
  if (process.env.NEXT_PHASE === 'phase-production-build') return;
  if (process.env.FAILS) throw new Error('the database is not there');
  while (!existsSync(process.env.GATE!)) await new Promise((resolve) => setTimeout(resolve, 20));
}
`,
};

describe('before the first worker is ready', () => {
  let app;
  const children = new Set();
  before(() => {
    app = folder(files);
    const built = ironside(['build', app.dir]);
    assert.equal(built.code, 0, built.all);
  });
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    app?.remove();
  });

  /** `start` without waiting for anything. */
  async function start(env, args = []) {
    const [port, admin] = [await freePort(), await freePort()];
    const child = spawn(binary, ['start', app.dir, '-p', String(port), '--admin-listen', `127.0.0.1:${admin}`, ...args], { env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    const server = { child, base: `http://127.0.0.1:${port}`, admin: `http://127.0.0.1:${admin}`, log: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (server.log += text));
    server.ended = new Promise((resolve) => child.on('close', (code, signal) => { children.delete(child); resolve(code ?? signal); }));
    return server;
  }
  const listening = (server) => until(() => ask(server.base, { path: '/hello.txt' }), ({ status }) => status === 200);
  const kept = [['/', 200, /kept page/], ['/timed', 200, /timed page/], ['/hello.txt', 200, /hello/], ['/api/kept', 200, /true/], ['/robots.txt', 200, /Allow: \//], ['/old', 307, /^/]];

  test('what is stored, files and redirects are answered; the rest waits, and is answered when a worker is there', async () => {
    const gate = join(app.dir, 'gate');
    const server = await start({ GATE: gate });
    await listening(server);
    for (const [path, status, text] of kept) {
      const answer = await ask(server.base, { path });
      assert.equal(answer.status, status, path);
      assert.match(answer.text, text);
    }
    const payload = await ask(server.base, { path: '/?_rsc', headers: { rsc: '1' } });
    assert.equal(payload.headers['content-type'], 'text/x-component');
    const [asset] = /\/_next\/static\/[^"]*\.js/.exec((await ask(server.base, { path: '/' })).text);
    assert.equal((await ask(server.base, { path: asset })).status, 200);

    // More than a pool of one worker lets wait otherwise, from several clients' connections.
    let answered = 0;
    const waiting = Array.from({ length: 40 }, (_, at) => ask(server.base, at % 2 ? { path: '/live' } : { path: '/api/echo', method: 'POST', body: `n${at}` }).finally(() => answered++));
    const ready = async () => (({ status, text }) => [status, text])(await ask(server.admin, { path: '/readyz' }));
    assert.deepEqual(await ready(), [503, 'no worker is ready\n']);
    assert.equal((await ask(server.admin, { path: '/livez' })).status, 200);
    // Longer than a job waits for a place of a worker that is there.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(answered, 0);
    assert.doesNotMatch(server.log, /Ready/);
    assert.match(server.log, /Address +http:\/\/localhost/);

    writeFileSync(gate, '');
    const answers = await Promise.all(waiting);
    for (const [at, { status, text }] of answers.entries()) {
      assert.equal(status, 200, text);
      if (at % 2) assert.match(text, /live for/);
      else assert.deepEqual(JSON.parse(text), { got: `n${at}` });
    }
    await until(() => server.log, (log) => /Ready in \d+ ms with/.test(log));
    assert.deepEqual(await ready(), [200, 'ready\n']);
    server.child.kill('SIGTERM');
    assert.equal(await server.ended, 0);
  });

  test('an application that fails at its start ends the server, with its error and a code; those that wait are told', async () => {
    const server = await start({ FAILS: '1' }, ['--workers', '1']);
    const answers = [];
    const asking = (async () => { for (let tries = 0; tries < 200 && server.child.exitCode === null; tries++) answers.push(await ask(server.base, { path: '/live' })); })();
    assert.equal(await server.ended, 1, server.log);
    await asking;
    assert.match(server.log, /error: the worker ended before it was ready/);
    assert.match(server.log, /the database is not there/);
    assert.doesNotMatch(server.log, /Ready/);
    const statuses = new Set(answers.filter(({ error }) => !error).map(({ status }) => status));
    assert.ok([...statuses].every((status) => status === 503), [...statuses].join());
  });

  test('it can be stopped while it waits for a worker, and so does a request, which is told so', async () => {
    const server = await start({ GATE: join(app.dir, 'never') });
    await listening(server);
    const waiting = ask(server.base, { path: '/live' });
    await until(async () => (await ask(server.base, { path: '/' })).status, (status) => status === 200);
    server.child.kill('SIGTERM');
    const code = await server.ended;
    assert.equal(code, 0, server.log);
    const { error, status } = await waiting;
    assert.ok(error || status === 503, `${status}`);
    assert.ok(!existsSync(join(app.dir, '.ironside/admin.sock')));
  });
});
