// A bare `node:http` server: what a Node process can do at most.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const asset = readFileSync(new URL('../app/public/asset-100k.js', import.meta.url));
createServer((request, response) => {
  if (request.url === '/api/health') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ok: true, now: Date.now() }));
  } else if (request.url === '/asset-100k.js') {
    response.setHeader('content-type', 'text/javascript');
    response.end(asset);
  } else {
    response.statusCode = 404;
    response.end();
  }
}).listen(Number(process.argv[process.argv.indexOf('-p') + 1]), '127.0.0.1');
