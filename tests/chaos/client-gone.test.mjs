// A client that leaves takes its work with it: the code that works for it hears of it, and nothing is left behind.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { until } from '../e2e/lib/browser.mjs';

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n';
const files = {
  'app/layout.tsx': layout,
  'app/page.tsx': 'export default () => <p>open</p>;\n',
  'lib/counts.ts': 'export const counts: Record<string, number> = ((globalThis as any).counts ??= { begun: 0, aborted: 0, cancelled: 0 });\n',
  'app/counts/route.ts': "import { counts } from '../../lib/counts';\nexport const dynamic = 'force-dynamic';\nexport const GET = () => Response.json(counts);\n",
  'app/events/route.ts': `import { counts } from '../../lib/counts';
export function GET(request: Request) {
  counts.begun! += 1;
  request.signal.addEventListener('abort', () => { counts.aborted! += 1; });
  let timer: ReturnType<typeof setInterval>;
  const body = new ReadableStream({
    start(controller) { timer = setInterval(() => controller.enqueue(new TextEncoder().encode('data: tick\\n\\n')), 20); },
    cancel() { clearInterval(timer); counts.cancelled! += 1; },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
`,
};

describe('a client that leaves', () => {
  let app, server;
  const counts = async () => (await fetch(`${server.base}/counts`)).json();
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  test('P6 an event stream whose reader is gone is aborted and cancelled, each one once', async () => {
    const gone = 20;
    for (let at = 0; at < gone; at += 1) {
      const leaving = new AbortController();
      const answer = await fetch(`${server.base}/events`, { signal: leaving.signal });
      await answer.body.getReader().read();
      leaving.abort();
    }
    assert.deepEqual(await until(counts, ({ aborted, cancelled }) => aborted >= gone && cancelled >= gone), { begun: gone, aborted: gone, cancelled: gone });
  });
});
