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

async function start(name, command, args, cwd, ready = '/api/health') {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(command, [...args.slice(0, 1), '-p', String(port), ...args.slice(1)].filter((part) => part !== ''), {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (text) => (errors = (errors + text).slice(-4000)));
  const base = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended at start (${child.exitCode}): ${errors}`);
    if (performance.now() - began > 60_000) throw new Error(`${name} did not answer in 60 s: ${errors}`);
    const answer = await fetch(base + ready).catch(() => null);
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

/** Ironside on the application: `command` is the binary, and options behind it. */
async function ironside(name, command, workers) {
  const dir = application(name, false);
  const [binary, ...global] = command.split(' ');
  sh(binary, ['build', dir, ...global]);
  return start(name, binary, ['start', dir, '--workers', String(workers), ...global], dir);
}

/** Where cargo puts what it builds in this profile: `release`, quickly made, or `dist`, what users get. */
const built = () => join(process.env.CARGO_TARGET_DIR ?? join(repository, 'target'), process.env.BENCH_PROFILE ?? 'release');

const own = () => process.env.IRONSIDE ?? join(built(), 'ironside');

/** What the application's server answers to these, the bare server answers too, byte for byte. */
const COPIED = ['/static', '/asset-100k.js', '/api/health'];

async function copies(base) {
  const folder = join(here, 'results', 'copies');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [index, path] of COPIED.entries()) {
    const ask = () => fetch(base + path, { headers: { 'accept-encoding': 'identity' } });
    // Twice: the first answer may be the one that fills the cache, or find a connection that has been closed meanwhile.
    await ask().then((answer) => answer.arrayBuffer()).catch(() => undefined);
    const answer = await ask();
    const body = Buffer.from(await answer.arrayBuffer());
    const headers = [...answer.headers].filter(([header]) => !['date', 'content-length', 'connection', 'keep-alive', 'transfer-encoding'].includes(header));
    writeFileSync(join(folder, `${index}.json`), JSON.stringify({ path, headers }));
    writeFileSync(join(folder, `${index}.body`), body);
  }
  return folder;
}

export const servers = {
  /** Ironside with one worker, as Next has one process. `IRONSIDE`: the binary, with options behind it. */
  ironside: () => ironside('ironside', own(), 1),
  'ironside-2': () => ironside('ironside-2', own(), 2),
  /** Another build, to compare a change with what was before: `IRONSIDE_OTHER`. */
  other() {
    if (!process.env.IRONSIDE_OTHER) throw new Error('IRONSIDE_OTHER has to name the other binary');
    return ironside('other', process.env.IRONSIDE_OTHER, 1);
  },
  async next() {
    const dir = application('next', true);
    const next = join(dir, 'node_modules', 'next', 'dist', 'bin', 'next');
    sh(process.execPath, [next, 'build'], { cwd: dir });
    return start('next', next, ['start', dir], dir);
  },
  /** The limit of a Node server: the same JSON, streams and asset, nothing else. */
  'node-http': () => start('node-http', process.execPath, [join(here, 'peers', 'node-http.mjs')], here),
  /** The limit of HTTP: the same bytes from a server that does nothing else. */
  async hyper(running) {
    const model = running.find((server) => server.name === 'ironside');
    const profile = process.env.BENCH_PROFILE ?? 'release';
    if (!process.env.BENCH_AS_BUILT) sh('cargo', ['build', '--profile', profile, '-p', 'ironside-server', '--example', 'bare-hyper'], { cwd: repository });
    return start('hyper', join(built(), 'examples', 'bare-hyper'), ['', await copies(model.base)], here);
  },
};
