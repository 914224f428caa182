/** Server Actions from the posted body to the last byte of the answer, over the bundles of `render-fixture`. */
import { createFromReadableStream, createTemporaryReferenceSet, encodeReply, type TemporaryReferenceSet } from 'react-server-dom-webpack/client.browser';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ActionPayload, Payload } from '@ironside/client/payload.ts';
import { startWorker, type Answer, type JobInput, type Worker } from './render-support/client.ts';
import { addActions, addRoutes, type RouteName } from './render-support/routes.ts';

// Before React's client is loaded: the same build of it as the worker has, and client components that are of no interest.
vi.hoisted(() => {
  process.env['NODE_ENV'] = 'production';
  const component = () => null;
  const module = new Proxy({}, { get: () => component, getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: component }) });
  const loaded = Object.assign(Promise.resolve(module), { status: 'fulfilled', value: module });
  Object.assign(globalThis, { __webpack_require__: () => loaded, __webpack_chunk_load__: () => Promise.resolve() });
});

let worker: Worker;
let routes: Record<RouteName, number>;
let ids: ReturnType<typeof addActions>;

beforeAll(async () => {
  worker = await startWorker(({ manifest }) => {
    routes = addRoutes(manifest);
    ids = addActions(manifest);
  });
}, 60_000);
afterAll(() => worker.stop());

type Sent = { body: Uint8Array; headers: [string, string][] };

async function multipart(form: FormData): Promise<Sent> {
  const response = new Response(form);
  return { body: new Uint8Array(await response.arrayBuffer()), headers: [['content-type', response.headers.get('content-type') ?? '']] };
}

async function sent(args: unknown, temporaryReferences: TemporaryReferenceSet): Promise<Sent> {
  const reply = await encodeReply(args, { temporaryReferences });
  return typeof reply === 'string' ? { body: Buffer.from(reply), headers: [['content-type', 'text/plain;charset=UTF-8']] } : multipart(reply);
}

type Called = Answer & { references: TemporaryReferenceSet };

async function call(id: string, args: unknown, more: JobInput = {}): Promise<Called> {
  const references = createTemporaryReferenceSet();
  const answer = await worker.run({ kind: 'action', method: 'POST', variant: 'rsc', target: id, route: routes.form, path: '/form', ...(await sent(args, references)), ...more });
  return { ...answer, references };
}

async function resultOf({ text, references }: Called): Promise<unknown> {
  const body = new Response(text).body as ReadableStream<Uint8Array>;
  const payload = await createFromReadableStream<Payload | ActionPayload>(body, { callServer: () => Promise.reject(new Error('not here')), temporaryReferences: references });
  return payload.result;
}

describe('a call', () => {
  test('gives the arguments to the action and its result to the caller, and renders nothing', async () => {
    const args = ['text', -0, new Map([['a', 1]]), new Date(5), { deep: [undefined, 12n] }];
    const answer = await call(ids.echo, args);
    expect([answer.status, answer.header('content-type')]).toEqual([200, 'text/x-component']);
    expect(answer.header('x-action-revalidated')).toBeUndefined();
    expect(answer.text).not.toContain('"tree"');
    expect(await resultOf(answer)).toEqual(args);
  });

  test('brings forms whole, also as the tenth part and later', async () => {
    const form = new FormData();
    form.append('a', '1');
    form.append('a', '2');
    form.append('file', new File(['bytes'], 'ä.txt', { type: 'text/plain' }));
    const result = (await resultOf(await call(ids.echo, [...Array.from({ length: 12 }, (_, index) => new Set([index])), form]))) as unknown[];
    const received = result[12] as FormData;
    expect(received.getAll('a')).toEqual(['1', '2']);
    expect(await (received.get('file') as Blob).text()).toBe('bytes');
  });

  test('that throws is a 500 with a digest and nothing of what was thrown', async () => {
    const answer = await call(ids.fail, []);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(answer.reported).toEqual([{ message: 'secret text', place: 'action' }]);
    await expect(resultOf(answer)).rejects.toMatchObject({ digest: answer.error?.digest });
  });

  test('that changed something brings the result, the cookies and the page as it is now', async () => {
    const answer = await call(ids.login, ['ada']);
    expect([answer.status, answer.header('x-action-revalidated'), answer.header('set-cookie')]).toEqual([200, '1', 'user=ada; Path=/']);
    expect(answer.revalidated).toMatchObject([{ kind: 'path', value: '/' }]);
    expect(answer.text).toContain('user ada');
    expect(await resultOf(answer)).toBe('done');
  });

  test('that ends in notFound() is a 404 with the page', async () => {
    const answer = await call(ids.missing, []);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('"tree"');
    await expect(resultOf(answer)).rejects.toMatchObject({ digest: 'NEXT_HTTP_ERROR_FALLBACK;404' });
  });

  test('to a URL that nothing matches runs all the same, with status 404', async () => {
    const answer = await call(ids.echo, [1], { route: -1, path: '/nowhere' });
    expect(answer.status).toBe(404);
    expect(await resultOf(answer)).toEqual([1]);
  });

  test('is refused before anything runs: unknown and malformed ids, ids that nothing outside may call', async () => {
    const refused = async (id: string) => {
      const { status, text, header } = await call(id, []);
      return [status, text, header('x-nextjs-action-not-found')];
    };
    const unknown = [409, 'Server Action unavailable.', '1'];
    const malformed = [400, 'Invalid Server Action request.', '1'];
    expect(await refused('00'.repeat(21))).toEqual(unknown);
    expect(await refused(ids.hidden)).toEqual(unknown);
    expect(await refused(ids.echo.toUpperCase())).toEqual(unknown);
    expect(await refused('toString')).toEqual(malformed);
    expect((await call(ids.echo, [], { headers: [['content-type', 'application/x-www-form-urlencoded']] })).status).toBe(400);
  });

  test('with a body that is no list of arguments runs nothing and is told so without details', async () => {
    for (const body of ['', '5', 'null', '{"x":', '"text"', '{"length":1,"0":"x"}', '["$Q1"]', JSON.stringify(Array.from({ length: 1001 }, () => 0))]) {
      const { status, text, headers } = await call(ids.echo, [], { body, headers: [['content-type', 'text/plain']] });
      expect([body.slice(0, 9), status, Object.fromEntries(headers)['content-type']]).toEqual([body.slice(0, 9), 400, 'text/plain']);
      expect(text).not.toMatch(/SyntaxError|argument/);
    }
  });

  test('cannot reach other functions through references in its arguments', async () => {
    const smuggle = (id: string) => {
      const form = new FormData();
      form.append('1', JSON.stringify({ id, bound: null }));
      form.append('0', '["$h1"]');
      return multipart(form).then((parts) => call(ids.echo, [], parts));
    };
    expect((await smuggle(ids.fail)).status).toBe(200);
    expect((await smuggle(ids.hidden)).status).toBe(400);
    expect((await smuggle('__proto__')).status).toBe(400);
    const other = await smuggle(`${ids.echo}#secret`);
    expect(other.text).not.toContain('no function');
    const hidden = await smuggle(`${ids.echo}#hidden`);
    expect(hidden.text).not.toContain(ids.hidden);
  });
});

describe('a redirect of a call', () => {
  const page = () => ({ kind: 'page' as const, route: routes.home, params: [], path: '/', query: 'q=2' });

  test('brings the page that it leads to, made after what the action did', async () => {
    const answer = await call(ids.go, ['/?q=2'], { resolved: { '/?q=2': page() } });
    expect([answer.status, answer.header('x-action-redirect'), answer.header('content-type')]).toEqual([200, '/?q=2;push', 'text/x-component']);
    expect(answer.text).toContain('home 2');
  });

  test('takes ./ from the current path as a folder and other relative URLs as browsers do', async () => {
    const target = async (to: string) => (await call(ids.go, [to], { path: '/a/b', query: 'x=1' })).header('x-action-redirect');
    expect(await target('./sub')).toBe('/a/b/sub;push');
    expect(await target('../x')).toBe('/a/x;push');
    expect(await target('bare')).toBe('/a/bare;push');
    expect(await target('?a=1')).toBe('/a/b?a=1;push');
    expect(await target('#h')).toBe('/a/b?x=1#h;push');
  });

  test('out of the application is a header alone, which holds no more than one line', async () => {
    const answer = await call(ids.go, ['https://other.example/ä\r\nset-cookie: x']);
    expect([answer.status, answer.text, answer.header('content-type')]).toEqual([200, '', undefined]);
    expect(answer.header('x-action-redirect')).toBe('https://other.example/%C3%A4%0D%0Aset-cookie:%20x;push');
  });
});

describe('captured values', () => {
  const boxOf = async (): Promise<string> => {
    const { text } = await worker.run({ route: routes.form, path: '/form' });
    return /name="\$ACTION_\d+:2" value="&quot;([^&]+)&quot;"/.exec(text)?.[1] ?? '';
  };

  test('come back to their action and to no other, unread and unchanged', async () => {
    const box = await boxOf();
    expect(Buffer.from(box, 'base64').toString('latin1')).not.toContain('captured');
    expect(await resultOf(await call(ids.sealed, [box, '!']))).toBe('captured1!');
    expect(await boxOf()).not.toBe(box);
  });

  test('that are missing, plain or changed keep the action from running', async () => {
    const box = await boxOf();
    const changed = `${box.slice(0, 20)}${box[20] === 'A' ? 'B' : 'A'}${box.slice(21)}`;
    for (const first of [undefined, ['captured', 1], '', changed, box.slice(0, -8), null]) {
      const answer = await call(ids.sealed, [first, '!']);
      expect(answer.status).toBe(500);
      expect(answer.reported[0]?.message).toMatch(/captured/);
    }
  });
});

describe('captured values of another deployment', () => {
  test('do not open', async () => {
    const { text } = await worker.run({ route: routes.form, path: '/form' });
    const box = /name="\$ACTION_\d+:2" value="&quot;([^&]+)&quot;"/.exec(text)?.[1] ?? '';
    const answer = await call(ids.sealed, [box, '!'], { config: { deploymentId: 'another' } });
    await worker.run({ config: { deploymentId: null } });
    expect([answer.status, answer.reported[0]?.message]).toEqual([500, expect.stringMatching(/captured/)]);
    expect(await resultOf(await call(ids.sealed, [box, '!']))).toBe('captured1!');
  });
});

describe('a form without JavaScript', () => {
  /** The fields of a form of the page, as a browser would post them. */
  async function fieldsOf(index: number, page: 'form' | 'bound' = 'form'): Promise<FormData> {
    const { text } = await worker.run({ route: routes[page], path: `/${page}` });
    const form = new FormData();
    const html = text.split('<form')[index + 1]?.split('</form>')[0] ?? '';
    for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?\/>/g)) {
      form.append(name as string, (value ?? '').replaceAll('&quot;', '"'));
    }
    return form;
  }

  const post = async (form: FormData, more: JobInput = {}): Promise<Answer> =>
    worker.run({ kind: 'action', method: 'POST', target: '', route: routes.form, path: '/form', ...(await multipart(form)), ...more });

  const idForm = (id: string): FormData => {
    const form = new FormData();
    form.append(`$ACTION_ID_${id}`, '');
    return form;
  };

  test('shows the page again with the state of its own useActionState', async () => {
    const form = await fieldsOf(0);
    form.append('field', 'x');
    const { status, text } = await post(form);
    expect(status).toBe(200);
    expect(text).toContain('<b>state start+field</b>');
  });

  test.each([
    ['plain', 0, 3],
    ['twice', 1, 5],
    ['imported', 2, 3],
  ])('keeps the state of an action that a client component binds in each render: %s', async (name, index, count) => {
    const { status, text } = await post(await fieldsOf(index, 'bound'), { route: routes.bound, path: '/bound' });
    expect(status).toBe(200);
    expect(Array.from(text.matchAll(/<b>(\w+) (.*?)<\/b>/g), ([, form, state]) => [form, state])).toEqual(
      ['plain', 'twice', 'imported'].map((form) => [form, form === name ? `${count} arguments` : 'start']),
    );
  });

  test('gives its fields to the action under their own names, also such that look like those of React', async () => {
    const form = await fieldsOf(0);
    const names = ['_10_x', '_1_x', '__10_x', '_10_', 'x_11_y'];
    for (const name of names) form.append(name, '');
    expect((await post(form)).text).toContain(`<b>state start+${names.join(',')}</b>`);
  });

  test('runs an action with captured values', async () => {
    expect((await post(await fieldsOf(1))).status).toBe(200);
  });

  test('that redirects is a 303 with the location, below the base path', async () => {
    const form = idForm(ids.go);
    expect((await post(form)).status).toBe(500);
    const bound = new FormData();
    bound.append('$ACTION_REF_1', '');
    bound.append('$ACTION_1:0', JSON.stringify({ id: ids.go, bound: '$@1' }));
    bound.append('$ACTION_1:1', '["/done"]');
    const answer = await post(bound, { config: { basePath: '/docs' } });
    await worker.run({ config: { basePath: '' } });
    expect([answer.status, answer.header('location'), answer.text]).toEqual([303, '/docs/done', '']);
  });

  test('that ends in notFound() is a 404 with the not-found page', async () => {
    const { status, text } = await post(idForm(ids.missing));
    expect(status).toBe(404);
    expect(text).toContain('<h1>no such thing</h1>');
  });

  test('that throws is a 500 and tells nothing of the error', async () => {
    const { status, text } = await post(idForm(ids.fail));
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
  });

  test('sets cookies that the page of the same answer sees', async () => {
    const form = new FormData();
    form.append('$ACTION_REF_1', '');
    form.append('$ACTION_1:0', JSON.stringify({ id: ids.login, bound: '$@1' }));
    form.append('$ACTION_1:1', '["grace"]');
    const answer = await post(form);
    expect(answer.header('set-cookie')).toBe('user=grace; Path=/');
    expect(answer.text).toContain('user grace');
    expect(answer.header('x-action-revalidated')).toBeUndefined();
  });

  test('is refused without a marker, with a malformed one, with an unknown id and with a broken body', async () => {
    const status = async (form: FormData) => (await post(form)).status;
    const plain = new FormData();
    plain.append('field', 'x');
    expect(await status(plain)).toBe(400);
    expect(await status(idForm('x'))).toBe(400);
    expect(await status(idForm('00'.repeat(21)))).toBe(409);
    expect(await status(idForm(ids.hidden))).toBe(409);
    const reordered = new FormData();
    reordered.append('$ACTION_REF_1', '');
    reordered.append('$ACTION_1:0', JSON.stringify({ bound: null, id: ids.fail }));
    expect(await status(reordered)).toBe(400);
    const broken = await post(plain, { body: '--x\r\nContent-Disposition: form', headers: [['content-type', 'multipart/form-data; boundary=x']] });
    expect(broken.status).toBe(400);
  });

  test('that is urlencoded is no action: the page is shown', async () => {
    const answer = await post(new FormData(), { body: `%24ACTION_ID_${ids.fail}=`, headers: [['content-type', 'application/x-www-form-urlencoded']] });
    expect(answer.status).toBe(200);
    expect(answer.reported).toEqual([]);
    expect(answer.text).toContain('<b>state start</b>');
  });
});
