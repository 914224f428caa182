// Builds and starts applications for tests: a folder of the repository or one made in a temporary folder, with the binary that
// IRONSIDE names (or a command in SERVER_COMMAND, such as another server to compare with). Everything started is stopped.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../..', import.meta.url));
export const binary = process.env.IRONSIDE ?? join(repository, 'target', 'release', 'ironside');

const running = new Set();
process.on('exit', () => {
  for (const child of running) kill(child, 'SIGKILL');
});

function kill(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {}
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs the binary to its end. */
export function ironside(args, { cwd = tmpdir(), env = {}, timeout = 120_000 } = {}) {
  const done = spawnSync(binary, args, { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, encoding: 'utf8', timeout });
  return { code: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr, all: done.stdout + done.stderr };
}

/** An application made of these files, in a temporary folder. With `react: true` it gets links to React of the repository. */
export function folder(files, { react = true } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'ironside-e2e-'));
  const all = { 'package.json': '{ "name": "app", "private": true, "dependencies": { "react": "*", "react-dom": "*" } }', ...files };
  for (const [name, text] of Object.entries(all)) {
    if (text === null) continue;
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  if (react) {
    mkdirSync(join(dir, 'node_modules'), { recursive: true });
    for (const name of ['react', 'react-dom', 'scheduler']) symlinkSync(join(repository, 'node_modules', name), join(dir, 'node_modules', name));
  }
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** A copy of an example without what earlier runs left there; its packages are linked. */
export function example(name) {
  const from = join(repository, 'examples', name);
  const dir = mkdtempSync(join(tmpdir(), `ironside-${name}-`));
  const left = new Set(['node_modules', '.ironside', '.next', '.data']);
  cpSync(from, dir, { recursive: true, filter: (path) => !left.has(path.slice(from.length + 1).split('/')[0]) });
  if (!existsSync(join(from, 'node_modules'))) throw new Error(`run \`npm ci\` in examples/${name} first (cargo xtask test does)`);
  symlinkSync(join(from, 'node_modules'), join(dir, 'node_modules'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** `build` and `start`; resolves when the port answers. `under`: a command that the binary is started by. */
export async function serve(dir, { env = {}, args = [], build = true, under = [] } = {}) {
  if (build) {
    const built = ironside(['build', dir]);
    if (built.code !== 0) throw new Error(`the build failed (${built.code ?? built.signal})\n${built.all}`);
  }
  const port = await freePort();
  const [command, ...before] = [...under, binary];
  const child = spawn(command, [...before, 'start', dir, '-p', String(port), ...args], {
    cwd: dir,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  const server = { base: `http://localhost:${port}`, port, pid: child.pid, log: '', child, stop };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (server.log = (server.log + text).slice(-200_000)));
  async function stop(signal = 'SIGTERM') {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise((resolve) => child.on('exit', resolve));
    kill(child, signal);
    const hard = setTimeout(() => kill(child, 'SIGKILL'), 8_000);
    await ended;
    clearTimeout(hard);
    running.delete(child);
    return child.exitCode;
  }
  for (const until = Date.now() + 60_000; ; ) {
    if (child.exitCode !== null) throw new Error(`the server ended at start (${child.exitCode})\n${server.log}`);
    if (Date.now() > until) {
      await stop('SIGKILL');
      throw new Error(`the server did not answer in 60 s\n${server.log}`);
    }
    const answer = await fetch(server.base, { redirect: 'manual' }).catch(() => null);
    if (answer) {
      await answer.body?.cancel();
      // What needs no worker is answered before there is one.
      while (!/Ready in /.test(server.log) && child.exitCode === null && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      return server;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
