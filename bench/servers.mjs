// The servers that are compared. Each is prepared once (installed, built) and started for the whole run.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const repository = join(here, '..');
const scratch = join(here, 'results', 'apps');

function sh(command, args, options) {
  const done = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${done.status})\n${done.stdout}\n${done.stderr}`);
  return done;
}

/** A copy of the application with its packages; `next` only where it is wanted. */
function application(name, withNext) {
  const dir = join(scratch, name);
  mkdirSync(dir, { recursive: true });
  for (const part of ['app', 'lib', 'components']) rmSync(join(dir, part), { recursive: true, force: true });
  cpSync(join(here, 'app'), dir, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
  if (!withNext) delete manifest.dependencies.next;
  writeFileSync(join(dir, 'package.json'), JSON.stringify(manifest, null, 2));
  if (!existsSync(join(dir, 'node_modules'))) sh('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: dir });
  return dir;
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function start(name, command, args, cwd, env = {}) {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(command, [...args, '-p', String(port)], {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (text) => (errors = (errors + text).slice(-4000)));
  const base = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended at start (${child.exitCode}): ${errors}`);
    if (performance.now() - began > 60_000) throw new Error(`${name} did not answer in 60 s: ${errors}`);
    const answer = await fetch(base + '/api/health').catch(() => null);
    if (answer?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const startMs = performance.now() - began;
  return {
    name,
    base,
    pid: child.pid,
    startMs,
    stop: () =>
      new Promise((resolve) => {
        child.on('exit', resolve);
        process.kill(-child.pid, 'SIGTERM');
        setTimeout(() => {
          try {
            process.kill(-child.pid, 'SIGKILL');
          } catch {}
        }, 5000).unref();
      }),
  };
}

export const servers = {
  /** Ironside with one worker, as Next has one process. */
  async ironside() {
    const dir = application('ironside', false);
    const binary = process.env.IRONSIDE ?? join(repository, 'target', 'release', 'ironside');
    sh(binary, ['build', dir]);
    return start('ironside', binary, ['start', dir, '--workers', '1'], dir);
  },
  async 'ironside-2'() {
    const dir = application('ironside', false);
    const binary = process.env.IRONSIDE ?? join(repository, 'target', 'release', 'ironside');
    if (!existsSync(join(dir, '.ironside', 'build'))) sh(binary, ['build', dir]);
    return start('ironside-2', binary, ['start', dir, '--workers', '2'], dir);
  },
  async next() {
    const dir = application('next', true);
    const next = join(dir, 'node_modules', 'next', 'dist', 'bin', 'next');
    if (!existsSync(join(dir, '.next', 'BUILD_ID'))) sh(process.execPath, [next, 'build'], { cwd: dir });
    return start('next', process.execPath, [next, 'start'], dir);
  },
  /** The limit of a Node server: the same JSON and asset, nothing else. */
  async 'node-http'() {
    return start('node-http', process.execPath, [join(here, 'peers', 'node-http.mjs')], here);
  },
};
