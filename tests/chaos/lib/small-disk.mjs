// A disk that is too small or can't be written to, mounted where only the server under test sees it: in a mount namespace, which
// root may make, and elsewhere whoever may make user namespaces. Without either there is none, and a test says that it was left out.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The flags of `unshare` and `nsenter` that work here; `undefined` if none do. */
function allowed() {
  const dir = mkdtempSync(join(tmpdir(), 'ironside-mount-'));
  try {
    return [['-m'], ['-U', '-r', '-m']].find((flags) => spawnSync('unshare', [...flags, 'mount', '-t', 'tmpfs', 'tmpfs', dir]).status === 0);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const flags = allowed();
export const unavailable = flags ? false : 'file systems can be mounted by root only here';

/**
 * Runs a shell command (`$0` is the folder) in a namespace of its own and keeps that. `under` starts a program there; `inside` is
 * the path by which others reach the folder.
 */
export async function mounted(folder, command) {
  mkdirSync(folder, { recursive: true });
  const holder = spawn('unshare', [...flags, 'sh', '-c', `${command} && echo ready && exec sleep 100000`, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => holder.kill('SIGKILL'));
  await new Promise((resolve, reject) => {
    holder.stdout.once('data', resolve);
    holder.once('exit', (code) => reject(new Error(`${command}: it ended with ${code}`)));
  });
  const entering = flags.includes('-U') ? ['-U', '-m', '--preserve-credentials'] : ['-m'];
  return {
    under: ['nsenter', '-t', String(holder.pid), ...entering],
    inside: join(`/proc/${holder.pid}/root`, folder),
    close: () => holder.kill('SIGKILL'),
  };
}

/** A file system in memory that holds so many bytes. */
export const tiny = (folder, size) => mounted(folder, `mount -t tmpfs -o size=${size} tmpfs "$0"`);

/** The folder as it is, and nothing in it can be changed. */
export const readOnly = (folder) => mounted(folder, 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"');
