import 'server-only';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long a cold start of the database may take on a busy machine. */
const START_MS = 30_000;

/** Where the embedded database keeps its files. */
export const dataFolder = process.env.SHOP_DATA ?? join(process.cwd(), '.data');

/** A folder with a short path, since the path of a socket may have no more than about a hundred characters. */
function socketFolder(): string {
  return join(tmpdir(), `shop-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)}`);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/**
 * Makes sure that the embedded database runs, and returns the folder of its socket. It is a process of its own
 * (`db/server.mjs`), because PGlite's data folder may be open in one process only while a server has several workers.
 * Whoever finds none starts one; of several that start at once, all but one end by themselves.
 */
export async function embeddedDatabase(): Promise<string> {
  const folder = socketFolder();
  const path = join(folder, '.s.PGSQL.5432');
  const deadline = Date.now() + START_MS;
  let started = 0;
  while (!(await answers(path))) {
    if (Date.now() > deadline) throw new Error(`the embedded database did not start within ${START_MS / 1000} s (${dataFolder})`);
    if (Date.now() - started > 5_000) {
      started = Date.now();
      const child = spawn(process.execPath, [join(process.cwd(), 'db', 'server.mjs'), dataFolder, path], { detached: true, stdio: 'ignore' });
      child.unref();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return folder;
}
