// A thousand visitors come at once to something that is not cached and slow to make: it is made once, whoever asks and in
// whatever form, also when it has just been invalidated, and also if those who came first leave.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask, isOfVariant, variants } from '../e2e/lib/ask.mjs';
import { until } from '../e2e/lib/browser.mjs';
import { folder, ironside, serve } from '../e2e/lib/application.mjs';
import { versionsIn } from './lib/history.mjs';
import { versionedFiles } from './lib/versioned-app.mjs';
import { versions } from './lib/versions.mjs';

const VISITORS = 1_000;

describe('a stampede', () => {
  let app, behind, server, agent;
  before(async () => {
    behind = await versions({ delay: 1_000 });
    app = folder({
      ...versionedFiles,
      'app/slow/[k]/page.tsx': `import { show } from '../../../lib/item';
export const revalidate = 3600;
export const generateStaticParams = () => [];
export default async function Page({ params }: { params: Promise<{ k: string }> }) {
  const { k } = await params;
  // Not through the cache of fetches: what is counted behind are renders.
  const seen = await (await fetch(process.env.BEHIND + '/' + k)).json();
  return <b>{show(seen)} at {Math.random()}</b>;
}
`,
    });
    const built = ironside(['build', app.dir, '--no-prerender']);
    assert.equal(built.code, 0, built.all);
    server = await serve(app.dir, { build: false, args: ['--workers', '4'], env: { BEHIND: behind.base } });
    agent = new http.Agent({ keepAlive: true, maxSockets: VISITORS });
  });
  after(async () => {
    agent?.destroy();
    await server?.stop();
    app?.remove();
    behind?.close();
  });

  const names = Object.keys(variants);
  async function come(path, kinds = names) {
    const answers = await Promise.all(Array.from({ length: VISITORS }, (_, at) => ask(server.base, { ...variants[kinds[at % kinds.length]](path), agent })));
    for (const [at, answer] of answers.entries()) {
      assert.equal(answer.status, 200, answer.error ?? answer.text.slice(0, 200));
      assert.ok(isOfVariant(kinds[at % kinds.length], answer), `${kinds[at % kinds.length]}: ${answer.text.slice(0, 80)}`);
    }
    return new Set(answers.map(({ text }) => /0\.\d{6,}/.exec(text)[0]));
  }

  test('P11 1,000 parallel visitors of one cold page are one render, in every form of it', async () => {
    assert.equal((await come('/slow/cold')).size, 1);
    assert.equal(behind.asked.get('cold'), 1);
  });

  test('P11 and one more when it was invalidated', async () => {
    const version = behind.write('cold');
    const done = await ask(server.base, { path: '/invalidate', method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path: '/slow/cold' }) });
    assert.equal(done.status, 200);
    assert.equal((await come('/slow/cold')).size, 1);
    assert.equal(behind.asked.get('cold'), 2);
    const { text } = await ask(server.base, variants.html('/slow/cold'));
    assert.equal(versionsIn(text)[0].version, version);
  });

  test('P11 the render goes on for those who stay when those who came first leave', async () => {
    const leaving = Array.from({ length: 50 }, () => ask(server.base, { ...variants.html('/slow/left'), leaveAfter: 200 }));
    await until(() => behind.asked.get('left') ?? 0, (asked) => asked > 0);
    const staying = Array.from({ length: 200 }, () => ask(server.base, { ...variants.html('/slow/left'), agent }));
    assert.ok((await Promise.all(leaving)).every(({ error }) => error));
    for (const answer of await Promise.all(staying)) assert.match(answer.text, /v\[left:0\]/);
    assert.equal(behind.asked.get('left'), 1);
  });

  test('P11 pages that are made for each visitor share one slow fetch and one cached function', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(server.base, { ...variants.html('/live/shared'), agent })));
    for (const answer of answers) assert.match(answer.text, /v\[shared:0\]/);
    assert.equal(behind.asked.get('shared'), 1);
  });
});
