// The load that goes on while a fault is injected: requests at an even pace, whatever the answers take, each one checked: its
// status, its length and its bytes. What a client would call broken is collected; the fault's own victims are not part of it.
import { createHash } from 'node:crypto';
import http from 'node:http';

const steady = Array.from({ length: 400 }, (_, at) => `line ${at}: the quick brown fox jumps over the lazy dog\n`).join('');

/** Files that the load asks for; a test adds its own. */
export const loadFiles = {
  'app/layout.tsx': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default () => <p>home sweet home</p>;\n',
  'app/steady/route.ts': `const text = Array.from({ length: 400 }, (_, at) => \`line \${at}: the quick brown fox jumps over the lazy dog\\n\`).join('');
export const dynamic = 'force-dynamic';
export function GET() {
  let at = 0;
  return new Response(new ReadableStream({ async pull(controller) {
    if (at >= text.length) return controller.close();
    controller.enqueue(new TextEncoder().encode(text.slice(at, at + 4000)));
    at += 4000;
    await new Promise((resolve) => setImmediate(resolve));
  } }));
}
export const POST = async (request: Request) => new Response(await request.arrayBuffer());
`,
  'app/number/[n]/page.tsx': "export const dynamic = 'force-dynamic';\nexport default async ({ params }) => <p>number {(await params).n}!</p>;\n",
  'public/static.txt': steady,
};

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Begins; `stop()` ends it and tells `{ asked, wrong }`. */
export function baseLoad(base, { perSecond = 40 } = {}) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const wrong = [];
  const underWay = new Set();
  let asked = 0;
  const body = Buffer.from(steady.slice(0, 9_000));
  const kinds = [
    { path: () => '/steady', good: (bytes) => hash(bytes) === hash(steady) },
    { path: () => '/static.txt', good: (bytes) => hash(bytes) === hash(steady) },
    { path: (at) => `/number/${at}`, good: (bytes, at) => bytes.includes(`number <!-- -->${at}<!-- -->!`) && bytes.includes('</html>') },
    { path: () => '/steady', method: 'POST', body, good: (bytes) => hash(bytes) === hash(body) },
    { path: () => '/', good: (bytes) => bytes.includes('home sweet home') && bytes.includes('</html>') },
  ];
  function ask(at) {
    const kind = kinds[at % kinds.length];
    return new Promise((resolve) => {
      const tell = (what) => { wrong.push(`${kind.method ?? 'GET'} ${kind.path(at)}: ${what}`); resolve(); };
      const request = http.request(base + kind.path(at), { agent, method: kind.method ?? 'GET' }, (answer) => {
        const pieces = [];
        answer.on('data', (piece) => pieces.push(piece));
        answer.on('aborted', () => tell('broken off'));
        answer.on('end', () => {
          const bytes = Buffer.concat(pieces);
          if (answer.statusCode !== 200) return tell(`status ${answer.statusCode}: ${String(bytes).slice(0, 200)}`);
          if (!answer.complete || !kind.good(bytes, at)) return tell(`wrong body of ${bytes.length} bytes`);
          resolve();
        });
      });
      request.setTimeout(20_000, () => { request.destroy(); tell('no answer in 20 s'); });
      request.on('error', (error) => tell(error.code ?? error.message));
      request.end(kind.body);
    });
  }
  const timer = setInterval(() => {
    const done = ask(asked++).finally(() => underWay.delete(done));
    underWay.add(done);
  }, 1_000 / perSecond);
  async function stop() {
    clearInterval(timer);
    await Promise.all(underWay);
    agent.destroy();
    return { asked, wrong };
  }
  return { stop };
}
