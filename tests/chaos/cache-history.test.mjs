// Everything that is cached is read in every form while it is invalidated all the time, and every answer is noted. Afterwards
// the history is checked: nothing older than an invalidation that had been acknowledged before, nothing of another form or put
// together of two renders, nothing that was never written. IRONSIDE_LONG=1: 100,000 reads.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, ironside, serve } from '../e2e/lib/application.mjs';
import { history, versionsIn, violations } from './lib/history.mjs';
import { crowd } from './lib/readers.mjs';
import { versionedFiles } from './lib/versioned-app.mjs';
import { versions } from './lib/versions.mjs';

const long = process.env.IRONSIDE_LONG === '1';

describe('the checker of histories', () => {
  const good = () => ({
    writes: [{ key: 'a', version: 1, begun: 10 }, { key: 'a', version: 2, begun: 20 }, { key: 'b', version: 1, begun: 10 }],
    invalidations: [{ key: 'a', version: 1, acknowledged: 15 }, { key: 'a', version: 2, acknowledged: 25 }],
    reads: [
      { key: 'a', place: 'p', begun: 5, ended: 7, seen: [{ key: 'a', version: 0 }] },
      { key: 'a', place: 'p', begun: 14, ended: 30, seen: [{ key: 'a', version: 0 }] },
      { key: 'a', place: 'p', begun: 16, ended: 18, seen: [{ key: 'a', version: 1 }, { key: 'a', version: 1 }] },
      { key: 'a', place: 'p', begun: 16, ended: 21, seen: [{ key: 'a', version: 2 }] },
      { key: 'a', place: 'p', begun: 26, ended: 28, seen: [{ key: 'a', version: 2 }] },
      { key: 'b', place: 'p', begun: 50, ended: 51, seen: [{ key: 'b', version: 0 }] },
    ],
  });
  test('P9 a good history passes', () => assert.deepEqual(violations(good()), []));

  const bad = (name, expected, read) => test(`P9 it finds ${name}`, () => {
    const past = good();
    past.reads.push({ key: 'a', place: 'p', begun: 26, ended: 28, seen: [{ key: 'a', version: 2 }], ...read });
    const found = violations(past);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], expected);
  });
  bad('a stale read', /stale: it shows version 1, and 2 was acknowledged 1\.00 ms before/, { seen: [{ key: 'a', version: 1 }] });
  bad('a stale read between two invalidations', /stale: it shows version 0, and 1 was/, { begun: 16, ended: 30, seen: [{ key: 'a', version: 0 }] });
  bad('a page of two renders', /torn: it shows a:2 and a:3/, { seen: [{ key: 'a', version: 2 }, { key: 'a', version: 3 }] });
  bad('a page of another item', /about b/, { key: 'a', begun: 5, ended: 11, seen: [{ key: 'b', version: 0 }] });
  bad('a version that was never written', /never written/, { seen: [{ key: 'a', version: 9 }] });
  bad('a version out of the future', /after it had ended/, { begun: 16, ended: 18, seen: [{ key: 'a', version: 2 }] });
  bad('a page that shows nothing', /shows nothing/, { seen: [] });
  bad('what the reader complained about', /status 500/, { seen: [], problem: 'status 500' });

  test('P9 it reads versions out of HTML and payloads', () => {
    assert.deepEqual(versionsIn('<b>v[a:1]</b><script>"v[a:12]"</script> v[b-c:0]'), [{ key: 'a', version: 1 }, { key: 'a', version: 12 }, { key: 'b-c', version: 0 }]);
  });
});

describe('readers and invalidators', () => {
  const past = history();
  let app, behind, people, server;
  const begin = async () => {
    server = await serve(app.dir, { build: false, args: ['--workers', '2'], env: { BEHIND: behind.base } });
    people.base = server.base;
  };
  const assertGood = () => {
    const wrong = violations(past);
    const reads = past.reads.splice(0).length;
    assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of ${reads} reads are wrong`);
    return reads;
  };
  before(async () => {
    behind = await versions();
    app = folder(versionedFiles);
    const built = ironside(['build', app.dir, '--no-prerender']);
    assert.equal(built.code, 0, built.all);
    const { actions } = JSON.parse(readFileSync(join(app.dir, '.ironside/build/manifest.json'), 'utf8'));
    const action = Object.entries(actions).find(([, { name }]) => name === 'update')[0];
    people = crowd({ behind, past, action });
    await begin();
  });
  after(async () => {
    people?.close();
    await server?.stop();
    app?.remove();
    behind?.close();
  });

  const count = long ? 100_000 : 5_000;
  test(`P9 ${count.toLocaleString('en')} racing reads show nothing older than what was acknowledged, in the form that was asked for`, { timeout: long ? 3_600_000 : 120_000 }, async () => {
    const { done } = await people.run({ reads: count });
    await done;
    assert.deepEqual(people.failures.slice(0, 5), [], server.log.slice(-2_000));
    const reads = assertGood();
    if (long) console.log(people.counts);
    assert.ok(people.counts.bare < count / 10, `${people.counts.bare} prefetches with nothing in them`);
    assert.ok(people.counts.invalidations > count / 100, `${people.counts.invalidations} invalidations`);
    assert.ok([...behind.asked.values()].reduce((sum, times) => sum + times) < reads, 'something was answered from the cache');
  });

  test('P9 nor do they over kill -9 and restarts in the middle of it', { timeout: 300_000 }, async () => {
    for (let round = 0; round < (long ? 20 : 2); round++) {
      const { done, end } = await people.run({ reads: 1e9 });
      await new Promise((resolve) => setTimeout(resolve, 700));
      await server.stop('SIGKILL');
      end();
      await done;
      await begin();
      await people.readAll();
    }
    assertGood();
  });

  test('P9 after a quiet end everything is found again, as new as it was', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'x', 'y', 's', 'u']) await people.invalidate(key);
    await people.readAll();
    await server.stop();
    behind.asked.clear();
    await begin();
    const answer = await people.read('tag', 'a', 'html');
    assert.equal(answer.headers['x-nextjs-cache'], 'HIT');
    await people.readAll();
    assertGood();
    assert.deepEqual([...behind.asked].filter(([key]) => !'abcd'.includes(key)), [], 'pages without a time are not made again');
  });
});
