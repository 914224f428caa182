// What is measured: one row per kind of request. `check` looks at one answer before anything is timed.
const has = (...marks) => ({ status, text }) => status === 200 && marks.every((mark) => text.includes(mark));

/** Fields of a form on a page, as a browser without JavaScript would post them. */
async function formBody(base, page) {
  const html = await (await fetch(base + page)).text();
  const form = new FormData();
  const inside = html.match(/<form[^>]*>([\s\S]*?)<\/form>/)?.[1] ?? '';
  for (const [, attributes] of inside.matchAll(/<input([^>]*)>/g)) {
    const name = attributes.match(/name="([^"]*)"/)?.[1];
    if (name) form.set(name, attributes.match(/value="([^"]*)"/)?.[1] ?? '');
  }
  form.set('name', 'bench');
  form.set('qty', '1');
  const request = new Request(base, { method: 'POST', body: form });
  return { body: Buffer.from(await request.arrayBuffer()), type: request.headers.get('content-type') };
}

export const rows = [
  { name: 'dynamic page, 100 rows', path: '/products', check: has('<table', 'Widgets:') },
  { name: 'dynamic page, light', path: '/light', check: has('<section') },
  { name: 'static page', path: '/static', check: has('Static page') },
  { name: 'page with revalidate', path: '/isr', check: has('ISR page', 'Stamp:') },
  { name: 'JSON handler', path: '/api/health', check: has('"ok":true') },
  { name: 'asset of 100 KB', path: '/asset-100k.js', check: ({ status, text }) => status === 200 && text.length === 102400 },
  {
    name: 'form post without JavaScript, 100 rows',
    path: '/products',
    check: has('<table', 'Widgets:'),
    async request(base) {
      const { body, type } = await formBody(base, '/products');
      return { method: 'POST', body, headers: { 'content-type': type, origin: new URL(base).origin } };
    },
  },
];
