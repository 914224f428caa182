// Talking to a server without a client library between: every byte that comes, and when.
import http2 from 'node:http2';
import net from 'node:net';

/** Sends bytes on a connection of its own. `received` grows; `ended` resolves to whether the server closed it. */
export function raw(port, text) {
  const socket = net.connect(port, '127.0.0.1');
  const seen = { socket, received: Buffer.alloc(0), closed: false };
  seen.ended = new Promise((resolve) => {
    socket.on('close', () => {
      seen.closed = true;
      resolve();
    });
  });
  socket.on('error', () => {});
  socket.on('data', (bytes) => (seen.received = Buffer.concat([seen.received, bytes])));
  socket.write(text);
  return seen;
}

/** The bodies of the chunks that have come, and whether the last one has. */
export function chunks(received) {
  const text = received.indexOf('\r\n\r\n');
  if (text === -1) return { head: '', parts: [], complete: false };
  const parts = [];
  for (let at = text + 4; ; ) {
    const end = received.indexOf('\r\n', at);
    if (end === -1) return { head: received.toString('latin1', 0, text), parts, complete: false };
    const size = Number.parseInt(received.toString('latin1', at, end), 16);
    if (size === 0) return { head: received.toString('latin1', 0, text), parts, complete: true };
    if (received.length < end + 2 + size) return { head: received.toString('latin1', 0, text), parts, complete: false };
    parts.push(received.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

/** A request over HTTP/2 without TLS. */
export function h2(base, headers, body) {
  const session = http2.connect(base);
  session.on('error', () => {});
  const stream = session.request(headers, { endStream: body === undefined });
  const seen = { session, stream, headers: undefined, received: Buffer.alloc(0), reset: undefined, ended: false };
  stream.on('response', (got) => (seen.headers = got));
  stream.on('data', (bytes) => (seen.received = Buffer.concat([seen.received, bytes])));
  stream.on('end', () => (seen.ended = true));
  stream.on('error', () => {});
  seen.done = new Promise((resolve) => {
    stream.on('close', () => {
      seen.reset = stream.rstCode;
      session.destroy();
      resolve(seen);
    });
  });
  if (body !== undefined) stream.end(body);
  return seen;
}
