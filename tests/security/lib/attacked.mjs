// The application that is attacked, served, with a canary beside it: a server that nothing should reach but what goes there on
// purpose, and that remembers what did.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folder, serve } from '../../e2e/lib/application.mjs';

const source = fileURLToPath(new URL('../app', import.meta.url));

function* filesOf(dir) {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (name === 'node_modules' || name === '.ironside') continue;
    if (statSync(path).isDirectory()) yield* filesOf(path);
    else yield path;
  }
}

/** An HTTP server that counts connections and keeps the heads of requests. */
export async function canary() {
  const seen = { connections: 0, requests: [] };
  const server = http.createServer((request, response) => {
    seen.requests.push({ method: request.method, url: request.url, headers: request.headers });
    request.resume();
    response.end('canary');
  });
  server.on('upgrade', (request, socket) => {
    seen.requests.push({ method: request.method, url: request.url, headers: request.headers, upgrade: true });
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  server.on('connection', () => { seen.connections += 1; });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, seen, close: () => { server.closeAllConnections(); server.close(); } };
}

/** Builds and serves the application. `toml` is its `ironside.toml`. */
export async function attacked({ toml = '', env = {}, args = ['--workers', '1'] } = {}) {
  const bird = await canary();
  const files = Object.fromEntries([...filesOf(source)].map((path) => [relative(source, path), readFileSync(path, 'utf8')]));
  const app = folder({ ...files, 'ironside.toml': toml });
  process.env.CANARY_PORT = String(bird.port);
  const server = await serve(app.dir, { args, env: { CANARY_PORT: String(bird.port), ...env } });
  return {
    server,
    canary: bird,
    async close() {
      await server.stop();
      bird.close();
      app.remove();
    },
  };
}

/** One request as bytes, on a connection of its own: `{ status, headers, body, text }` of the first answer. */
export function send(port, { method = 'GET', path = '/', headers = {}, body = '', version = 'HTTP/1.1' }) {
  const lines = Array.isArray(headers) ? headers : Object.entries(headers);
  const has = (name) => lines.some(([known]) => known.toLowerCase() === name);
  let head = `${method} ${path} ${version}\r\n`;
  if (!has('host')) head += `Host: localhost:${port}\r\n`;
  for (const [name, value] of lines) head += `${name}: ${value}\r\n`;
  if (body.length > 0) head += `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  head += 'Connection: close\r\n\r\n';
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])));
    const pieces = [];
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${method} ${path}`)));
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', (error) => (pieces.length > 0 ? finish() : reject(error)));
    socket.on('end', finish);
    function finish() {
      socket.destroy();
      const text = Buffer.concat(pieces).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const [line, ...rest] = text.slice(0, Math.max(end, 0)).split('\r\n');
      const answer = rest.map((header) => [header.slice(0, header.indexOf(':')).toLowerCase(), header.slice(header.indexOf(':') + 1).trim()]);
      resolve({ status: Number(line.split(' ')[1]), headers: new Map(answer), all: answer, body: text.slice(end + 4), text });
    }
  });
}
