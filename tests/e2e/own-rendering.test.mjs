// A client component that renders something with React itself, as mails are made: what it writes and the documents around it stay apart.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from './lib/application.mjs';

const files = {
  'app/layout.tsx': 'export default function Layout({ children }: { children: React.ReactNode }) { return <html lang="en"><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export const dynamic = "force-dynamic";\nexport default function Page() { return <main>{"plain ä€😀 ".repeat(2000)}<b>end</b></main>; }\n',
  'app/mail/page.tsx': "import Mail from './mail';\nexport const dynamic = 'force-dynamic';\nexport default () => <Mail />;\n",
  'app/mail/mail.tsx': `'use client';
import * as server from 'react-dom/server';
type Streams = { renderToPipeableStream?: (element: React.ReactNode, options: { onShellReady(): void }) => { pipe(to: object): void } };
export default function Mail() {
  const made = globalThis as { mails?: string[] };
  let text = '';
  const out = {
    write: (chunk: string | Uint8Array) => ((text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)), true),
    end: () => void (made.mails ??= []).push(text),
    on: () => {},
    destroy: () => {},
  };
  if (typeof window === 'undefined') {
    const { pipe } = (server as Streams).renderToPipeableStream!(<p className="mail">{'secret ß '.repeat(50)}</p>, { onShellReady: () => pipe(out) });
  }
  return <main>{server.renderToStaticMarkup(<i>inside</i>).length}</main>;
}
`,
  'app/mails/route.ts': 'export const dynamic = "force-dynamic";\nexport const GET = () => Response.json((globalThis as { mails?: string[] }).mails ?? []);\n',
};

describe('a client component that renders something itself', () => {
  let app, server;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  test('gets what it rendered, and documents beside it get none of it', async () => {
    const ask = async (path) => (await fetch(server.base + path)).text();
    const [mail, ...plain] = await Promise.all([ask('/mail'), ...Array.from({ length: 8 }, () => ask('/'))]);
    assert.match(mail, /<main>13<\/main>/);
    for (const html of [mail, ...plain]) assert.doesNotMatch(html.replace(/<script[^]*?<\/script>/g, ''), /secret/);
    for (const html of plain) assert.ok(html.includes(`<main>${'plain ä€😀 '.repeat(2000)}<b>end</b></main>`));
    assert.ok(plain.every((html) => html.endsWith('</body></html>')));
    await ask('/mail');
    assert.deepEqual(JSON.parse(await ask('/mails')), Array(2).fill(`<p class="mail">${'secret ß '.repeat(50)}</p>`));
  });
});
