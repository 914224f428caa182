// A bare `node:http` server: what a Node process can do at most. The same answers as the application's, nothing else.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const asset = readFileSync(new URL('../app/public/asset-100k.js', import.meta.url));
const piece = Buffer.from(`<p>${'x'.repeat(5113)}</p>`);
const large = Buffer.alloc(65536, 121);

const routes = {
  '/api/health'(request, response) {
    const body = JSON.stringify({ ok: true, now: Date.now() });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  },
  '/asset-100k.js'(request, response) {
    response.writeHead(200, { 'content-type': 'text/javascript', 'content-length': asset.length });
    response.end(asset);
  },
  /** Six pieces, one in each turn of the event loop. */
  '/api/stream'(request, response) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    let left = 6;
    const step = () => {
      if (--left === 0) return void response.end(piece);
      response.write(piece);
      setImmediate(step);
    };
    step();
  },
  '/api/down'(request, response) {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    let left = 1600;
    const go = () => {
      while (left-- > 0) if (!response.write(large)) return void response.once('drain', go);
      response.end();
    };
    go();
  },
  '/api/up'(request, response) {
    let bytes = 0;
    request.on('data', (chunk) => (bytes += chunk.length));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ bytes }));
    });
  },
};

createServer((request, response) => {
  const route = routes[request.url];
  if (route) return route(request, response);
  response.writeHead(404);
  response.end();
}).listen(Number(process.argv[process.argv.indexOf('-p') + 1]), '127.0.0.1');
