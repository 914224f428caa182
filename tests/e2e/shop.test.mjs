// The example application as its users see it: in a browser with and without JavaScript, and over HTTP.
// BASE_URL points the tests at a server that runs already (with a fresh database), such as `next start`.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { example, repository, serve } from './lib/application.mjs';
import { launch, until } from './lib/browser.mjs';

const { default: Stripe } = await import(createRequire(join(repository, 'examples/shop/package.json')).resolve('stripe'));
let server, app, browser, base;

before(async () => {
  if (process.env.BASE_URL) {
    base = process.env.BASE_URL;
  } else {
    app = example('shop');
    // Two workers, one database process.
    server = await serve(app.dir, { args: ['--workers', '2'], env: { SHOP_DB_IDLE_MS: '2000' } });
    base = server.base;
  }
  // The first request starts the database, which takes some seconds on a cold machine.
  await until(async () => (await fetch(`${base}/api/health`)).status, (status) => status === 200, { timeout: 60_000 });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  app?.remove();
});

async function signIn(page, name = 'ada') {
  await page.goto(`${base}/sign-in`);
  await page.getByLabel('E-mail address').fill(`${name}@example.com`);
  await page.getByLabel('Password').fill('widgets');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/o\//);
}

/** A session for requests without a browser. */
async function session(name) {
  const page = await browser.page({ javaScript: false });
  await signIn(page, name);
  const cookies = await page.context().cookies();
  await page.done();
  return cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
}

const sku = () => `T-${randomUUID().slice(0, 8).toUpperCase()}`;

async function add(page, code, { name = `Widget ${code}`, stock = '5' } = {}) {
  const form = page.getByRole('form', { name: 'New widget' });
  await form.getByLabel('SKU').fill(code);
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('Stock').fill(stock);
  await form.getByRole('button', { name: 'Add widget' }).click();
}

for (const javaScript of [true, false]) {
  describe(`in a browser ${javaScript ? 'with' : 'without'} JavaScript`, () => {
    test('a wrong password is refused with one message and the form stays', async () => {
      const page = await browser.page({ javaScript });
      await page.goto(`${base}/sign-in`);
      await page.getByLabel('E-mail address').fill('ada@example.com');
      await page.getByLabel('Password').fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('E-mail address and password do not match.').waitFor();
      assert.equal(new URL(page.url()).pathname, '/sign-in');
      await page.done();
    });

    test('signing in shows the organisation, signing out ends it', async () => {
      const page = await browser.page({ javaScript });
      await signIn(page);
      assert.equal(new URL(page.url()).pathname, '/o/acme');
      await page.getByText('Sprocket, brass').waitFor();
      await page.getByRole('button', { name: /Sign out/ }).click();
      await page.getByRole('heading', { name: 'Know what is on the shelf.' }).waitFor();
      await page.goto(`${base}/o/acme`);
      await page.waitForURL(/sign-in/);
      await page.done();
    });

    test('a widget that is entered wrongly shows its errors beside the fields and keeps what was entered', async () => {
      const page = await browser.page({ javaScript });
      await signIn(page);
      await add(page, '??', { name: 'x', stock: '-1' });
      const form = page.getByRole('form', { name: 'New widget' });
      await form.locator('#sku-error').waitFor();
      assert.match(await form.locator('#sku-error').textContent(), /at least 3 characters/);
      assert.match(await form.locator('#stock-error').textContent(), /not below 0/);
      assert.equal(await form.getByLabel('SKU').inputValue(), '??');
      await page.done();
    });

    test('a widget is added, reserved and deleted', async () => {
      const page = await browser.page({ javaScript });
      await signIn(page);
      const code = sku();
      await add(page, code);
      const row = page.locator(`[data-sku="${code}"][data-pending="false"]`);
      await row.waitFor();
      assert.match(await row.textContent(), /5 in stock/);
      await row.getByRole('link').click();
      await page.getByTestId('stock').waitFor();
      const quantity = page.getByLabel('Quantity');
      await quantity.fill('2');
      await page.getByRole('button', { name: 'Reserve' }).click();
      await page.getByText('Reserved. 3 left.').waitFor();
      assert.equal(await page.getByTestId('stock').textContent(), '3');
      await quantity.fill('9');
      await page.getByRole('button', { name: 'Reserve' }).click();
      await page.getByText('There are not that many left.').waitFor();
      await page.getByRole('button', { name: 'Delete this widget' }).click();
      await page.waitForURL(/\/o\/acme$/);
      await page.getByText('Sprocket, brass').waitFor();
      assert.equal(await page.locator(`[data-sku="${code}"]`).count(), 0);
      await page.done();
    });

    test('a member may not delete what somebody else made', async () => {
      const page = await browser.page({ javaScript });
      await signIn(page, 'grace');
      await page.getByText('Sprocket, brass').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Delete' }).count(), 0);
      await page.done();
    });

    test('an organisation of others is a 404', async () => {
      const page = await browser.page({ javaScript });
      await signIn(page, 'grace');
      const answer = await page.goto(`${base}/o/globex`);
      assert.equal(answer.status(), 404);
      // Next sends an empty body here, which only its scripts fill.
      if (javaScript || !process.env.BASE_URL) await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
      await page.done();
    });
  });
}

test('nothing is complained about while the application is used', async () => {
  const page = await browser.page();
  await signIn(page);
  await page.getByRole('link', { name: 'Members' }).click();
  await page.getByText('grace@example.com').waitFor();
  await page.getByRole('link', { name: 'Widgets', exact: true }).click();
  await page.getByText('Sprocket, brass').waitFor();
  await page.goBack();
  await page.getByText('grace@example.com').waitFor();
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test('a new widget is in the list before the server has answered, and the button says so', async () => {
  const page = await browser.page();
  await signIn(page);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/*', async (route) => {
    if (route.request().method() === 'POST') await held;
    await route.continue();
  });
  const code = sku();
  await add(page, code);
  await page.locator(`[data-sku="${code}"][data-pending="true"]`).waitFor();
  await page.getByRole('button', { name: 'Adding …' }).waitFor();
  release();
  await page.locator(`[data-sku="${code}"][data-pending="false"]`).waitFor();
  await page.done();
});

test('going from page to page keeps the layout and loads no new document', async () => {
  const page = await browser.page();
  await signIn(page);
  await page.evaluate(() => (window.mark = 1));
  await page.getByRole('link', { name: 'Members' }).click();
  await page.getByText('grace@example.com').waitFor();
  assert.equal(await page.evaluate(() => window.mark), 1);
  await page.done();
});

describe('over HTTP', () => {
  const api = (path, { cookie, ...init } = {}) => fetch(base + path, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } });

  test('the API has one shape for errors, with a fitting status', async () => {
    const unauthenticated = await api('/api/widgets?org=acme');
    assert.equal(unauthenticated.status, 401);
    assert.deepEqual(await unauthenticated.json(), { ok: false, code: 'unauthenticated', error: 'Please sign in.' });
    const cookie = await session('ada');
    const invalid = await api('/api/widgets?org=acme', { cookie, method: 'POST', body: JSON.stringify({ sku: 'x' }) });
    assert.equal(invalid.status, 422);
    assert.deepEqual(Object.keys((await invalid.json()).fieldErrors).sort(), ['name', 'priceCents', 'sku', 'stock']);
    assert.equal((await api('/api/widgets?org=globex', { cookie })).status, 404);
    const broken = await api('/api/widgets?org=acme', { cookie, method: 'POST', body: '{' });
    assert.equal(broken.status, 422);
  });

  test('widgets are made, read and deleted; only by who may', async () => {
    const [ada, grace] = [await session('ada'), await session('grace')];
    const code = sku();
    const made = await api('/api/widgets?org=acme', { cookie: ada, method: 'POST', body: JSON.stringify({ sku: code, name: 'By API', priceCents: 5, stock: 1 }) });
    assert.equal(made.status, 201);
    const { data } = await made.json();
    const again = await api('/api/widgets?org=acme', { cookie: ada, method: 'POST', body: JSON.stringify({ sku: code, name: 'By API', priceCents: 5, stock: 1 }) });
    assert.equal(again.status, 409);
    const listed = await (await api('/api/widgets?org=acme', { cookie: grace })).json();
    assert.ok(listed.data.some((widget) => widget.sku === code));
    assert.equal((await (await api(`/api/widgets/${data.id}?org=acme`, { cookie: grace })).json()).data.stock, 1);
    assert.equal((await api(`/api/widgets/${data.id}?org=acme`, { cookie: grace, method: 'DELETE' })).status, 403);
    assert.equal((await api(`/api/widgets/${data.id}?org=acme`, { cookie: ada, method: 'DELETE' })).status, 204);
    assert.equal((await api(`/api/widgets/${data.id}?org=acme`, { cookie: ada })).status, 404);
  });

  test('twenty reservations at once never sell more than there is', async () => {
    const cookie = await session('ada');
    const page = await browser.page();
    await signIn(page);
    const code = sku();
    await add(page, code, { stock: '7' });
    await page.locator(`[data-sku="${code}"][data-pending="false"]`).getByRole('link').click();
    await page.getByTestId('stock').waitFor();
    const id = new URL(page.url()).pathname.split('/').pop();
    const tabs = await Promise.all(Array.from({ length: 5 }, async () => {
      const tab = await page.context().newPage();
      await tab.goto(page.url());
      return tab;
    }));
    await Promise.all(tabs.map(async (tab) => {
      await tab.getByLabel('Quantity').fill('3');
      await tab.getByRole('button', { name: 'Reserve' }).click();
      await tab.getByText(/Reserved\.|not that many/).waitFor();
    }));
    assert.equal((await (await api(`/api/widgets/${id}?org=acme`, { cookie })).json()).data.stock, 1);
    await page.done();
  });

  test('a Stripe event is taken when its signature is right, and refused when a byte differs', async () => {
    const payload = JSON.stringify({ id: `evt_${randomUUID()}`, object: 'event', type: 'payment_intent.succeeded', data: { object: { note: 'ünïcödé' } } });
    const header = new Stripe('sk_test_x').webhooks.generateTestHeaderString({ payload, secret: 'whsec_example' });
    const post = (body) => api('/api/webhooks/stripe', { method: 'POST', body, headers: { 'stripe-signature': header, 'content-type': 'application/json' } });
    const taken = await post(payload);
    assert.equal(taken.status, 200);
    assert.deepEqual(await taken.json(), { ok: true, received: 'payment_intent.succeeded', duplicate: false });
    assert.equal((await (await post(payload)).json()).duplicate, true);
    assert.equal((await post(payload.replace('ü', 'u'))).status, 400);
    assert.equal((await api('/api/webhooks/stripe', { method: 'POST', body: payload })).status, 400);
  });

  test('a delivery by webhook shows in the cached stock at once', async () => {
    const cookie = await session('ada');
    const { data } = await (await api('/api/widgets?org=acme', { cookie })).json();
    const { id } = data.find((widget) => widget.sku === 'GRM-200');
    const stock = async () => (await (await api(`/api/widgets/${id}?org=acme`, { cookie })).json()).data.stock;
    const before = await stock();
    const body = JSON.stringify({ id: randomUUID(), org: 'acme', sku: 'GRM-200', quantity: 11 });
    const sign = (text) => createHmac('sha256', 'inventory-example').update(text).digest('hex');
    const deliver = (signature) => api('/api/webhooks/inventory', { method: 'POST', body, headers: { 'x-signature': signature } });
    assert.equal((await deliver(sign('something else'))).status, 401);
    assert.equal((await deliver(sign(body))).status, 200);
    for (let i = 0; i < 4; i++) assert.equal(await stock(), before + 11);
    assert.equal((await (await deliver(sign(body))).json()).data.duplicate, true);
    assert.equal(await stock(), before + 11);
  });

  test('the event stream begins at once and ends with its client', async () => {
    const cookie = await session('ada');
    assert.equal((await api('/api/events')).status, 401);
    const abort = new AbortController();
    const stream = await api('/api/events', { cookie, signal: abort.signal });
    assert.equal(stream.headers.get('content-type'), 'text/event-stream');
    const { value } = await stream.body.getReader().read();
    assert.match(new TextDecoder().decode(value), /connected/);
    abort.abort();
  });

  test('health, llms.txt and the sitemap', async () => {
    assert.deepEqual(await (await api('/api/health')).json(), { ok: true });
    const llms = await api('/llms.txt');
    assert.match(llms.headers.get('content-type'), /^text\/plain/);
    assert.match(await llms.text(), /^# Widget Works/);
    const sitemap = await api('/sitemap.xml');
    assert.match(sitemap.headers.get('content-type'), /xml/);
    assert.match(await sitemap.text(), /<loc>http:\/\/localhost:3000\/sign-in<\/loc>/);
  });
});

test('a worker that is killed is replaced, and nobody but its own requests notices', { skip: Boolean(process.env.BASE_URL) }, async () => {
  const { execFileSync } = await import('node:child_process');
  const workers = () => execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(server.pid)], { encoding: 'utf8' }).trim().split('\n').filter((line) => line.includes('worker'));
  assert.equal(workers().length, 2);
  process.kill(Number(workers()[0].trim().split(/\s+/)[0]), 'SIGKILL');
  for (let i = 0; i < 20; i++) assert.equal((await fetch(`${base}/llms.txt`)).status, 200);
  await until(async () => workers().length, (count) => count === 2);
});
