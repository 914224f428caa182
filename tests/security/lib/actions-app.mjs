// An application with actions that attacks are aimed at, served by a single worker, and ways to write bodies that no browser would.
// `attack` sends one while a handler in the same worker is asked for: it has to be refused, the handler has to answer, and the worker
// must have been given nothing but that handler's job.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { folder, serve } from '../../e2e/lib/application.mjs';

export const SECRET = 'planted-secret-5e1f';

const files = {
  'app/layout.tsx': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': "import Calls from './calls';\nexport const dynamic = 'force-dynamic';\nexport default () => <Calls />;\n",
  'app/other/page.tsx': "export const dynamic = 'force-dynamic';\nexport default () => <p>other</p>;\n",
  'app/slow/page.tsx': "import Calls from '../calls';\nexport const dynamic = 'force-dynamic';\nexport const maxDuration = 1;\nexport default () => <Calls />;\n",
  'app/admin/page.tsx': "import Admin from './admin';\nexport const dynamic = 'force-dynamic';\nexport default () => <Admin />;\n",
  'app/admin/admin.tsx': "'use client';\nimport { drop } from './actions';\nexport default () => <button onClick={() => void drop()}>drop</button>;\n",
  'app/admin/actions.ts': "'use server';\nexport async function drop() { return 'dropped'; }\n",
  'app/form/page.tsx': "import { save } from '../actions';\nexport const dynamic = 'force-dynamic';\nexport default () => <form action={save}><input name=\"title\" /></form>;\n",
  'app/calls.tsx': "'use client';\nimport { echo, tell, go, hang } from './actions';\nexport default () => <button onClick={() => { void echo(); void tell(echo); void go(); void hang(); }}>call</button>;\n",
  'app/actions.ts': `'use server';
import { redirect } from 'next/navigation';
const seen = globalThis as unknown as { saved?: number; aborted?: number };
export async function echo(...args: unknown[]) { return args.length; }
export async function tell(it: unknown) { const secret = '${SECRET}'; return secret.length > 0 ? [String(it), \`\${it}\`, JSON.stringify(it) ?? '', Object.prototype.toString.call(it), String((it as object)?.toString)] : []; }
export async function go() { redirect('/other'); }
export async function hang() { await new Promise(() => undefined); }
export async function save(form: FormData) { seen.saved = (seen.saved ?? 0) + 1; return String(form.get('title')); }
export async function unused() { return '${SECRET}'; }
`,
  'app/ping/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => Response.json({ saved: (globalThis as unknown as { saved?: number }).saved ?? 0 });\n",
};

const BOUNDARY = '----WebKitFormBoundary0123456789abcdef';
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

/** A multipart body of [name, text] pairs; a third item makes a file of it. */
export function multipart(fields) {
  const parts = fields.map(([name, text, file]) => {
    const more = file ? '; filename="blob"\r\nContent-Type: application/octet-stream' : '';
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${text}\r\n`;
  });
  return `${parts.join('')}--${BOUNDARY}--\r\n`;
}

export async function start({ env, args = [], toml, more = {} } = {}) {
  const app = folder({ ...files, ...(toml ? { 'ironside.toml': toml } : {}), ...more });
  const server = await serve(app.dir, { args: ['--workers', '1', '--admin', ...args], env }).catch((error) => {
    app.remove();
    throw error;
  });
  const manifest = JSON.parse(readFileSync(join(app.dir, '.ironside/build/manifest.json'), 'utf8'));
  const ids = Object.fromEntries(Object.entries(manifest.actions).map(([id, action]) => [action.name, id]));
  const canary = join(app.dir, 'canary');

  /** Sends a request without a browser's or fetch's rules; gives status, headers and text. */
  function send({ path = '/', method = 'POST', headers = {}, body = '', timeout = 20_000 }) {
    return new Promise((resolve, reject) => {
      const sent = request({ host: 'localhost', port: server.port, path, method, headers, timeout, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer in ${timeout} ms`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** How many jobs workers were given so far. */
  function jobs() {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: join(app.dir, '.ironside', 'admin.sock'), path: '/metrics', agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => (text += piece));
        response.on('end', () => resolve(Number(/^ironside_jobs_total (\d+)$/m.exec(text)?.[1])));
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  /** Does what must not give a worker more jobs than `expected`. */
  async function givesJobs(expected, run) {
    const before = await jobs();
    const result = await run();
    assert.equal((await jobs()) - before, expected, 'jobs that the worker was given');
    return result;
  }

  const call = (id, body, { type = 'text/plain;charset=UTF-8', headers = {}, path = '/' } = {}) =>
    send({ path, headers: { 'next-action': id, 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers }, body });

  async function ping() {
    const answer = await send({ path: '/ping', method: 'GET', timeout: 10_000 });
    assert.equal(answer.status, 200);
    return JSON.parse(answer.text);
  }

  /** Sends a body that has to be refused; meanwhile and afterwards the worker answers, and no file has been written. */
  async function attack(body, { type, id = ids.echo, path, headers, statuses = [400, 413] } = {}) {
    const fields = Array.isArray(body);
    const before = await jobs();
    const [answer] = await Promise.all([
      call(id, fields ? multipart(body) : body, { type: type ?? (fields ? MULTIPART : undefined), path, headers }),
      ping(),
    ]);
    const given = (await jobs()) - before;
    const said = JSON.stringify(body).slice(0, 400);
    assert.ok(statuses.includes(answer.status), `${answer.status} for ${said}`);
    if (!statuses.includes(200)) assert.equal(given, 1, `the worker was given more than the ping, with ${said}`);
    assert.doesNotMatch(answer.text, new RegExp(SECRET));
    assert.ok(!existsSync(canary), `a file was written by ${said}`);
    return answer;
  }

  /** The server lives, the worker is the one it was at the beginning, and actions run. */
  async function unharmed() {
    await ping();
    assert.equal((await call(ids.echo, '[1,2]')).status, 200);
    assert.equal(server.child.exitCode, null);
  }

  async function stop() {
    await server.stop();
    app.remove();
  }
  return { server, ids, canary, send, call, ping, attack, givesJobs, unharmed, stop, dir: app.dir };
}
