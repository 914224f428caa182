// What operators see: the list of actions, the log line and the counters of each action, the admin listener, stored errors.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, freePort, ironside, serve } from './lib/application.mjs';

const files = {
  'ironside.toml': '[actions]\nsession-checks = ["whoIsIt"]\n',
  'app/layout.tsx': 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n',
  'app/actions.ts': `'use server';
import { createAction } from 'ironside/actions';
import { refresh, revalidateTag as invalidate } from 'next/cache';
import { redirect } from 'next/navigation';
import { whoIsIt } from '../lib/session';
import { item } from '../lib/schema';

export async function save(form: FormData, more = 1) {
  await allowed();
  invalidate('items', 'max');
  return String(form.get('secret') ?? more).length;
}
async function allowed() { if (!(await whoIsIt())) throw new Error('nobody'); }
export const limited = createAction({ input: item, rateLimit: { limit: 1, per: '10m' } }, async () => { refresh(); return 1; });
export async function broken() { throw new Error('the drawer is stuck'); }
export async function late() { await new Promise((done) => setTimeout(done, 3_000)); }
export async function away() { redirect('/elsewhere'); }
export async function unused() {}
`,
  'lib/session.ts': 'export async function whoIsIt() { return "ada"; }\n',
  'lib/schema.ts': `export const item = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } };\n`,
  'app/page.tsx': `import { save, broken, away } from './actions'; import { Button } from './button'; export const dynamic = 'force-dynamic';
export default function Page() {
  const mine = 'x';
  async function inline() { 'use server'; console.log(mine.length); }
  return <main><form id="save" action={save}><input name="secret" defaultValue="s3cret-word" /></form><form id="broken" action={broken} /><form id="away" action={away} /><form id="inline" action={inline} /><Button /></main>;
}
`,
  'app/button.tsx': `'use client';\nimport { limited } from './actions';\nexport function Button() { return <button onClick={() => limited({})}>go</button>; }\n`,
  'app/short/page.tsx': `import { late } from '../actions';\nexport const dynamic = 'force-dynamic';\nexport const maxDuration = 1;\nexport default () => <form action={late} />;\n`,
  'app/fails/page.tsx': `export const dynamic = 'force-dynamic';\nexport default function Page() {\n  throw new Error('the roof leaks');\n}\n`,
};

/** One request on a Unix socket. */
function ask(socketPath, path, method = 'GET') {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path, method }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end();
  });
}

const until = async (what, done) => {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((wait) => setTimeout(wait, 50))) {
    const found = await done();
    if (found) return found;
  }
  throw new Error(`this did not happen: ${what}`);
};

describe('operations', () => {
  let app, server, socket, port;
  before(async () => {
    app = folder(files);
    port = await freePort();
    server = await serve(app.dir, { args: ['--log', 'json', '--admin', '--admin-listen', `127.0.0.1:${port}`] });
    socket = join(app.dir, '.ironside', 'admin.sock');
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  const lines = () => server.log.split('\n').flatMap((line) => { try { return [JSON.parse(line)]; } catch { return []; } });
  const logged = (name) => until(`a log line of ${name}`, () => lines().find((line) => line.target === 'ironside::action' && line.action === name));
  /** Posts a form of the page as a browser without JavaScript does. */
  async function post(id) {
    const html = await (await fetch(server.base)).text();
    const form = new RegExp(`<form[^>]*id="${id}"[^>]*>(.*?)</form>`, 's').exec(html)[1];
    const data = new FormData();
    for (const [, attributes] of form.matchAll(/<input([^>]*)>/g)) {
      const value = (name) => (new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
      data.append(value('name'), value('value'));
    }
    return fetch(server.base, { method: 'POST', body: data, redirect: 'manual' });
  }
  const idOf = (name) => Object.entries(JSON.parse(readFileSync(join(app.dir, '.ironside/build/manifest.json'), 'utf8')).actions).find(([, action]) => action.name === name)[0];
  const call = (id, body = '[{}]') => fetch(server.base, { method: 'POST', headers: { 'next-action': id, accept: 'text/x-component', 'content-type': 'text/plain;charset=UTF-8' }, body });

  test('`ironside actions` lists what can be called from outside, with its evidence, and the rest only on demand', () => {
    const report = ironside(['actions', app.dir, '--json', '--all']);
    assert.equal(report.code, 0, report.all);
    const { form, actions, unreachable } = JSON.parse(report.stdout);
    assert.equal(form, 1);
    const of = (name) => actions.find((action) => action.name === name);
    assert.deepEqual(actions.map((action) => action.name).sort(), ['Page.inline', 'away', 'broken', 'late', 'limited', 'save']);
    assert.deepEqual(unreachable.map((action) => action.name), ['unused']);

    const save = of('save');
    assert.equal(save.file, 'app/actions.ts');
    assert.equal(save.line, 8);
    assert.deepEqual(save.reach, ['server-value']);
    assert.deepEqual(save.referrers, [{ side: 'server', file: 'app/page.tsx' }]);
    assert.deepEqual(save.parameters, { count: 2, rest: false });
    // By way of a function of the same file, and under the name that the library has for it.
    assert.deepEqual(save.session, [{ by: 'call', name: 'whoIsIt', module: '../lib/session', line: 13 }]);
    assert.deepEqual(save.revalidates, [{ by: 'call', name: 'revalidateTag', module: 'next/cache', line: 10 }]);
    assert.deepEqual(save.validates, []);

    const limited = of('limited');
    assert.deepEqual(limited.referrers, [{ side: 'client', file: 'app/button.tsx' }]);
    assert.deepEqual(limited.createAction, ['input', 'rateLimit']);
    assert.deepEqual(limited.validates, [{ by: 'createAction', option: 'input' }]);
    assert.deepEqual(limited.session, []);
    assert.ok(of('Page.inline').inline && of('Page.inline').captures);

    const table = ironside(['actions', app.dir]).stdout;
    assert.match(table, /^save +app\/actions\.ts:8 +server app\/page\.tsx +2 +- +whoIsIt\(\) +revalidateTag\(\)$/m);
    assert.match(table, /1 more can't be called from outside/);
    assert.ok(!table.includes('unused'));
  });

  test('`ironside actions` tells the errors of an application that cannot be compiled', () => {
    const bad = folder({ 'app/layout.tsx': files['app/layout.tsx'], 'app/page.tsx': "import { x } from './missing'; export default () => x;\n" });
    try {
      const report = ironside(['actions', bad.dir]);
      assert.equal(report.code, 1);
      assert.match(report.stderr, /missing/);
      assert.equal(report.stdout, '');
    } finally {
      bad.remove();
    }
  });

  test('each action has one log line with its name, place, outcome and tags, and none of what it was sent', async () => {
    assert.equal((await post('save')).status, 200);
    const save = await logged('save');
    assert.equal(save.file, 'app/actions.ts');
    assert.equal(save.outcome, 'ok');
    assert.equal(save.status, 200);
    assert.equal(save.revalidated, 'items');
    assert.equal(typeof save.dur_ms, 'number');
    assert.ok(save.request_id);

    assert.equal((await post('away')).status, 303);
    assert.equal((await logged('away')).outcome, 'redirect');
    assert.equal((await post('broken')).status, 500);
    const broken = await logged('broken');
    assert.equal(broken.outcome, 'thrown');
    assert.equal(broken.level, 'WARN');
    assert.equal((await post('inline')).status, 200);
    assert.equal((await logged('Page.inline')).outcome, 'ok');

    const called = await call(idOf('limited'));
    assert.equal(called.status, 200, await called.text());
    assert.equal((await logged('limited')).outcome, 'ok');
    assert.equal(lines().filter((line) => line.target === 'ironside::action' && line.action === 'save').length, 1);
    assert.ok(!server.log.includes('s3cret-word'));
  });

  test('an action whose time is up has its line and counts as an error, by fetch and by form', async () => {
    const form = new FormData();
    form.append(`$ACTION_ID_${idOf('late')}`, '');
    const answers = await Promise.all([
      fetch(`${server.base}/short`, { method: 'POST', body: form }),
      fetch(`${server.base}/short`, { method: 'POST', headers: { 'next-action': idOf('late'), 'content-type': 'text/plain' }, body: '[]' }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status), [504, 504]);
    await Promise.all(answers.map((answer) => answer.text()));
    const late = await until('two lines', () => { const found = lines().filter((line) => line.target === 'ironside::action' && line.action === 'late'); return found.length === 2 && found; });
    assert.deepEqual(late.map(({ outcome, status, level }) => [outcome, status, level]), [['error', 504, 'WARN'], ['error', 504, 'WARN']]);
  });

  test('a call that is refused before any code runs has a line as well, with the reason and nothing that it brought', async () => {
    const jobs = async () => Number(/^ironside_jobs_total (\d+)$/m.exec((await ask(socket, '/metrics')).text)[1]);
    const before = await jobs();
    const site = (body, headers) => fetch(server.base, { method: 'POST', headers: { 'next-action': idOf('save'), 'content-type': 'text/plain', ...headers }, body });
    const form = (name, value = '') => { const data = new FormData(); data.append(name, value); data.append('secret', 's3cret-word'); return fetch(server.base, { method: 'POST', body: data }); };
    const forged = { origin: 'https://elsewhere.example' };
    const table = [
      [() => site('[]', { 'next-action': 'cd'.repeat(21) }), 409, 'unknown_action', undefined],
      [() => site('[]', { 'next-action': 's3cret-word' }), 400, 'bad_action_id', undefined],
      [() => site('["s3cret-word"]', forged), 403, 'csrf_other_origin', 'save'],
      [() => site('["s3cret-word","$@0"]'), 400, 'flight_cycle', 'save'],
      [() => site('{"s3cret-word":1}'), 400, 'flight_no_root', 'save'],
      [() => site('['.repeat(2_000)), 413, 'flight_depth', 'save'],
      [() => site(`["${'x'.repeat(1_100_000)}"]`), 413, 'body_too_large', 'save'],
      [() => form(`$ACTION_ID_${'cd'.repeat(21)}`), 409, 'unknown_action', undefined],
      [() => form('title'), 400, 'flight_marker', undefined],
      [() => form(`$ACTION_ID_${idOf('save')}`, 'x'.repeat(900_000)), 400, 'flight_marker', undefined],
    ];
    const refused = () => lines().filter((line) => line.target === 'ironside::action' && line.outcome === 'refused');
    for (const [index, [ask, status, reason, action]] of table.entries()) {
      const answer = await ask();
      await answer.text();
      assert.equal(answer.status, status, `${reason}`);
      const line = await until(`a line of ${reason}`, () => refused()[index]);
      assert.equal(refused().length, index + 1);
      assert.equal(line.reason, reason);
      assert.deepEqual([line.action, line.status, line.level], [action, status, 'INFO']);
      assert.equal(line.file, action && 'app/actions.ts');
      assert.ok(line.request_id && typeof line.dur_ms === 'number');
    }
    assert.equal(await jobs(), before, 'no worker was given any of them');
    const { text } = await ask(socket, '/metrics');
    assert.match(text, /^ironside_action_duration_seconds_count\{action="app\/actions.ts#save",outcome="refused"\} 5$/m);
    assert.match(text, /^ironside_action_rejections_total\{reason="flight_cycle"\} 1$/m);
    assert.ok(!server.log.includes('s3cret-word'));
  });

  test('counters tell actions by outcome, what was limited and what was refused', async () => {
    const limited = await call(idOf('limited'));
    assert.equal(limited.status, 429, await limited.text());
    assert.equal((await call('ab'.repeat(21))).status, 409);
    assert.equal((await call(idOf('unused'), '[]')).status, 409);
    const forged = await fetch(server.base, { method: 'POST', headers: { 'next-action': idOf('save'), origin: 'https://elsewhere.example', 'content-type': 'text/plain' }, body: '[]' });
    await forged.text();
    assert.equal(forged.status, 403);
    const { status, headers, text } = await ask(socket, '/metrics');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const value = (sample) => Number(text.split('\n').find((line) => line.startsWith(`${sample} `))?.slice(sample.length + 1));
    const count = (action, outcome) => value(`ironside_action_duration_seconds_count{action="app/${action}",outcome="${outcome}"}`);
    assert.equal(count('actions.ts#save', 'ok'), 1);
    assert.equal(count('actions.ts#away', 'redirect'), 1);
    assert.equal(count('actions.ts#broken', 'thrown'), 1);
    assert.equal(count('page.tsx#Page.inline', 'ok'), 1);
    assert.equal(count('actions.ts#limited', 'ok'), 1);
    assert.equal(count('actions.ts#limited', 'rate_limited'), 1);
    assert.equal(value('ironside_action_rejections_total{reason="rate_limited"}'), 1);
    assert.equal(value('ironside_action_rejections_total{reason="unknown_action"}'), 4);
    assert.equal(value('ironside_action_rejections_total{reason="csrf_other_origin"}'), 2, 'the forged ones');
    assert.ok(value('http_server_request_duration_seconds_count{http_response_status_class="4xx"}') >= 4);
    assert.ok(value('ironside_workers{state="ready"}') >= 1);
    assert.ok(value('ironside_cache_events_total{event="invalidated"}') >= 1);
    assert.ok(!text.includes('s3cret-word'));
    for (const line of text.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.e+-]+)$/);
  });

  test('the admin socket is its owner\'s only; it tells life and readiness, and nothing else', async () => {
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    assert.deepEqual((({ status, text }) => [status, text])(await ask(socket, '/livez')), [200, 'ok\n']);
    assert.deepEqual((({ status, text }) => [status, text])(await ask(socket, '/readyz')), [200, 'ready\n']);
    assert.equal((await ask(socket, '/anything')).status, 404);
    assert.equal((await ask(socket, '/metrics', 'POST')).status, 405);
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
    // Visitors can't see any of it.
    assert.equal((await fetch(`${server.base}/metrics`)).status, 404);
  });

  test('a second server does not take the socket of one that runs', async () => {
    const other = ironside(['start', app.dir, '-p', String(await freePort()), '--admin']);
    assert.equal(other.code, 69, other.all);
    assert.match(other.stderr, /another server listens on the admin socket/);
    assert.equal((await ask(socket, '/livez')).status, 200);
  });

  test('`ironside digest` finds the error behind a digest, with its stack and the source', async () => {
    const answer = await fetch(`${server.base}/fails`);
    await answer.text();
    const { fields, digest: own } = await until('a log line of the error', () => lines().find((line) => JSON.stringify(line).includes('the roof leaks')));
    const digest = own ?? /digest=(\S+)/.exec(fields)[1];
    const found = await until('the error is stored', () => {
      const report = ironside(['digest', digest, app.dir]);
      return report.code === 0 && report;
    });
    assert.match(found.stdout, /render {2}GET {2}\/fails {2}request \S+\nthe roof leaks\n {4}at Page \(app\/fails\/page\.tsx:3:9\)/);
    assert.match(found.stdout, /throw new Error\('the roof leaks'\)/);
    const [stored] = JSON.parse(ironside(['digest', digest, app.dir, '--json']).stdout);
    assert.equal(stored.route, '/fails');
    const file = join(app.dir, '.ironside', 'errors.jsonl');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, 'utf8');
    assert.ok(text.includes('the drawer is stuck') && !text.includes('s3cret-word'));
    const none = ironside(['digest', '12345', app.dir]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no error with the digest 12345 is stored/);
  });

  test('the socket is gone when the server is', async () => {
    await server.stop();
    assert.ok(!existsSync(socket));
  });
});
