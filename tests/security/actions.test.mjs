// Attacks on how an action is reached: bodies that don't end, ids that nobody was given, other sites, forged hosts.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { createServer as createSite } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { MULTIPART, multipart, start } from './lib/actions-app.mjs';

const toml = '[actions]\nupload-timeout = 2000\n';

describe('the way to an action', () => {
  let app;
  before(async () => (app = await start({ toml })));
  after(() => app?.stop());

  /** Opens a connection, sends a head and some of a body, and gives what comes back until the server closes or `until` matches. */
  function open(head, begin = '') {
    const socket = connect(app.server.port, 'localhost');
    let text = '';
    socket.setEncoding('utf8').on('data', (piece) => (text += piece));
    socket.on('error', () => undefined);
    socket.write(`${head.join('\r\n')}\r\n\r\n${begin}`);
    const answered = new Promise((resolve) => {
      socket.on('data', () => resolve());
      socket.on('close', () => resolve());
    });
    return { socket, answer: async () => (await answered, text) };
  }
  const post = (more, path = '/') => [`POST ${path} HTTP/1.1`, `Host: localhost:${app.server.port}`, `Next-Action: ${app.ids.echo}`, 'Content-Type: text/plain', ...more];

  test('SEC-10 a body without end is cut at the limit, with and without a length', async () => {
    for (const type of ['text/plain', MULTIPART]) {
      const { socket, answer } = open([...post(['Transfer-Encoding: chunked']).slice(0, 3), `Content-Type: ${type}`, 'Transfer-Encoding: chunked'], type === MULTIPART ? `${(70).toString(16)}\r\n${multipart([['_1_a', 'x'.repeat(9)]]).slice(0, 70)}\r\n` : '');
      const lump = `10000\r\n${(type === MULTIPART ? 'y' : ' ').repeat(65_536)}\r\n`;
      let sent = 0;
      const pump = setInterval(() => {
        if (socket.writable && sent < 400) (sent += 1), socket.write(lump);
      }, 5);
      const text = await answer();
      clearInterval(pump);
      socket.destroy();
      assert.match(text, /^HTTP\/1\.1 (413|400)/, type);
    }
    const announced = await app.givesJobs(0, () => app.send({ headers: { 'next-action': app.ids.echo, 'content-length': 2 ** 40 }, body: '[' }).catch((error) => error));
    assert.ok(announced.status === 413 || announced instanceof Error);
    await app.unharmed();
  });

  test('SEC-12 uploads that hang are given up, and hold no worker while they do', async () => {
    const hanging = [];
    for (let n = 0; n < 60; n++) hanging.push(open(post(['Content-Length: 1000']), '[1,'));
    // One that sends a byte now and then is not waited for either.
    const drip = open(post(['Content-Length: 1000']), '[');
    const dripping = setInterval(() => drip.socket.writable && drip.socket.write(' '), 200);
    await app.unharmed();
    await app.givesJobs(0, async () => {
      for (const one of [...hanging, drip]) assert.match(await one.answer(), /^HTTP\/1\.1 408/);
    });
    clearInterval(dripping);
    for (const one of [...hanging, drip]) one.socket.destroy();
    await app.unharmed();
  });

  test('SEC-13 actions that never end are ended by their deadline and do not use up the worker', async () => {
    const count = process.env.IRONSIDE_LONG ? 1000 : 50;
    const calls = Array.from({ length: count }, () => app.call(app.ids.hang, '[]', { path: '/slow' }));
    await app.ping();
    for (const answer of await Promise.all(calls)) assert.ok(answer.status >= 500, `${answer.status}`);
    await app.unharmed();
  });

  test('SEC-11 the ids that an anonymous visitor finds are those of the actions that he may call, and nothing else is served', async () => {
    const seen = new Set();
    const ids = new Set();
    const todo = ['/', '/other', '/form'];
    while (todo.length > 0) {
      const path = todo.pop();
      if (seen.has(path)) continue;
      seen.add(path);
      const { text } = await app.send({ path, method: 'GET' });
      for (const [id] of text.matchAll(/\b[0-9a-f]{42}\b/g)) ids.add(id);
      for (const [found] of text.matchAll(/(?:\/_next\/static\/|\.\/)[\w./~-]+\.js/g)) todo.push(new URL(found, `http://h${path}`).pathname);
    }
    assert.ok(seen.size > 4, 'scripts were found');
    const open = ['echo', 'tell', 'go', 'hang', 'save'].map((name) => app.ids[name]);
    assert.deepEqual([...ids].sort(), open.sort());
    for (const path of ['/manifest.json', '/.ironside/build/manifest.json', '/_next/static/manifest.json', '/_next/manifest.json', '/_next/server/server-reference-manifest.json', '/server/rsc/app.mjs', '/.ironside/seal-key', '/_next/static/../manifest.json', '/_next/static/%2e%2e/%2e%2e/manifest.json']) {
      const { status, text } = await app.send({ path, method: 'GET' });
      assert.ok(status >= 400, `${path} ${status}`);
      assert.doesNotMatch(text, /[0-9a-f]{42}/);
    }
    // Whoever guesses the id of an export that nothing refers to gets no further.
    for (const id of [app.ids.unused, '0'.repeat(42)].filter(Boolean)) assert.equal((await app.givesJobs(0, () => app.call(id, '[]'))).status, 409);
  });

  test('SEC-14 only the own origin, written in one way, may call', async () => {
    const host = `localhost:${app.server.port}`;
    const table = [
      [`http://${host}`, 200], [`https://${host}`, 200], [`http://LOCALHOST:${app.server.port}`, 200], [undefined, 200],
      ['null', 403], ['', 403], [' ', 403], ['NULL', 403], ['http://evil.example', 403], [`http://localhost:${app.server.port + 1}`, 403], ['http://localhost', 403],
      [`http://localhost.:${app.server.port}`, 403], [`http://${host}.evil.example`, 403], [`http://evil.example/${host}`, 403], [`http://user@${host}`, 403], [`http://${host}@evil.example`, 403],
      [`http://${host}/`, 403], [`http://${host}#x`, 403], [`//${host}`, 403], [host, 403], ['file://', 403], [`http://127.0.0.1:${app.server.port}`, 403], [`http://[::1]:${app.server.port}`, 403],
      [[`http://${host}`, 'http://evil.example'], 403], [['http://evil.example', `http://${host}`], 403], [`http://${host}, http://evil.example`, 403], [`http://${host} http://evil.example`, 403],
    ];
    for (const [origin, status] of table) {
      const headers = origin === undefined ? {} : { origin };
      const jobs = status === 200 ? 1 : 0;
      assert.equal((await app.givesJobs(jobs, () => app.call(app.ids.echo, '[]', { headers }))).status, status, `call from ${origin}`);
      const body = multipart([[`$ACTION_ID_${app.ids.save}`, ''], ['title', 't']]);
      const form = await app.givesJobs(jobs, () => app.send({ path: '/form', headers: { 'content-type': MULTIPART, 'content-length': body.length, ...headers }, body }));
      assert.equal(form.status, status, `form from ${origin}`);
    }
    const { saved } = await app.ping();
    assert.equal(saved, table.filter(([, status]) => status === 200).length);
  });

  test('SEC-14 a form in a sandboxed frame of another site runs nothing', async () => {
    const { launch, until } = await import('../e2e/lib/browser.mjs');
    const before = (await app.ping()).saved;
    const frame = `<form id="f" method="post" enctype="multipart/form-data" action="${app.server.base}/form"><input name="$ACTION_ID_${app.ids.save}"><input name="title" value="t"></form><script>document.getElementById('f').submit()</script>`;
    const site = createSite((request, response) => {
      const page = `<iframe sandbox="allow-forms allow-scripts" src="/frame"></iframe>`;
      response.setHeader('content-type', 'text/html').end(request.url === '/frame' ? frame : page);
    });
    await new Promise((done) => site.listen(0, '127.0.0.1', done));
    const browser = await launch();
    try {
      const page = await browser.page();
      const answers = [];
      page.on('response', (response) => answers.push(response));
      await page.goto(`http://127.0.0.1:${site.address().port}/`, { waitUntil: 'commit' });
      const posted = await until(() => answers.find((answer) => answer.request().method() === 'POST'), (answer) => answer !== undefined);
      assert.equal(posted.status(), 403);
      assert.equal((await posted.request().allHeaders()).origin, 'null');
    } finally {
      await browser.close();
      site.close();
    }
    assert.equal((await app.ping()).saved, before);
  });

  for (const [sec, what, path] of [['SEC-15', 'a redirect', '/'], ['SEC-16', 'a call on a page that does not know the action', '/other']]) {
    test(`${sec} ${what} makes the server connect to nobody, whatever host the request names`, async () => {
      let connections = 0;
      const canary = createServer((socket) => {
        connections += 1;
        socket.destroy();
      });
      await new Promise((done) => canary.listen(0, '127.0.0.1', done));
      const there = `127.0.0.1:${canary.address().port}`;
      const names = ['host', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-for', 'forwarded', 'x-original-url', 'x-original-host', 'x-host', 'x-real-ip', 'x-action-forwarded', 'x-matched-path', 'x-invoke-path'];
      for (const name of names) {
        for (const value of [there, `http://${there}`, `host=${there};proto=http`, `${there}, localhost`, `${there}/@localhost`]) {
          for (const action of [app.ids.go, app.ids.echo]) {
            const answer = await app.call(action, '[]', { path, headers: { [name]: value } }).catch((error) => error);
            assert.ok(answer instanceof Error || answer.status < 500, `${name}: ${value} gave ${answer.status}`);
          }
        }
      }
      const absolute = open([`POST http://${there}/ HTTP/1.1`, `Host: ${there}`, `Next-Action: ${app.ids.go}`, 'Content-Length: 2'], '[]');
      await absolute.answer();
      absolute.socket.destroy();
      canary.close();
      assert.equal(connections, 0);
      await app.unharmed();
    });
  }
});
