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

/** CPU seconds (user and system) of the process tree so far. */
export function cpuSeconds(pid) {
  let ticks = 0;
  for (const one of tree(pid)) {
    try {
      const fields = readFileSync(`/proc/${one}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {}
  }
  return ticks / 100;
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

const lua = (text) => `"${[...text].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

/** wrk's script for a request that is no plain GET. */
function script(dir, request) {
  const lines = [`wrk.method = "${request.method}"`];
  for (const [name, value] of Object.entries(request.headers)) lines.push(`wrk.headers["${name}"] = "${value}"`);
  if (request.body) lines.push(`wrk.body = ${lua(request.body)}`);
  const file = join(dir, 'request.lua');
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** Requests per second and CPU per request of one server on one row. */
export async function load(server, row, { seconds, connections }) {
  const dir = mkdtempSync(join(tmpdir(), 'ironside-bench-'));
  try {
    const request = row.request ? await row.request(server.base) : null;
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-H', 'accept-encoding: identity'];
    if (request) args.push('-s', script(dir, request));
    const before = cpuSeconds(server.pid);
    const text = await new Promise((resolve, reject) => {
      const child = spawn('wrk', [...args, server.base + row.path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (chunk) => (out += chunk));
      child.on('error', reject);
      child.on('exit', () => resolve(out));
    });
    const requests = Number(text.match(/(\d+) requests in/)?.[1] ?? 0);
    const errors = Number(text.match(/Non-2xx or 3xx responses: (\d+)/)?.[1] ?? 0) + [...(text.match(/Socket errors: .*/)?.[0] ?? '').matchAll(/\d+/g)].reduce((sum, [n]) => sum + Number(n), 0);
    const rate = Number(text.match(/Requests\/sec:\s+([\d.]+)/)?.[1] ?? 0);
    return { rate, errors, cpuMs: requests ? ((cpuSeconds(server.pid) - before) * 1000) / requests : 0 };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
