/**
 * The embedded database: PGlite (PostgreSQL compiled to WebAssembly) in a process of its own, behind a Unix socket. The
 * application starts it when it finds none (`lib/db/embedded.ts`); it ends by itself when nobody has been connected for a while.
 *
 *     node db/server.mjs DATA_FOLDER SOCKET
 */
import { PGlite } from '@electric-sql/pglite';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { multiplexer } from './multiplexer.mjs';

const IDLE_MS = Number(process.env.SHOP_DB_IDLE_MS ?? 15_000);
const [folder, socketPath] = process.argv.slice(2);
if (!folder || !socketPath) {
  console.error('usage: node db/server.mjs DATA_FOLDER SOCKET');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
const lock = join(folder, 'server.pid');

/** Whether we are the one process that may open the folder. A lock whose process is gone is taken over. */
function takeLock() {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readFileSync(lock, 'utf8')) || 0;
    try {
      process.kill(owner, 0);
      return false;
    } catch (error) {
      if (error.code === 'EPERM') return false;
      rmSync(lock, { force: true });
    }
  }
  return false;
}

if (!takeLock()) process.exit(0);

const db = await PGlite.create(join(folder, 'pgdata'));
const serve = multiplexer((message) => db.execProtocolRaw(message));
let connections = 0;
let idle = null;
let ending = false;

const server = createServer((socket) => {
  connections++;
  clearTimeout(idle);
  serve(socket);
  socket.on('close', () => {
    connections--;
    if (connections === 0) waitForIdle();
  });
});

function waitForIdle() {
  clearTimeout(idle);
  idle = setTimeout(() => void end(), IDLE_MS);
}

async function end() {
  if (ending) return;
  ending = true;
  server.close();
  rmSync(socketPath, { force: true });
  await db.close();
  rmSync(lock, { force: true });
  process.exit(0);
}

process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
rmSync(socketPath, { force: true });
server.listen(socketPath, waitForIdle);
