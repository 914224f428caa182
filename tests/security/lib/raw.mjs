// Raw sockets: bytes out, bytes in, and what became of the connection.
import net from 'node:net';

/**
 * Sends bytes (or what a function writes to the socket) and reads what comes, until the server closes or has been quiet for a
 * while; then our end is closed, and the server has to close its own. `hung` says that it did not; `closedByServer`, that it
 * closed before we did.
 */
export function talk(port, bytes, { quiet = 250, patience = 8_000 } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const pieces = [];
    let timer;
    let closedByServer = false;
    let left = false;
    const calm = () => {
      clearTimeout(timer);
      timer = setTimeout(() => { left = true; socket.end(); }, quiet);
    };
    const hard = setTimeout(() => finish(true), patience);
    const finish = (hung) => {
      clearTimeout(timer);
      clearTimeout(hard);
      socket.destroy();
      resolve({ answer: Buffer.concat(pieces), hung, closedByServer });
    };
    socket.on('data', (piece) => {
      pieces.push(piece);
      calm();
    });
    socket.on('end', () => { closedByServer ||= !left; });
    socket.on('error', () => { closedByServer ||= !left; });
    socket.on('close', () => finish(false));
    socket.on('connect', () => {
      if (typeof bytes === 'function') bytes(socket);
      else socket.write(bytes);
      calm();
    });
  });
}

/** The statuses of all answers in some bytes of HTTP/1. */
export function statuses(bytes) {
  return [...bytes.toString('latin1').matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
}

/** Runs tasks, so many at once. */
export async function parallel(tasks, width, run) {
  const queue = [...tasks.entries()];
  const results = [];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await run(next[1]);
    }),
  );
  return results;
}

/** Numbers that look random and are the same in every run. */
export function dice(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
