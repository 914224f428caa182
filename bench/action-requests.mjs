// Requests that run Server Actions. Ids and fields differ from server to server, so they are taken from what each one serves.

/** The text at a URL. A second time where the first met a connection that the server was about to close. */
async function textOf(url) {
  const ask = async () => (await fetch(url)).text();
  return ask().catch(ask);
}

/** Fields of the form on a page, as a browser without JavaScript would post them. */
export async function formPost(base, page) {
  const html = await textOf(base + page);
  const form = new FormData();
  const inside = html.match(/<form[^>]*>([\s\S]*?)<\/form>/)?.[1] ?? '';
  for (const [, attributes] of inside.matchAll(/<input([^>]*)>/g)) {
    const name = attributes.match(/name="([^"]*)"/)?.[1];
    if (name) form.set(name, attributes.match(/value="([^"]*)"/)?.[1] ?? '');
  }
  form.set('name', 'bench');
  form.set('qty', '1');
  const request = new Request(base, { method: 'POST', body: form });
  const body = Buffer.from(await request.arrayBuffer());
  return { method: 'POST', body, headers: { 'content-type': request.headers.get('content-type'), origin: new URL(base).origin } };
}

/** What a client sends that calls the action `name`, which a component of `page` imports, with some arguments. */
export async function fetchCall(base, page, name, args) {
  const headers = { accept: 'text/x-component', 'content-type': 'text/plain;charset=UTF-8', origin: new URL(base).origin };
  return { method: 'POST', body: Buffer.from(JSON.stringify(args)), headers: { ...headers, 'next-action': await actionId(base, page, name) } };
}

/** Both compilers leave a call with an id and the action's name in it in the browser's code. */
async function actionId(base, page, name) {
  const named = new RegExp(`["'\`]([0-9a-f]{42})["'\`][^;]{0,160}?["'\`]${name}["'\`]`);
  const seen = new Set();
  const todo = [page];
  while (todo.length > 0) {
    const path = todo.pop();
    if (seen.has(path)) continue;
    seen.add(path);
    const text = await textOf(base + path);
    const id = text.match(named)?.[1];
    if (id) return id;
    for (const [found] of text.matchAll(/\/_next\/static\/[\w./~-]+\.js|(?<=["'`])\.\/[\w./~-]+\.js/g)) todo.push(new URL(found, base + path).pathname);
  }
  throw new Error(`no script of ${base}${page} calls ${name} (${seen.size} files)`);
}
