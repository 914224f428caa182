// What may happen to the folder in which the cache outlives the server: bits flip, files are cut off, the server is killed while
// it writes, the disk is full or can't be written to, the clock on the wall jumps. Whatever is served afterwards is whole, right,
// and not older than what was acknowledged. IRONSIDE_LONG=1: 200 kills.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, variants } from '../e2e/lib/ask.mjs';
import { until } from '../e2e/lib/browser.mjs';
import { folder, freePort, ironside, serve } from '../e2e/lib/application.mjs';
import { dice } from '../security/lib/raw.mjs';
import { history, violations } from './lib/history.mjs';
import { crowd } from './lib/readers.mjs';
import { readOnly, tiny, unavailable } from './lib/small-disk.mjs';
import { versionedFiles } from './lib/versioned-app.mjs';
import { versions } from './lib/versions.mjs';

const long = process.env.IRONSIDE_LONG === '1';
const shim = fileURLToPath(new URL('./lib/wall-clock.c', import.meta.url));

describe('the cache on disk', () => {
  const roll = dice(9);
  let app, cache, action, behind, past, people, server, disk;
  const starts = [];

  before(() => {
    app = folder({
      ...versionedFiles,
      'ironside.toml': '[cache]\nfolder = "kept"\n',
      'app/now/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => Response.json(Date.now());\n",
      // So large that a disk can be full of a few.
      'app/large/[k]/page.tsx': `import { item, show } from '../../../lib/item';
export const revalidate = 600;
export const generateStaticParams = () => [];
export default async function Page({ params }: { params: Promise<{ k: string }> }) {
  const { k } = await params;
  return <main><b>{show(await item(k))}</b><p>{Array.from({ length: 2_000 }, (_, at) => k + at).join(' ')}</p></main>;
}
`,
    });
    const built = ironside(['build', app.dir, '--no-prerender']);
    assert.equal(built.code, 0, built.all);
    cache = join(app.dir, 'kept');
    const { actions } = JSON.parse(readFileSync(join(app.dir, '.ironside/build/manifest.json'), 'utf8'));
    action = Object.entries(actions).find(([, { name }]) => name === 'update')[0];
  });
  after(() => app?.remove());

  beforeEach(async () => {
    behind = await versions();
    past = history();
    people = crowd({ behind, past, action, seed: roll(1_000) });
  });
  afterEach(async () => {
    people.close();
    await server?.stop('SIGKILL');
    disk?.close();
    disk = undefined;
    behind.close();
    rmSync(cache, { recursive: true, force: true });
  });

  async function begin({ env = {}, ...options } = {}) {
    const began = performance.now();
    const admin = await freePort();
    server = await serve(app.dir, { build: false, args: ['--workers', '1', '--admin-listen', `127.0.0.1:${admin}`], env: { BEHIND: behind.base, ...env }, under: disk?.under, ...options });
    starts.push(performance.now() - began);
    people.base = server.base;
    server.metrics = async () => (await ask(`http://127.0.0.1:${admin}`, { path: '/metrics' })).text;
    server.metric = async (name) => {
      const text = await server.metrics();
      return text.split('\n').filter((line) => line.startsWith(name)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    };
    return server;
  }
  const get = (path) => ask(server.base, variants.html(path));
  const assertGood = (what = '') => {
    const wrong = violations(past);
    assert.deepEqual(wrong.slice(0, 10), [], `${what}: ${wrong.length} of ${past.reads.length} reads are wrong`);
  };
  const warnings = () => server.log.split('\n').filter((line) => /"level":"(WARN|ERROR)"|^warning:|^error:/.test(line) && /cache/.test(line));
  const segments = () => readdirSync(cache).filter((name) => name.endsWith('.segment'));

  const damages = {
    'flipped bits': (path, bytes) => {
      for (let flips = 1 + roll(8); flips > 0; flips--) bytes[roll(bytes.length)] ^= 1 << roll(8);
      writeFileSync(path, bytes);
    },
    'a segment that is cut off': (path, bytes) => truncateSync(path, roll(bytes.length)),
    'a stretch of zeros': (path, bytes) => writeFileSync(path, bytes.fill(0, roll(bytes.length), bytes.length)),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`P9 ${name}: what was damaged is made again, and nothing wrong is served`, { timeout: 120_000 }, async () => {
      let found = 0;
      for (let round = 0; round < (long ? 40 : 1); round++) {
        await begin();
        await people.readAll();
        for (const key of ['a', 'x', 's']) await people.invalidate(key);
        await people.readAll();
        const good = await get('/large/big');
        await server.stop();
        for (const file of [...segments(), ...(name === 'flipped bits' ? ['invalidations.log'] : [])]) {
          const path = join(cache, file);
          if (statSync(path).size > 0 && roll(3) > 0) damage(path, readFileSync(path));
        }
        await begin();
        await people.readAll();
        const again = await get('/large/big');
        assert.equal(again.text, good.text);
        found += await server.metric('ironside_cache_events_total{event="from_store"}');
        assert.deepEqual(people.failures, []);
        assertGood(`round ${round}`);
        await server.stop();
      }
      if (long) console.log(`${name}: ${found} entries came back`);
    });
  }

  const kills = long ? 200 : 5;
  test(`P9 kill -9 at ${kills} random moments while pages are filled and invalidated: nothing torn, wrong or outdated is found afterwards`, { timeout: long ? 3_600_000 : 120_000 }, async () => {
    let found = 0;
    starts.length = 0;
    await begin();
    for (let round = 0; round < kills; round++) {
      const { done, end } = await people.run({ reads: 1e9, width: 8, between: 80 });
      await new Promise((resolve) => setTimeout(resolve, 50 + roll(450)));
      await server.stop('SIGKILL');
      end();
      await done;
      await begin();
      await people.readAll();
      found += await server.metric('ironside_cache_events_total{event="from_store"}');
    }
    starts.sort((a, b) => a - b);
    console.log(`${kills} kills; ${found} entries came back; from start to the first answer: median ${starts[starts.length >> 1].toFixed(0)} ms, slowest ${starts.at(-1).toFixed(0)} ms`);
    assertGood();
    assert.ok(found > 0, 'something survives');
    assert.deepEqual(warnings(), []);
  });

  test('P9 a full disk: pages are served, one warning is given, and nothing comes back that was invalidated meanwhile', { skip: unavailable, timeout: 120_000 }, async () => {
    disk = await tiny(cache, '200k');
    await begin();
    await people.readAll();
    const keys = Array.from({ length: 30 }, (_, at) => `k${at}`);
    for (const key of keys) assert.match((await get(`/large/${key}`)).text, new RegExp(`v\\[${key}:0\\]`));
    for (const key of keys) assert.equal((await get(`/large/${key}`)).headers['x-nextjs-cache'], 'HIT', 'memory has it');
    await until(() => warnings().length, (count) => count > 0);
    for (const key of ['a', 'b', 'x', 's', 'a', 'x']) await people.invalidate(key);
    await people.readAll();
    assert.equal(warnings().length, 1, warnings().join('\n'));
    for (const part of [/No space left on device/, /kept in memory only/]) assert.match(warnings()[0], part);
    await server.stop('SIGKILL');
    await begin();
    await people.readAll();
    assert.deepEqual(people.failures, []);
    assertGood();
  });

  test('P9 a disk that was full at the start: the same, and it is written to again when there is room', { skip: unavailable }, async () => {
    disk = await tiny(cache, '64k');
    const filler = join(disk.inside, 'filler');
    spawnSync('sh', ['-c', `cat /dev/zero > ${filler}`]);
    await begin();
    await people.readAll();
    for (const key of ['a', 'x', 's', 'b']) await people.invalidate(key);
    await people.readAll();
    assert.deepEqual(people.failures, []);
    assertGood();
    assert.equal(warnings().length, 1, warnings().join('\n'));
    await server.stop('SIGKILL');
    rmSync(filler);
    await begin();
    await people.readAll();
    await server.stop();
    await begin();
    assert.equal((await get('/tag/a')).headers['x-nextjs-cache'], 'HIT');
    await people.readAll();
    assertGood();
  });

  const unusable = async (reason, { metric = true } = {}) => {
    await people.readAll();
    await people.invalidate('a');
    await people.readAll();
    assert.equal((await get('/tag/b')).headers['x-nextjs-cache'], 'HIT', 'memory has it');
    assert.deepEqual(people.failures, []);
    assertGood();
    // A second server on one folder has no socket for `ironside cache` either, which is another warning.
    const told = warnings().filter((line) => !line.includes('admin socket'));
    assert.equal(told.length, 1, warnings().join('\n'));
    assert.match(told[0], reason);
    if (metric) assert.match(await server.metrics(), /^ironside_cache_disk_usable 0$/m);
  };

  test('P9 a disk that can only be read: everything is served from memory, after one warning', { skip: unavailable }, async () => {
    await begin();
    await people.readAll();
    await server.stop();
    disk = await readOnly(cache);
    await begin();
    await unusable(/outlive this process.*[Rr]ead-only file system.*cache\.disk = false/);
  });

  test('P9 a folder that is none: the same', async () => {
    writeFileSync(cache, 'a file');
    await begin();
    await unusable(/outlive this process.*kept.*cache\.folder/);
    const { stdout } = ironside(['cache', 'stats', app.dir]);
    assert.match(stdout, /^Disk +not used: .*kept can't be written to \(Not a directory|^Disk +not used: .*kept can't be written to \(File exists/m);
    assert.equal(readFileSync(cache, 'utf8'), 'a file');
  });

  test('P9 a folder below a file: the same', async () => {
    const toml = join(app.dir, 'ironside.toml');
    const usual = readFileSync(toml, 'utf8');
    writeFileSync(toml, '[cache]\nfolder = "package.json/kept"\n');
    try {
      await begin();
      await unusable(/outlive this process.*package\.json.kept.*cache\.folder/);
    } finally {
      writeFileSync(toml, usual);
    }
  });

  test('P9 a folder that can be used: the metric says so', async () => {
    await begin();
    assert.match(await server.metrics(), /^ironside_cache_disk_usable 1$/m);
  });

  test('P9 a folder that another server has: the same, and that one goes on', async () => {
    const first = await begin();
    try {
      await people.readAll();
      // Without an admin listener: the first one has the socket.
      await begin({ args: ['--workers', '1'] });
      await unusable(/outlive this process.*in use.*cache\.folder/, { metric: false });
    } finally {
      await first.stop();
    }
  });

  test('P9 nothing of an earlier build is served by the next one, though both have the same name and the routes changed places', { timeout: 120_000 }, async () => {
    const route = (name) => `export const revalidate = 600;\nexport const generateStaticParams = () => [];\nexport default async ({ params }: any) => <p>${name} {(await params).k}!</p>;\n`;
    const frame = { 'package.json': versionedFiles['package.json'], 'next.config.mjs': "export default { generateBuildId: () => 'always-the-same' };\n", 'app/layout.tsx': versionedFiles['app/layout.tsx'], 'app/page.tsx': 'export default () => <p>home</p>;\n' };
    const changing = folder({ ...frame, 'app/b/[k]/page.tsx': route('first b'), 'app/c/[k]/page.tsx': route('first c') });
    try {
      const serveIt = async () => {
        server = await serve(changing.dir, { args: ['--workers', '1'] });
        return Promise.all(['/b/1', '/c/1'].map(async (path) => /<p>(.*)!<\/p>/.exec((await get(path)).text)?.[1].replaceAll('<!-- -->', '')));
      };
      assert.deepEqual(await serveIt(), ['first b 1', 'first c 1']);
      await server.stop();
      for (const [path, text] of [['app/a/[k]/page.tsx', route('second a')], ['app/b/[k]/page.tsx', route('second b')], ['app/c/[k]/page.tsx', route('second c')]]) {
        mkdirSync(dirname(join(changing.dir, path)), { recursive: true });
        writeFileSync(join(changing.dir, path), text);
      }
      assert.deepEqual(await serveIt(), ['second b 1', 'second c 1']);
      assert.match((await get('/a/1')).text, /second a/);
      // The same build is the same after a restart.
      await server.stop();
      server = await serve(changing.dir, { build: false, args: ['--workers', '1'] });
      assert.equal((await get('/b/1')).headers['x-nextjs-cache'], 'HIT');
      await server.stop();
    } finally {
      changing.remove();
    }
  });

  test('P9 the clock on the wall jumps by an hour, both ways and between runs: what is fresh stays so, and what ages does', { timeout: 120_000 }, async (t) => {
    const library = join(app.dir, 'wall-clock.so');
    const compiled = spawnSync('cc', ['-shared', '-fPIC', '-o', library, shim, '-ldl'], { encoding: 'utf8' });
    if (compiled.error) return t.skip('there is no C compiler');
    assert.equal(compiled.status, 0, compiled.stderr);
    const wall = join(app.dir, 'wall');
    const set = (seconds) => writeFileSync(wall, String(seconds));
    const env = { LD_PRELOAD: library, WALL_CLOCK: wall };
    const state = async (path) => (await get(path)).headers['x-nextjs-cache'];
    const isAt = (seconds, now) => assert.ok(Math.abs(now - Date.now() - seconds * 1_000) < 60_000, `the wall shows ${new Date(now).toISOString()}`);
    set(0);
    await begin({ env });
    for (const seconds of [3_600, -3_600]) {
      await people.readAll();
      await get('/large/z');
      set(seconds);
      const now = await get('/now');
      isAt(seconds, Number(now.text));
      assert.equal(await state('/large/z'), 'HIT', 'ten minutes have not passed');
      assert.equal(await state('/tag/a'), 'HIT');
      await people.invalidate('a');
      assert.notEqual(await state('/tag/a'), 'HIT');
      // A second has passed soon, whatever the wall says.
      await people.readAll();
      await until(() => state('/timed/b'), (now) => now === 'STALE' || now === 'MISS', { timeout: 10_000 });
      await people.readAll();
    }
    for (const seconds of [0, -3_600]) {
      await people.invalidate('x');
      await people.readAll();
      await server.stop('SIGKILL');
      set(seconds);
      await begin({ env });
      const now = await get('/now');
      isAt(seconds, Date.parse(now.headers.date));
      isAt(seconds, Number(now.text));
      await people.readAll();
      await people.invalidate('x');
      await people.readAll();
    }
    assert.deepEqual(people.failures, []);
    assertGood();
  });
});
