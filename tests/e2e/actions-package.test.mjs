// `ironside/actions` end to end: typed results, limits and idempotency keys, with JavaScript, without it, and over HTTP by hand.
import assert from 'node:assert/strict';
import http from 'node:http';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, repository, serve } from './lib/application.mjs';
import { launch, until } from './lib/browser.mjs';

const files = {
  'app/layout.tsx': 'export default function Layout({ children }) { return <html lang="en"><body><nav><a href="/log">log</a></nav>{children}</body></html>; }\n',
  'app/page.tsx': 'import Link from "next/link"; export default function Page() { return <Link href="/order">order</Link>; }\n',
  'lib/log.ts': `
    import { appendFileSync, readFileSync, existsSync } from 'node:fs';
    const file = process.env.LOG_FILE!;
    export const note = (line: string) => appendFileSync(file, line + '\\n');
    export const lines = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\\n') : []);
  `,
  'app/log/route.ts': 'import { lines } from "../../lib/log"; export const dynamic = "force-dynamic"; export const GET = () => Response.json(lines());\n',
  'app/actions.ts': `'use server';
    import { actionResponse, actionSignal, createAction, fail } from 'ironside/actions';
    import { cookies } from 'next/headers';
    import { redirect } from 'next/navigation';
    import * as v from 'valibot';
    import { z } from 'zod';
    import { note } from '../lib/log';

    const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
    export const order = createAction(
      { input: z.object({ item: z.string().min(1, 'Choose something'), user: z.object({ name: z.string().min(2, 'Too short') }), password: z.string().optional() }), idempotency: true },
      async ({ item, user }) => {
        note('order ' + item);
        (await cookies()).set('last', item);
        await wait(300);
        return { item, by: user.name };
      },
    );
    export const pay = createAction({ idempotency: true, input: z.object({ item: z.string() }) }, async ({ item }) => { note('pay ' + item); await wait(100); redirect('/thanks?for=' + item); });
    export const login = createAction(
      { input: v.object({ email: v.pipe(v.string(), v.email('No address')), password: v.string() }), rateLimit: { limit: 2, per: '10m' } },
      async ({ email }) => (email === 'taken@example.com' ? fail('conflict', 'Taken') : email),
    );
    export const upload = createAction({ bodyLimit: '2mb', input: z.object({ file: z.instanceof(File), title: z.string() }) }, async ({ file, title }) => ({ size: file.size, title }));
    export const small = createAction({ input: z.object({ file: z.instanceof(File) }) }, async ({ file }) => file.size);
    export async function plain(form: FormData) { note('plain ' + (form.get('file') as File).size); }
    export const secret = createAction({ auth: async () => (await cookies()).get('session')?.value }, async (_, { session }) => session);
    export async function open() { (await cookies()).set('opened', '1'); redirect('/feed/photo/7'); }
    export async function touch() { (await cookies()).set('touched', 'yes'); }
    export async function teapot() { actionResponse({ status: 418, headers: { 'x-tea': 'green' } }); return 'tea'; }
    export const slow = createAction({ input: z.object({ n: z.number() }) }, async ({ n }) => { note('start ' + n); await wait(400); note('end ' + n); return n; });
    export const beside = createAction({ concurrent: true, input: z.object({ n: z.number() }) }, async ({ n }) => { note('start ' + n); await wait(400); note('end ' + n); return n; });
    export async function abandoned() {
      note('begun');
      const signal = actionSignal();
      await new Promise<void>((done) => signal.addEventListener('abort', () => { note('aborted ' + signal.reason.name); done(); }));
    }
    export const rename = createAction({ args: [z.string()], input: z.object({ to: z.string() }) }, async ({ to }, { bound: [id] }) => id + ' ' + to);
  `,
  'app/order/page.tsx': `import { OrderForm } from './form'; export const dynamic = 'force-dynamic'; export default function Page() { return <OrderForm />; }\n`,
  'app/order/form.tsx': `'use client';
    import { useActionState } from 'react';
    import { IdempotencyKey } from 'ironside/actions';
    import { order, pay } from '../actions';
    export function OrderForm() {
      const [state, action] = useActionState(order, null);
      const values = state?.ok === false ? state.values : undefined;
      return <>
        <form action={action} id="order">
          <IdempotencyKey />
          <input name="item" defaultValue={values?.item as string} /><input name="user.name" defaultValue={values?.['user.name'] as string} /><input name="password" defaultValue={values?.password as string} />
          <button>send</button>
          {state?.ok && <p id="done">{state.data.item} by {state.data.by}</p>}
          {state?.ok === false && <p id="error">{state.code}: {Object.entries(state.fieldErrors).map(([name, errors]) => name + ' ' + errors.join()).join('; ')}</p>}
        </form>
        <form action={pay} id="pay"><IdempotencyKey /><input name="item" /><button>pay</button></form>
      </>;
    }
  `,
  'app/still/page.tsx': 'import { OrderForm } from "../order/form"; export const revalidate = 3600; export default function Page() { return <OrderForm />; }\n',
  'app/thanks/page.tsx': 'export default async function Page({ searchParams }) { return <h1>Thanks for {(await searchParams).for}</h1>; }\n',
  'app/login/page.tsx': `import { LoginForm } from './form'; export const dynamic = 'force-dynamic'; export default function Page() { return <LoginForm />; }\n`,
  'app/login/form.tsx': `'use client';
    import { useActionState } from 'react';
    import { login } from '../actions';
    export function LoginForm() {
      const [state, action] = useActionState(login, null);
      return <form action={action}><input name="email" /><input name="password" /><button>sign in</button>
        <p id="state">{state === null ? 'none' : state.ok ? 'in as ' + state.data : state.code + ' ' + (state.retryAfter ?? '')}</p></form>;
    }
  `,
  'app/upload/page.tsx': `import { UploadForm } from './form'; import { plain } from '../actions'; export const dynamic = 'force-dynamic'; export default function Page() { return <><UploadForm /><form action={plain} id="plain"><input type="file" name="file" /><button>plain</button></form></>; }\n`,
  'app/upload/form.tsx': `'use client';
    import { useActionState } from 'react';
    import { small, upload } from '../actions';
    export function UploadForm() {
      const [state, action] = useActionState(upload, null);
      const [other, act] = useActionState(small, null);
      return <>
        <form action={action} id="upload"><input name="title" defaultValue="mine" /><input type="file" name="file" /><button>upload</button>
          <p id="state">{state === null ? 'none' : state.ok ? 'stored ' + state.data.size : state.code + ': ' + state.error}</p></form>
        <form action={act} id="small"><input type="file" name="file" /><button>small</button>
          <p id="other">{other === null ? 'none' : other.ok ? 'stored ' + other.data : other.code + ': ' + other.error}</p></form>
      </>;
    }
  `,
  'app/queue/page.tsx': `'use client';
    import { useState } from 'react';
    import Link from 'next/link';
    import { abandoned, beside, slow } from '../actions';
    export default function Page() {
      const [seen, see] = useState<string[]>([]);
      const both = (action: typeof slow) => { for (const n of [1, 2]) void action({ n }).then((result) => see((list) => [...list, result.ok ? String(result.data) : result.code])); };
      return <><button onClick={() => both(slow)}>slow</button><button onClick={() => both(beside)}>beside</button><button onClick={() => void abandoned()}>abandon</button><p id="seen">{seen.join(',')}</p><Link href="/thanks?for=leaving">leave</Link></>;
    }
  `,
  'app/feed/layout.tsx': 'export default function Layout({ children, modal }) { return <div>{children}<aside>{modal}</aside></div>; }\n',
  'app/feed/page.tsx': `import { open } from '../actions'; export const dynamic = 'force-dynamic'; export default function Page() { return <><h1>Feed</h1><form action={open}><button>open</button></form></>; }\n`,
  'app/feed/@modal/default.tsx': 'export default function Default() { return null; }\n',
  'app/feed/@modal/(.)photo/[id]/page.tsx': `import { touch } from '../../../../actions'; import { cookies } from 'next/headers'; export default async function Page({ params }) { return <><h2>Modal {(await params).id} {(await cookies()).get('touched')?.value}</h2><form action={touch}><button>touch</button></form></>; }\n`,
  'app/feed/photo/[id]/page.tsx': 'export default async function Page({ params }) { return <h2>Photo {(await params).id}</h2>; }\n',
  'app/rename/page.tsx': `import { rename } from '../actions'; export const dynamic = 'force-dynamic'; export default function Page() { return <form action={rename.bind(null, 'seven')}><input name="to" /><button>rename</button></form>; }\n`,
  'app/api/rename/[id]/route.ts': `import { toHandler } from 'ironside/actions'; import { rename } from '../../../actions'; export const POST = toHandler(rename, { args: async (_, { params }) => [(await params).id] });\n`,
  'app/api/teapot/page.tsx': `import { teapot, secret } from '../../actions'; export const dynamic = 'force-dynamic'; export default function Page() { return <><form action={teapot}><button>tea</button></form><form action={secret}><button>secret</button></form></>; }\n`,
};

let app, server, browser, ids;

/** Actions by name, as the build has them. */
async function actionIds(dir) {
  const { readFileSync } = await import('node:fs');
  const manifest = JSON.parse(readFileSync(join(dir, '.ironside/build/manifest.json'), 'utf8'));
  return Object.fromEntries(Object.entries(manifest.actions).map(([id, action]) => [action.name, { id, ...action }]));
}

before(async () => {
  app = folder(files);
  for (const name of ['zod', 'valibot']) symlinkSync(join(repository, 'node_modules', name), join(app.dir, 'node_modules', name));
  server = await serve(app.dir, { args: ['--workers', '2'], env: { LOG_FILE: join(app.dir, 'log.txt') } });
  ids = await actionIds(app.dir);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  app?.remove();
});

const log = async (start) => (await (await fetch(`${server.base}/log`)).json()).filter((line) => line.startsWith(start));
const call = (name, args, { path = '/order', headers = {} } = {}) =>
  fetch(server.base + path, { method: 'POST', headers: { 'next-action': ids[name].id, 'content-type': 'text/plain;charset=UTF-8', ...headers }, body: JSON.stringify(args) });

describe('an idempotency key', () => {
  test('lets a double click submit once', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/order`);
    await page.fill('#order [name=item]', 'double');
    await page.fill('#order [name="user.name"]', 'Ann');
    await page.waitForLoadState('networkidle');
    await page.dblclick('#order button');
    await page.locator('#done').waitFor();
    await page.waitForLoadState('networkidle');
    assert.equal(await page.textContent('#done'), 'double by Ann');
    assert.deepEqual(await log('order double'), ['order double']);
    assert.deepEqual(page.complaints, []);
    // And again on purpose: it is another key.
    await page.fill('#order [name=item]', 'double');
    await page.fill('#order [name="user.name"]', 'Ann');
    await page.click('#order button');
    await until(() => log('order double'), (lines) => lines.length === 2);
    await page.done();
  });

  test('runs once for fifty submissions at once, which all get the same answer and cookies', async () => {
    const args = [null, { item: 'fifty', user: { name: 'Bob' }, $idempotencyKey: 'fifty-0123456789abcdef' }];
    const answers = await Promise.all(Array.from({ length: 50 }, async () => {
      const answer = await call('order', args);
      return { status: answer.status, cookie: answer.headers.get('set-cookie'), revalidated: answer.headers.get('x-action-revalidated'), text: await answer.text() };
    }));
    assert.deepEqual(await log('order fifty'), ['order fifty']);
    for (const { status, cookie, revalidated, text } of answers) {
      assert.deepEqual([status, cookie, revalidated], [200, 'last=fifty; Path=/', '1']);
      assert.match(text, /"ok":true,"data":\{"item":"fifty","by":"Bob"\}/);
    }
    const other = await call('order', [null, { ...args[1], item: 'other' }]);
    assert.equal(other.status, 422);
    assert.match(await other.text(), /key_reused/);
  });

  test('is worth nothing to somebody else', async () => {
    const args = [null, { item: 'mine', user: { name: 'Ann' }, $idempotencyKey: 'mine-0123456789abcdef' }];
    for (const session of ['ann', 'ann', 'bob']) await (await call('order', args, { headers: { origin: server.base, cookie: `session=${session}` } })).text();
    assert.equal((await log('order mine')).length, 2);
  });

  test('works without JavaScript, with a redirect as answer', async () => {
    const page = await browser.page({ javaScript: false });
    await page.goto(`${server.base}/order`);
    const key = await page.locator('#pay [type=hidden][name$=Key]').first().inputValue();
    assert.match(key, /^[0-9a-f]{32}$/);
    const fields = await page.locator('#pay input').evaluateAll((inputs) => inputs.map((input) => [input.name, input.value]));
    const post = () => {
      const form = new FormData();
      for (const [name, value] of fields) form.append(name, name === 'item' ? 'book' : value);
      return fetch(`${server.base}/order`, { method: 'POST', body: form, redirect: 'manual' });
    };
    for (const answer of await Promise.all([post(), post(), post()])) assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/thanks?for=book']);
    assert.deepEqual(await log('pay book'), ['pay book']);
    await page.done();
  });

  test('is never the same for two visitors, also in a page that is', async () => {
    const keys = async () => Array.from((await (await fetch(`${server.base}/still`)).text()).matchAll(/name="\$idempotencyKey" value="([^"]*)"/g), ([, key]) => key).filter((key) => key !== '');
    const seen = [...await keys(), ...await keys(), ...await keys()];
    assert.equal(new Set(seen).size, seen.length);
    const page = await browser.page();
    await page.goto(`${server.base}/still`);
    await until(() => page.locator('#order [name="$idempotencyKey"]').inputValue(), (key) => /^[0-9a-f]{32}$/.test(key));
    await page.waitForLoadState('networkidle');
    assert.deepEqual(page.complaints, []);
    await page.done();
  });

  test('is kept when the client goes away before the answer: who comes again gets it', async () => {
    const body = JSON.stringify([null, { item: 'gone', user: { name: 'Ann' }, $idempotencyKey: 'gone-0123456789abcdef' }]);
    const request = http.request(`${server.base}/order`, { method: 'POST', headers: { 'next-action': ids.order.id, 'content-type': 'text/plain' } });
    request.on('error', () => undefined);
    request.end(body);
    await until(() => log('order gone'), (lines) => lines.length === 1);
    request.destroy();
    const again = await call('order', JSON.parse(body));
    assert.match(await again.text(), /"item":"gone"/);
    assert.deepEqual(await log('order gone'), ['order gone']);
  });
});

for (const javaScript of [true, false]) {
  describe(`a form ${javaScript ? 'with' : 'without'} JavaScript`, () => {
    test('shows what is wrong with its fields, and what was typed but for secrets', async () => {
      const page = await browser.page({ javaScript });
      await page.goto(`${server.base}/order`);
      if (javaScript) await page.waitForLoadState('networkidle');
      await page.fill('[name=item]', 'pen');
      await page.fill('[name="user.name"]', 'A');
      await page.fill('[name=password]', 'hunter2');
      const answered = page.waitForResponse((response) => response.request().method() === 'POST');
      await page.click('#order button');
      assert.equal((await answered).status(), 422);
      await page.locator('#error').waitFor();
      assert.equal(await page.textContent('#error'), 'invalid: user.name Too short');
      assert.equal(await page.inputValue('[name="user.name"]'), 'A');
      if (!javaScript) assert.equal(await page.inputValue('[name=password]'), '');
      assert.doesNotMatch(await page.content(), /hunter2/);
      await page.done();
    });

    test('shows that it was sent too often', async () => {
      const page = await browser.page({ javaScript });
      await page.goto(`${server.base}/login`);
      if (javaScript) await page.waitForLoadState('networkidle');
      const seen = [];
      for (let attempt = 0; attempt < 3; attempt++) {
        await page.fill('[name=email]', 'a@example.com');
        const answered = page.waitForResponse((response) => response.request().method() === 'POST');
        await page.click('button');
        const answer = await answered;
        seen.push(answer.status());
        if (answer.status() === 429) assert.ok(Number(answer.headers()['retry-after']) > 0);
      }
      assert.equal(seen.at(-1), 429);
      await until(() => page.textContent('#state'), (text) => /^rate_limited \d+$/.test(text));
      await page.done();
    });

    test('takes an upload of 900 KB and refuses one of 5 MB with a typed error', async () => {
      const page = await browser.page({ javaScript });
      const send = async (form, bytes) => {
        await page.goto(`${server.base}/upload`);
        if (javaScript) await page.waitForLoadState('networkidle');
        await page.setInputFiles(`#${form} [type=file]`, { name: 'file.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(bytes, 1) });
        const answered = page.waitForResponse((response) => response.request().method() === 'POST');
        await page.click(`#${form} button`);
        return (await answered).status();
      };
      assert.equal(await send('upload', 900_000), 200);
      await until(() => page.textContent('#state'), (text) => text === 'stored 900000');
      assert.equal(await send('upload', 1_900_000), 200);
      await until(() => page.textContent('#state'), (text) => text === 'stored 1900000');
      assert.equal(await send('upload', 5_000_000), 413);
      if (javaScript) await until(() => page.textContent('#state'), (text) => text === 'too_large: This is too large: at most 2 MB can be sent.');
      else assert.match(await page.textContent('body'), /too large/i);
      // The limit of other actions stays what it was.
      assert.equal(await send('small', 1_500_000), 413);
      if (javaScript) await until(() => page.textContent('#other'), (text) => text === 'too_large: This is too large: at most 1 MB can be sent.');
      const before = await log('plain');
      assert.equal(await send('plain', 1_500_000), 413);
      assert.deepEqual(await log('plain'), before);
      await page.done();
    });
  });
}

describe('actions in the browser', () => {
  test('run one after the other, and beside each other where they may', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/queue`);
    await page.waitForLoadState('networkidle');
    const before = (await log('')).length;
    await page.click('text=slow');
    await until(() => page.textContent('#seen'), (text) => text === '1,2');
    assert.deepEqual((await log('')).slice(before), ['start 1', 'end 1', 'start 2', 'end 2']);
    await page.click('text=beside');
    await until(() => page.textContent('#seen'), (text) => text.length === 7);
    assert.deepEqual((await log('')).slice(before + 4, before + 6).sort(), ['start 1', 'start 2']);
    await page.done();
  });

  test('are not lost by a navigation while they wait', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/queue`);
    await page.waitForLoadState('networkidle');
    const before = (await log('')).length;
    await page.click('text=slow');
    await page.click('text=leave');
    await page.getByRole('heading', { name: 'Thanks for leaving' }).waitFor();
    await until(async () => (await log('')).slice(before), (lines) => lines.length === 4);
    assert.deepEqual((await log('')).slice(before), ['start 1', 'end 1', 'start 2', 'end 2']);
    assert.deepEqual(page.complaints, []);
    await page.done();
  });

  test('learn by their signal that the client has gone', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/queue`);
    await page.waitForLoadState('networkidle');
    await page.click('text=abandon');
    await until(() => log('begun'), (lines) => lines.length === 1);
    await page.done();
    await until(() => log('aborted'), (lines) => lines.join() === 'aborted AbortError');
  });
});

describe('the answer of an action', () => {
  test('has the status and headers that it asks for, by fetch and by form', async () => {
    const byFetch = await call('teapot', [], { path: '/api/teapot' });
    assert.deepEqual([byFetch.status, byFetch.headers.get('x-tea')], [418, 'green']);
    assert.match(await byFetch.text(), /tea/);
    const form = new FormData();
    form.append(`$ACTION_ID_${ids.teapot.id}`, '');
    const byForm = await fetch(`${server.base}/api/teapot`, { method: 'POST', body: form });
    assert.deepEqual([byForm.status, byForm.headers.get('x-tea')], [418, 'green']);
    assert.match(byForm.headers.get('content-type'), /text\/html/);
  });

  test('is 401 for nobody', async () => {
    const nobody = await call('secret', [{}]);
    assert.equal(nobody.status, 401);
    assert.match(await nobody.text(), /"code":"unauthorized"/);
    const ann = await call('secret', [{}], { headers: { origin: server.base, cookie: 'session=ann' } });
    assert.equal(ann.status, 200);
    assert.match(await ann.text(), /"data":"ann"/);
  });

  test('is the same for a Route Handler made of the action', async () => {
    const send = (body) => fetch(`${server.base}/api/rename/7`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const good = await send({ to: 'x' });
    assert.deepEqual([good.status, await good.json()], [200, { ok: true, data: '7 x' }]);
    const bad = await send({});
    assert.deepEqual([bad.status, (await bad.json()).code], [422, 'invalid']);
  });
});

describe('a redirect of an action', () => {
  test('leads into a route that intercepts, as any other navigation does', async () => {
    const page = await browser.page();
    await page.goto(`${server.base}/feed`);
    await page.waitForLoadState('networkidle');
    await page.click('text=open');
    await page.getByRole('heading', { name: 'Modal 7' }).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Feed' }).count(), 1);
    assert.equal(new URL(page.url()).pathname, '/feed/photo/7');
    await page.click('text=touch');
    await page.getByRole('heading', { name: 'Modal 7 yes' }).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Feed' }).count(), 1);
    assert.deepEqual(page.complaints, []);
    await page.done();
  });

  test('is for a form without JavaScript a document of its own', async () => {
    const page = await browser.page({ javaScript: false });
    await page.goto(`${server.base}/feed`);
    await page.click('text=open');
    await page.getByRole('heading', { name: 'Photo 7' }).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Feed' }).count(), 0);
    await page.done();
  });
});

test('what an action was told is in the manifest', () => {
  assert.deepEqual([ids.upload.options.bodyLimit, ids.beside.options.concurrent, ids.plain.options], [2 * 1024 * 1024, true, undefined]);
});
