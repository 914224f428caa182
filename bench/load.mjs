// Load on one server: `wrk` for a few seconds, and what the server's processes used meanwhile.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The process and everything below it. */
function tree(pid) {
  const parents = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      parents.set(Number(entry), Number(fields[1]));
    } catch {}
  }
  const found = [pid];
  for (let i = 0; i < found.length; i++) for (const [child, parent] of parents) if (parent === found[i]) found.push(child);
  return found;
}

/** CPU seconds (user and system) so far: of the process itself, and of everything below it. */
export function cpuSeconds(pid) {
  const used = { own: 0, below: 0 };
  for (const one of tree(pid)) {
    try {
      const fields = readFileSync(`/proc/${one}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      used[one === pid ? 'own' : 'below'] += (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {}
  }
  return used;
}

/** Resident memory of the process tree in MB. */
export function residentMegabytes(pid) {
  let kilobytes = 0;
  for (const one of tree(pid)) {
    try {
      kilobytes += Number(readFileSync(`/proc/${one}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)?.[1] ?? 0);
    } catch {}
  }
  return kilobytes / 1024;
}

/** Waits until a server has done what clients that are gone have left to it: it is not to do it in the time of the next one. */
async function settled(pid) {
  const used = () => Object.values(cpuSeconds(pid)).reduce((sum, seconds) => sum + seconds, 0);
  let before = used();
  for (let tries = 0; tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = used();
    if (now - before < 0.02) return;
    before = now;
  }
}

const lua = (text) => `"${[...text].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

/** wrk's script for a request that is no plain GET. */
function script(dir, request) {
  const lines = [`wrk.method = "${request.method}"`];
  for (const [name, value] of Object.entries(request.headers)) lines.push(`wrk.headers["${name}"] = ${lua(Buffer.from(value))}`);
  if (request.body) lines.push(`wrk.body = ${lua(request.body)}`);
  const file = join(dir, 'request.lua');
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** What a server did in a while: how often, how many errors, and CPU for each time, of its process and of those below. */
async function sample(server, run) {
  const before = cpuSeconds(server.pid);
  const { rate, count, errors } = await run();
  const after = cpuSeconds(server.pid);
  await settled(server.pid);
  const each = (seconds) => (count ? (seconds * 1e6) / count : 0);
  return { rate, count, errors, ownMicros: each(after.own - before.own), belowMicros: each(after.below - before.below) };
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.on('error', reject);
    child.on('exit', () => resolve(out));
  });
}

/** Requests per second of one server on one row, by `wrk`. */
export async function load(server, row, { seconds, connections }) {
  const dir = mkdtempSync(join(tmpdir(), 'ironside-bench-'));
  try {
    const request = row.request ? await row.request(server.base) : null;
    // A slow answer is slow and no error: unless told otherwise, wrk counts what takes longer than 2 s as one.
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '-H', 'accept-encoding: identity'];
    if (request) args.push('-s', script(dir, request));
    return await sample(server, async () => {
      const text = await run('wrk', [...args, server.base + row.path]);
      const errors = [...(text.match(/Socket errors: .*/)?.[0] ?? '').matchAll(/\d+/g)].reduce((sum, [n]) => sum + Number(n), 0);
      return {
        count: Number(text.match(/(\d+) requests in/)?.[1] ?? 0),
        errors: errors + Number(text.match(/Non-2xx or 3xx responses: (\d+)/)?.[1] ?? 0),
        rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)?.[1] ?? 0),
      };
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Transfers per second of one large body, one after the other on one connection each, by `curl`. */
export async function transfer(server, row, { seconds }) {
  return sample(server, async () => {
    const began = performance.now();
    let count = 0;
    let errors = 0;
    while (performance.now() - began < seconds * 1000) {
      const args = ['-sS', '-o', row.upload ? '-' : '/dev/null', '-w', '\n%{http_code} %{size_download} %{size_upload}'];
      if (row.upload) args.push('-X', 'POST', '-H', 'expect:', '-H', 'content-type: application/octet-stream', '-T', row.upload());
      const out = await run('curl', [...args, server.base + row.path]);
      const [status, down, up] = (out.trimEnd().split('\n').at(-1) ?? '').split(' ').map(Number);
      if (status !== 200 || (row.upload ? up : down) !== row.bytes) errors++;
      count++;
    }
    return { count, errors, rate: count / ((performance.now() - began) / 1000) };
  });
}
