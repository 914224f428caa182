// What stands behind an application in tests of its cache: a server whose items have versions that only grow, so that whoever
// shows one tells how old it is. It counts who asked for what.
import http from 'node:http';

/** `delay`: milliseconds that each answer takes, which a test may change. */
export async function versions({ delay = 0 } = {}) {
  const items = new Map();
  const store = { delay, asked: new Map(), items, read, write, close, base: '' };
  function read(key) {
    return items.get(key) ?? 0;
  }
  /** Writes the next version of an item. */
  function write(key) {
    const version = read(key) + 1;
    items.set(key, version);
    return version;
  }
  const server = http.createServer((request, response) => {
    const key = decodeURIComponent(new URL(request.url, 'http://x').pathname.slice(1));
    store.asked.set(key, (store.asked.get(key) ?? 0) + 1);
    // Read at once, told later: what a database does that is slow to answer.
    const version = read(key);
    const tell = () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ key, version }));
    if (store.delay > 0) setTimeout(tell, store.delay);
    else tell();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  store.base = `http://127.0.0.1:${server.address().port}`;
  function close() {
    server.closeAllConnections();
    server.close();
  }
  return store;
}
