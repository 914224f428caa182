// A folder with two files and React, built and served by the binary alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, freePort, ironside, serve, binary } from './lib/application.mjs';
import { launch, until } from './lib/browser.mjs';
import { spawn } from 'node:child_process';

const files = {
  'app/layout.tsx': 'export const metadata = { title: "Minimal" };\nexport default function Layout({ children }: { children: React.ReactNode }) { return <html lang="en"><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default function Page() { return <h1>Hello</h1>; }\n',
  'app/slow/route.ts': 'export async function GET() { await new Promise((done) => setTimeout(done, 1000)); return new Response(String(process.pid)); }\n',
  'app/pid/route.ts': 'export const dynamic = "force-dynamic"; export const GET = () => new Response(String(process.pid));\n',
};

describe('two files', () => {
  let app, server;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '2'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  test('need neither next nor ironside among their packages', () => {
    assert.deepEqual(readdirSync(join(app.dir, 'node_modules')).sort(), ['react', 'react-dom', 'scheduler']);
  });

  test('are served as HTML with their title', async () => {
    const answer = await fetch(server.base);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /text\/html/);
    const html = await answer.text();
    assert.match(html, /<h1>Hello<\/h1>/);
    assert.match(html, /<title>Minimal<\/title>/);
  });

  test('hydrate in a browser without a complaint', async () => {
    const browser = await launch();
    try {
      const page = await browser.page();
      await page.goto(server.base);
      await page.getByRole('heading', { name: 'Hello' }).waitFor();
      await page.waitForLoadState('networkidle');
      assert.deepEqual(page.complaints, []);
    } finally {
      await browser.close();
    }
  });

  test('a URL that nothing matches is a 404', async () => {
    assert.equal((await fetch(`${server.base}/nowhere`)).status, 404);
  });

  test('assets may be kept for ever, and are there compressed', async () => {
    const html = await (await fetch(server.base)).text();
    const script = html.match(/src="(\/_next\/static\/[^"]+\.js)"/)[1];
    const answer = await fetch(server.base + script, { headers: { 'accept-encoding': 'br' } });
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(answer.headers.get('content-encoding'), 'br');
    const etag = answer.headers.get('etag');
    await answer.arrayBuffer();
    assert.equal((await fetch(server.base + script, { headers: { 'if-none-match': etag, 'accept-encoding': 'br' } })).status, 304);
  });

  test('a worker that is killed costs its own requests only, and is replaced within a second', async () => {
    const pids = new Set();
    await until(async () => {
      pids.add(await (await fetch(`${server.base}/pid`)).text());
      return pids.size;
    }, (size) => size === 2);
    const [victim] = pids;
    const underWay = Array.from({ length: 8 }, () => fetch(`${server.base}/slow`).then(async (answer) => ({ status: answer.status, pid: await answer.text() }), () => ({ status: 0 })));
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(Number(victim), 'SIGKILL');
    for (let i = 0; i < 50; i++) assert.equal((await fetch(`${server.base}/pid`)).status, 200);
    const answers = await Promise.all(underWay);
    // Safe requests without an answer yet are tried once more on the other worker.
    for (const answer of answers) assert.equal(answer.status, 200);
    const fresh = new Set();
    await until(async () => {
      fresh.add(await (await fetch(`${server.base}/pid`)).text());
      return [...fresh].some((pid) => !pids.has(pid));
    }, Boolean, { timeout: 5_000 });
  });
});

test('SIGTERM lets a request end, then the process ends with 0', async () => {
  const app = folder(files);
  const server = await serve(app.dir, { args: ['--workers', '1'] });
  const slow = fetch(`${server.base}/slow`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const stopped = server.stop();
  assert.equal((await slow).status, 200);
  assert.equal(await stopped, 0);
  app.remove();
});

test('a build can be moved', async () => {
  const app = folder(files);
  assert.equal(ironside(['build', app.dir]).code, 0);
  const moved = folder({});
  execFileSync('cp', ['-r', join(app.dir, '.ironside'), moved.dir]);
  app.remove();
  const server = await serve(moved.dir, { build: false });
  assert.match(await (await fetch(server.base)).text(), /Hello/);
  await server.stop();
  moved.remove();
});

test('two builds of the same sources are the same to the byte, but for when their pages were made', () => {
  const app = folder(files);
  const built = () => {
    const sums = execFileSync('sh', ['-c', 'cd .ironside/build && find . -type f ! -name manifest.json ! -path ./prerendered/index.json | sort | xargs sha256sum'], { cwd: app.dir, encoding: 'utf8' });
    // The index of what is prerendered tells the time of each page, and the manifest the index's checksum.
    const { prerendered, ...manifest } = JSON.parse(readFileSync(join(app.dir, '.ironside/build/manifest.json'), 'utf8'));
    assert.ok(prerendered);
    return { sums, manifest };
  };
  assert.equal(ironside(['build', app.dir]).code, 0);
  const first = built();
  rmSync(join(app.dir, '.ironside', 'build'), { recursive: true });
  assert.equal(ironside(['build', app.dir]).code, 0);
  assert.deepEqual(built(), first);
  app.remove();
});

test('dev shows a change, an error, and the page again', async () => {
  const app = folder({ ...files, 'app/page.tsx': 'export default function Page() { return <h1>One</h1>; }\n' });
  const port = await freePort();
  const child = spawn(binary, ['dev', app.dir, '-p', String(port)], { cwd: app.dir, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  const html = () => fetch(`http://localhost:${port}/`).then((answer) => answer.text(), () => '');
  const page = join(app.dir, 'app/page.tsx');
  try {
    await until(html, (text) => text.includes('<h1>One</h1>'), { timeout: 30_000 });
    writeFileSync(page, readFileSync(page, 'utf8').replace('One', 'Two'));
    await until(html, (text) => text.includes('<h1>Two</h1>'), { timeout: 30_000 });
    writeFileSync(page, 'export default function Page() { return <h1>Two; }\n');
    await until(html, (text) => text.includes('app/page.tsx') && /Build failed/i.test(text), { timeout: 30_000 });
    assert.match(log, /app\/page\.tsx:1:/);
    writeFileSync(page, 'export default function Page() { return <h1>Three</h1>; }\n');
    await until(html, (text) => text.includes('<h1>Three</h1>'), { timeout: 30_000 });
  } catch (error) {
    throw new Error(`${error.message}\n${log}`);
  } finally {
    process.kill(-child.pid, 'SIGTERM');
    await new Promise((resolve) => child.on('exit', resolve));
    app.remove();
  }
});
