// What belongs to one visitor, to somebody who looks at drafts, or to whoever made up a header is never kept, shared or joined.
// There is no image optimiser yet, so class 40 is checked of what passes through from other sites.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask, keyed, variants } from '../e2e/lib/ask.mjs';
import { cached, isShareable, privatePages, shownIn } from './lib/cached-app.mjs';
import { send } from './lib/attacked.mjs';
import { internal } from './lib/internal-names.mjs';
import { parallel } from './lib/raw.mjs';

const forms = Object.keys(variants);

describe('what is private', () => {
  let it, agent;
  const get = (path, headers = {}, more = {}) => ask(it.server.base, { path, headers, agent, ...more });
  const page = (path, headers = {}, variant = 'html') => {
    const wanted = variants[variant](path);
    return get(wanted.path, { ...wanted.headers, ...headers });
  };
  before(async () => {
    it = await cached();
    agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  });
  after(async () => {
    agent?.destroy();
    await it?.close();
  });

  const draftCookie = async () => (await get('/draft')).headers['set-cookie'].map((cookie) => cookie.split(';')[0]).join('; ');

  test('SEC-39 somebody who looks at drafts neither fills nor joins nor reads what others share, in any form and order', async () => {
    const cookie = await draftCookie();
    await parallel(Array.from({ length: 30 }, (_, at) => at), 4, async (round) => {
      const path = `/news/n${round}`;
      it.behind.says.set(path, `published ${round}`);
      const people = Array.from({ length: 9 }, (_, at) => (at + round) % 3 === 0);
      const answers = await Promise.all(people.map((isDraft, at) => page(path, isDraft ? { cookie } : {}, at % 2 ? 'payload' : 'html')));
      for (const [at, answer] of answers.entries()) {
        assert.equal(answer.status, 200);
        assert.equal(shownIn(answer.text).read.draft, people[at], `${path}: ${people[at] ? 'a draft' : 'no draft'} was wanted`);
        assert.equal(isShareable(answer), !people[at], `${path}: ${answer.headers['cache-control']}`);
        assert.equal(answer.headers['x-nextjs-cache'] === undefined, people[at]);
      }
      assert.equal(new Set(answers.filter((_, at) => !people[at]).map(({ text }) => shownIn(text).made)).size, 1, 'one render for those who share');
    });
  });

  test('SEC-39 what a draft reads behind is neither taken from what is kept nor kept', async () => {
    const cookie = await draftCookie();
    for (const path of ['/news/warm', '/news/cold']) {
      const own = `/title/${path.slice(6)}`;
      it.behind.says.set(path, 'published').set(own, 'published');
      if (path === '/news/warm') await page(path);
      it.behind.says.set(path, 'secret draft').set(own, 'secret draft');
      for (const variant of forms) {
        const shown = shownIn((await page(path, { cookie }, variant)).text);
        // A prefetch of what is made for one visitor has nothing of it.
        if (variant !== 'prefetch') assert.deepEqual(shown.read, { draft: true, text: 'secret draft', title: 'secret draft' });
        else assert.equal(shown, undefined);
      }
      it.behind.says.set(path, 'published').set(own, 'published');
      for (const variant of forms) assert.deepEqual(shownIn((await page(path, {}, variant)).text).read, { draft: false, text: 'published', title: 'published' });
    }
  });

  test('SEC-39 a draft cookie that somebody made up shows and changes nothing', async () => {
    for (const value of ['1', 'true', '', '0'.repeat(32), 'preview', '__prerender_bypass']) {
      const path = '/news/forged';
      it.behind.says.set(path, 'published');
      for (const name of ['__prerender_bypass', '__next_preview_data']) {
        const answer = await page(path, { cookie: `${name}=${value}` });
        assert.equal(shownIn(answer.text).read.draft, false, `${name}=${value}`);
      }
    }
  });

  test('SEC-40 what another site answers through a rewrite is asked for by each visitor anew and never kept', async () => {
    it.behind.headers = { 'cache-control': 'public, s-maxage=600', etag: '"theirs"' };
    for (const path of ['/outside/avatar.png', '/outside/static', '/outside/isr/a', '/outside/_next/image?url=a&w=64&q=75']) {
      for (const user of ['ada', 'bob', 'ada', undefined]) {
        for (const kind of ['authorization', 'cookie']) {
          const before = it.behind.asked.length;
          const answer = await get(path, user ? { [kind]: `session=${user}` } : {});
          assert.equal(it.behind.asked.length, before + 1);
          assert.equal(JSON.parse(answer.text).user, user ? `session=${user}` : null);
          assert.equal(answer.headers['x-nextjs-cache'], undefined);
        }
      }
    }
    it.behind.headers = {};
  });

  test('SEC-40 nothing is optimised or kept under the URL of the image optimiser, which is not built', async () => {
    for (const query of ['', '?url=%2Fstatic&w=64&q=75', `?url=${encodeURIComponent(it.behind.base)}%2Fa.png&w=640&q=75`]) {
      const before = it.behind.asked.length;
      const answer = await get(`/_next/image${query}`, { cookie: 'session=ada', authorization: 'a' });
      assert.equal(answer.status, 404);
      assert.ok(!isShareable(answer), answer.headers['cache-control']);
      assert.equal(it.behind.asked.length, before);
    }
  });

  test('SEC-41 a page that reads who asks shows each his own, in every form, with others at the same time', async () => {
    const users = Array.from({ length: 8 }, (_, at) => `user${at}`);
    const byName = ['private/cookies', 'private/headers', 'private/authorization', 'private/search', 'private/caught', 'private/late'];
    await parallel(byName.flatMap((name) => users.flatMap((user) => forms.map((variant) => [name, user, variant]))), 24, async ([name, user, variant]) => {
      const wanted = variants[variant](name === 'private/search' ? `/${name}?user=${user}` : `/${name}`);
      const answer = await get(wanted.path, { ...wanted.headers, cookie: `user=${user}`, 'x-user': user, authorization: user });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-nextjs-cache'], undefined);
      assert.match(answer.headers['cache-control'], /private.*no-store/, `${variant} of ${name}`);
      assert.equal(shownIn(answer.text)?.read, variant === 'prefetch' ? undefined : user, `${variant} of ${name}`);
    });
  });

  test('SEC-41 every page that reads the request, or what must not be kept, is made for each visitor', async () => {
    for (const name of Object.keys(privatePages)) {
      const made = [];
      for (let at = 0; at < 3; at++) made.push(shownIn((await page(`/${name}`)).text).made + shownIn((await page(`/${name}`, {}, 'payload')).text).made * 1_000_000);
      assert.equal(new Set(made).size, 3, name);
    }
  });

  test('SEC-41 no cookie is ever in a shared answer, and what says that it is private is not shared', async () => {
    for (let round = 0; round < 3; round++) {
      const answer = await get('/headers/cookie', { 'x-user': 'ada' });
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.match(answer.text, /^made 1 null localhost/);
    }
    for (const kind of ['private', 'no-store', 'vary-all']) {
      const answers = [await get(`/headers/${kind}`), await get(`/headers/${kind}`)];
      assert.notEqual(answers[0].text, answers[1].text, kind);
      for (const answer of answers) {
        assert.ok(!isShareable(answer) || answer.headers.vary === '*', kind);
        assert.notEqual(answer.headers['x-nextjs-cache'], 'HIT', kind);
      }
    }
  });

  test('SEC-41 a page that is declared static sees nobody, whoever is first', async () => {
    for (const variant of forms) {
      for (const [at, headers] of [{ cookie: 'user=ada' }, { host: 'evil.example' }, { 'x-forwarded-host': 'evil.example' }].entries()) {
        const answer = await page(`/declared/${variant}${at}?secret=evil`, headers, variant);
        const { read } = shownIn(answer.text);
        assert.deepEqual(read.slice(0, 3).map((value) => value ?? null), [null, null, null]);
        assert.deepEqual(read[3], {});
      }
    }
  });

  const unkeyed = [
    ...['x-forwarded-host', 'x-forwarded-server', 'x-host', 'x-original-host', 'x-forwarded-for', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip', 'forwarded', 'via', 'origin', 'referer', 'user-agent', 'accept-language', 'accept', 'from', 'authorization', 'cookie', 'x-csrf-token'].map((name) => [name, name === 'forwarded' ? 'for=1.2.3.4;host=evil.example;proto=evil' : 'evil.example']),
    ['x-forwarded-proto', 'evil'], ['x-forwarded-scheme', 'http'], ['x-forwarded-port', '666'], ['x-forwarded-prefix', '/evil'], ['x-forwarded-path', '/evil'], ['x-forwarded-uri', '/evil'],
    ['x-original-url', '/evil'], ['x-rewrite-url', '/evil'], ['x-original-uri', '/evil'], ['x-script-name', '/evil'], ['x-http-method', 'POST'], ['x-http-method-override', 'POST'], ['x-method-override', 'DELETE'],
    ['next-url', '/evil'], ['ironside-from', '/evil'], ['x-nextjs-data', '1'], ['content-type', 'text/evil'], ['te', 'evil'], ['upgrade-insecure-requests', '1'], ['save-data', 'on'], ['dnt', '1'], ['device-memory', 'evil'], ['x-wap-profile', 'http://evil.example'], ['traceparent', '00-evil'], ['baggage', 'evil=1'],
    ...internal.map((name) => [name, '/evil']),
  ];

  test('SEC-41 no header that is not in the key leaves anything in what the next one gets', async () => {
    await parallel([...unkeyed.entries()], 12, async ([at, [name, value]]) => {
      for (const kind of ['isr', 'photo', 'headers', 'news', 'go']) {
        const path = `/${kind}/h${at}`;
        const poisoned = await get(path, { [name]: value });
        const clean = await get(path);
        const said = `${path} after ${name}: ${value}`;
        assert.equal(clean.status, kind === 'go' ? 307 : 200, said);
        assert.doesNotMatch(clean.text, /evil/, said);
        assert.doesNotMatch(JSON.stringify(clean.headers), /evil/, said);
        if (poisoned.status === clean.status && poisoned.headers['x-nextjs-cache']) assert.equal(poisoned.text, clean.text, said);
      }
    });
  });

  test('SEC-41 no Host leaves anything in what the next one gets, nor does an absolute URL', async () => {
    const lines = ['evil.example', 'evil.example:80', 'localhost@evil.example', 'evil.example/x', '[::1]', 'LOCALHOST', 'localhost.', '127.0.0.1', ''];
    for (const [at, host] of lines.entries()) {
      for (const kind of ['isr', 'headers', 'declared']) {
        const path = `/${kind}/host${at}`;
        await send(it.server.port, { path, headers: [['Host', host]] });
        await send(it.server.port, { path: `http://evil.example${path}`, headers: [['Host', 'evil.example']] });
        const clean = await get(path);
        assert.equal(clean.status, 200, host);
        assert.doesNotMatch(clean.text + JSON.stringify(clean.headers), /evil/, host);
      }
    }
    for (const path of ['/static/', '/isr/a/', '/moved/a', '/go/host']) {
      const answer = await send(it.server.port, { path, headers: [['Host', 'evil.example'], ['X-Forwarded-Host', 'evil.example']] });
      assert.ok(answer.status > 300 && answer.status < 309, `${path}: ${answer.status}`);
      assert.match(answer.headers.get('location'), /^\/(?!\/)/, path);
    }
  });

  test('SEC-41 a payload is no more shared than its page', async () => {
    const headers = { rsc: '1', cookie: 'user=ada' };
    const first = await get(keyed('/private/cookies', headers), headers);
    const second = await get(keyed('/private/cookies', { rsc: '1' }), { rsc: '1', cookie: 'user=bob' });
    assert.deepEqual([shownIn(first.text).read, shownIn(second.text).read], ['ada', 'bob']);
    for (const answer of [first, second]) assert.equal(answer.headers.etag, undefined);
  });
});
