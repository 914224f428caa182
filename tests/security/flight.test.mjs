// Bodies that attack React's decoder: each family is refused before any JavaScript sees it, while the only worker goes on answering.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MULTIPART, SECRET, multipart, start } from './lib/actions-app.mjs';

const LENGTHS = process.env.IRONSIDE_LONG ? Array.from({ length: 64 }, (_, n) => n + 1) : [1, 2, 3, 7, 64];
const hex = (n) => n.toString(16);

describe('bodies against the decoder', () => {
  let app;
  before(async () => (app = await start()));
  after(() => app?.stop());

  test('SEC-01 no reference gets at what an object inherits, and no plain object is taken for one of React\'s', async () => {
    const write = `process.mainModule.require('fs').writeFileSync(${JSON.stringify(app.canary)},'x')`;
    const chunk = (then) => ({ then, status: 'resolved_model', reason: -1, value: '{"then":"$B1337"}', _response: { _prefix: write, _chunks: '$Q2', _formData: { get: '$1:constructor:constructor' } } });
    for (const path of ['__proto__', 'constructor', 'prototype', 'then', '__proto__:then', 'constructor:constructor', 'a:__proto__', 'a:constructor:prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'length', 'valueOf:call']) {
      for (const kind of ['$', '$@', '$Q', '$W', '$i', '$h', '$B', '$K', '$F']) {
        await app.attack([['1', '{"a":{}}'], ['0', `["${kind}1:${path}"]`]]);
      }
      await app.attack([['0', JSON.stringify([chunk(`$1:${path}`)])], ['1', '"$@0"'], ['2', '[]']]);
    }
    await app.attack([['0', '["$1"]'], ['1', JSON.stringify(chunk('$1:__proto__:then'))]]);
    await app.attack([['0', JSON.stringify(chunk('$1:__proto__:then'))], ['1', '"$@0"']]);
    await app.attack([['1', `{"id":"${app.ids.echo}","bound":null,"$$promise":{"then":"$h2"}}`], ['0', '["$h1"]']]);
    await app.attack([['1', `{"id":"${app.ids.echo}#constructor","bound":null}`], ['0', '["$h1"]']]);
    for (const id of ['vm#runInThisContext', 'child_process#execSync', 'fs', '__proto__', 'constructor', app.ids.unused, '']) {
      await app.attack([['1', JSON.stringify({ id, bound: '$@2' })], ['2', JSON.stringify([write])], ['0', '["$h1"]']]);
    }
    // The same without knowing any action, and without JavaScript.
    for (const id of ['x', 'a'.repeat(42), app.ids.unused]) await app.attack([['0', '["$1:__proto__:then"]'], ['1', '{}']], { id, statuses: [400, 409] });
    const described = (id, bound) => [['$ACTION_REF_1', ''], ['$ACTION_1:0', JSON.stringify({ id, bound })], ['$ACTION_1:1', `["$1:__proto__:then","${write}"]`]];
    for (const id of [app.ids.echo, app.ids.unused, 'vm#runInThisContext']) {
      const body = multipart(described(id, '$@1'));
      const answer = await app.givesJobs(0, () => app.send({ path: '/form', headers: { 'content-type': MULTIPART, 'content-length': body.length }, body }));
      assert.ok([400, 409].includes(answer.status), `${answer.status}`);
    }
    await app.unharmed();
  });

  for (const [sec, kinds] of [['SEC-02', ['$@']], ['SEC-03', ['$@', '$Q', '$W', '$K', '$F', '$i', '$h', '$x', '$']], ['SEC-06', ['$Q', '$W', '$i', '$X', '$R']]]) {
    test(`${sec} values that hold themselves are refused, for all lengths and shapes of the cycle over ${kinds.join(' ')}`, async () => {
      const shapes = ['REF', '[REF]', '{"a":REF}', '[["k",REF],[REF,1]]', '[[[REF]]]'];
      for (const length of LENGTHS) {
        for (const kind of kinds) {
          for (const shape of shapes) {
            // An object that holds itself by a property is no attack.
            if (kind === '$' && length === 1 && shape !== 'REF') continue;
            const row = (to, ref = kind) => shape.replaceAll('REF', `"${ref}${hex(to)}"`);
            const rows = Array.from({ length }, (_, n) => [`${n + 1}`, row(((n + 1) % length) + 1)]);
            await app.attack([['0', `["${kind}1"]`], ...rows]);
          }
        }
        const mixed = Array.from({ length }, (_, n) => [`${n + 1}`, `[["k","${kinds[n % kinds.length]}${hex(((n + 1) % length) + 1)}"]]`]);
        await app.attack([['0', `["${kinds[0]}1"]`], ...mixed]);
      }
      await app.attack('["$@0"]');
      await app.attack('["$0"]');
      await app.attack('["$0:0"]');
      await app.attack([['0', '[{"m":"$Q1"}]'], ['1', '[["k","$0:0"]]']]);
      await app.attack([['0', '["$x1"]'], ['S1', '"$x1"'], ['S1', 'C']]);
      await app.unharmed();
    });
  }

  test('SEC-04 a server function that is passed as an argument tells nothing of its source', async () => {
    for (const name of ['tell', 'echo', 'save']) {
      const body = multipart([['1', JSON.stringify({ id: app.ids[name], bound: null })], ['0', '["$h1"]']]);
      const answer = await app.call(app.ids.tell, body, { type: MULTIPART });
      assert.equal(answer.status, 200);
      assert.doesNotMatch(answer.text, new RegExp(SECRET));
      assert.doesNotMatch(answer.text, /secret|globalThis|redirect\(|async function|=>/);
    }
    // One that is bound, and one that nothing outside may refer to.
    const bound = multipart([['2', '[1]'], ['1', JSON.stringify({ id: app.ids.tell, bound: '$@2' })], ['0', '["$h1"]']]);
    assert.doesNotMatch((await app.call(app.ids.tell, bound, { type: MULTIPART })).text, new RegExp(SECRET));
    await app.attack([['1', JSON.stringify({ id: app.ids.unused, bound: null })], ['0', '["$h1"]']], { id: app.ids.tell });
  });

  test('SEC-05 huge arrays, numbers and rows are refused', async () => {
    const deep = (n, open, close) => open.repeat(n) + close.repeat(n);
    for (const body of [
      `["$n${'9'.repeat(301)}"]`, `["$n${'9'.repeat(900_000)}"]`, `["$n-${'9'.repeat(300)}"]`, `["$n1e99999999"]`, '["$n0x10"]', '["$n"]',
      `[${'0,'.repeat(1000)}0]`, deep(600, '[', ']'), deep(100_000, '[', ']'), '['.repeat(500_000), `[${'{"a":'.repeat(50_000)}`,
      `[[],[${'"$0:0",'.repeat(110_000)}0]]`, `["$D${'9'.repeat(1000)}"]`, `{"length":4294967295}`, `["$0:${'0:'.repeat(2000)}0"]`,
    ]) await app.attack(body);
    const rows = Array.from({ length: 3000 }, (_, n) => [`${n}`, `["$${hex(n + 1)}"]`]);
    await app.attack([...rows, ['3000', '[]']]);
    await app.unharmed();
  });

  test('SEC-07 small bodies that unfold into large values are refused', async () => {
    for (const pair of ['["$N","$N"]', '{"a":"$N","b":"$N"}', '[["k","$N"],["l","$N"]]', '[{"x":["$N"]},"$N","$N"]']) {
      for (const steps of [30, 60, 400]) {
        const rows = Array.from({ length: steps }, (_, n) => [`${n + 1}`, pair.replaceAll('$N', `$${hex(n + 2)}`)]);
        await app.attack([['0', '["$1"]'], ...rows, [`${steps + 1}`, '{}']]);
      }
    }
    const inside = Array.from({ length: 60 }, (_, n) => `["$0:${n}","$0:${n}"]`);
    await app.attack(`[[],${inside.join(',')}]`);
    await app.unharmed();
  });

  test('SEC-08 whatever is garbled is refused or harmless', async () => {
    let seed = 7;
    const random = (end) => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 8) % end;
    const valid = multipart([['1', '[["k",{"a":1}]]'], ['2', '{"z":1}'], ['_3_a', 'x'], ['4', 'xxxxxxxx', true], ['0', '["$Q1","$@2","$K3","$o4","$0:0","$1:0:1"]']]);
    for (let n = 0; n < (process.env.IRONSIDE_LONG ? 20_000 : 400); n++) {
      const at = random(valid.length);
      const body = valid.slice(0, at) + '$@:"[]{},\\-0aQWh\r\n'[random(19)] + valid.slice(at + random(3));
      await app.attack(body, { type: MULTIPART, statuses: [200, 400, 413, 500] });
    }
    await app.unharmed();
  });

  test('SEC-09 floods of React\'s own fields are refused', async () => {
    const post = async (fields) => {
      const body = multipart(fields);
      const answer = await app.givesJobs(0, () => app.send({ path: '/form', headers: { 'content-type': MULTIPART, 'content-length': body.length }, body }));
      assert.ok([400, 413].includes(answer.status), `${answer.status} ${answer.text}`);
      await app.ping();
    };
    const many = (name, text = '', count = 9000) => Array.from({ length: count }, (_, n) => [name.replace('#', n), text]);
    const good = [`$ACTION_ID_${app.ids.save}`, ''];
    for (const [name, text] of [['$ACTION_#:0', '{}'], ['$ACTION_REF_#', ''], ['$ACTION_1:#', '[]'], ['$ACTION_KEY', 'k'], [`$ACTION_ID_${app.ids.save}`, ''], ['$ACTION_ID_#', '']]) {
      await post([good, ...many(name, text)]);
    }
    await post(many('$ACTION_#:0', '{}', 100_000));
    await post([good, ...many('field', '', 12_000)]);
    const bound = `[${'1,'.repeat(1000)}1]`;
    await post([['$ACTION_REF_1', ''], ['$ACTION_1:0', JSON.stringify({ id: app.ids.save, bound: '$@1' })], ['$ACTION_1:1', bound]]);
    assert.equal((await app.ping()).saved, 0, 'none of them has run');
    await app.unharmed();
  });

  test('SEC-67 what is no reply of React is not decoded: other JSON, other framings, lengths that lie', async () => {
    for (const body of [
      '', 'null', '1', '"x"', '{}', '{"0":1}', 'undefined', '[1]garbage', '[1][2]', '[NaN]', "['a']", '[1,]', '// \n[]', '\ufeff[]', '["\u0001"]', '["$F1"]', '["$P1"]', '["$Z"]', '["$Y"]', '["$E1"]', '["$"]',
    ]) await app.attack(body);
    for (const body of [
      'garbage', `--x\r\n`, multipart([['0', '[]']]).slice(0, -8), `\r\n${multipart([['0', '[]']])}`, `${multipart([['0', '[]']])}more`, multipart([['0', '[]'], ['0', '["b"]']]),
      multipart([['0', '[]']]).replace('\r\n\r\n', '\r\nContent-Transfer-Encoding: base64\r\n\r\n'), multipart([['0"; filename*=utf-8\'\'x; a="', '[]']]), multipart([['00', '[]']]),
      multipart([['0', '["$B1"]'], ['1', 'text']]), multipart([['0', '["$R1"]'], ['S1', '1']]), multipart([['0', '["$l1"]'], ['1', 'abc', true]]),
    ]) await app.attack(body, { type: MULTIPART });
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', `${MULTIPART}; boundary=b`, 'multipart/form-data; boundary="a']) await app.attack(multipart([['0', '[]']]), { type });
    await app.unharmed();
  });
});
