/**
 * Lets many PostgreSQL clients share one PGlite, which is a PostgreSQL with a single backend. A client has the backend to
 * itself from the first message it sends until the backend says `ReadyForQuery` with the status *idle*: so neither the
 * messages of one extended query nor the statements of one transaction are ever mixed with another client's. Who goes away
 * inside a transaction is rolled back.
 *
 * Only what that needs of the wire protocol is read here: where messages end, and the status byte of ReadyForQuery
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const READY_FOR_QUERY = 0x5a;
const TERMINATE = 0x58;
const IDLE = 0x49;
/** Nobody sends larger messages here; a length above it is a client that is out of step. */
const LARGEST_MESSAGE = 64 * 1024 * 1024;

/** One at a time, in order. The holder may keep its turn over several calls. */
function turns() {
  const waiting = [];
  let holder = null;
  return {
    acquire(who) {
      if (holder === who) return Promise.resolve();
      if (holder === null) {
        holder = who;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push({ who, resolve }));
    },
    release(who) {
      if (holder !== who) return;
      const next = waiting.shift();
      holder = next?.who ?? null;
      next?.resolve();
    },
    /** Who waits and went away must not get a turn. */
    forget(who) {
      const at = waiting.findIndex((entry) => entry.who === who);
      if (at >= 0) waiting.splice(at, 1)[0].resolve();
    },
    holds: (who) => holder === who,
  };
}

/** The status byte of the last ReadyForQuery in a reply, or null if there is none. */
export function lastStatus(reply) {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.byteLength);
  let status = null;
  for (let at = 0; at + 5 <= reply.length; at += 1 + view.getUint32(at + 1)) {
    if (reply[at] === READY_FOR_QUERY) status = reply[at + 5];
  }
  return status;
}

/**
 * Cuts a client's bytes into messages. The first message of a connection has no type byte.
 * Returns the messages that are whole and the rest.
 */
export function cut(bytes, started) {
  const messages = [];
  let at = 0;
  for (;;) {
    const head = started ? 1 : 0;
    if (bytes.length - at < head + 4) break;
    const length = bytes.readUInt32BE(at + head);
    if (length < 4 || length > LARGEST_MESSAGE) throw new Error(`a message of ${length} bytes`);
    if (bytes.length - at < head + length) break;
    const message = bytes.subarray(at, at + head + length);
    const code = started ? 0 : message.readUInt32BE(4);
    messages.push(message);
    at += head + length;
    // What follows a request for encryption is the real first message.
    if (!started && code !== SSL_REQUEST && code !== GSS_REQUEST) started = true;
  }
  return { messages, rest: bytes.subarray(at), started };
}

/**
 * Returns a function that serves one client's socket. `backend` runs one message and returns the reply's bytes:
 * `db.execProtocolRaw` of PGlite.
 */
export function multiplexer(backend) {
  const turn = turns();
  return (socket) => {
    const client = Symbol('client');
    let rest = Buffer.alloc(0);
    let started = false;
    let inTransaction = false;
    let gone = false;
    let work = Promise.resolve();

    async function run(message) {
      if (gone) return;
      await turn.acquire(client);
      if (gone) return;
      const reply = await backend(message);
      const status = lastStatus(reply);
      if (status !== null) inTransaction = status !== IDLE;
      if (!gone && reply.length > 0) socket.write(reply);
      if (status === IDLE) turn.release(client);
    }

    async function answer(message, first) {
      if (first) {
        const code = message.readUInt32BE(4);
        if (code === SSL_REQUEST || code === GSS_REQUEST) return void socket.write('N');
        if (code === CANCEL_REQUEST) return void socket.end();
      } else if (message[0] === TERMINATE) {
        return void socket.end();
      }
      await run(message);
    }

    async function leave() {
      if (gone) return;
      gone = true;
      turn.forget(client);
      await work.catch(() => {});
      // A client that dies between two messages of a query holds its turn without a transaction.
      if (turn.holds(client)) {
        await backend(query(inTransaction ? 'ROLLBACK' : 'SELECT 1')).catch(() => {});
        turn.release(client);
      }
    }

    socket.on('data', (chunk) => {
      try {
        const found = cut(Buffer.concat([rest, chunk]), started);
        let first = !started;
        rest = Buffer.from(found.rest);
        started = found.started;
        for (const message of found.messages) {
          const isFirst = first;
          if (first && ![SSL_REQUEST, GSS_REQUEST].includes(message.readUInt32BE(4))) first = false;
          const copy = Buffer.from(message);
          work = work.then(() => answer(copy, isFirst)).catch(() => socket.destroy());
        }
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => void leave());
  };
}

/** A simple query as a message; also ends an extended query that its client left half-done (Sync comes first). */
function query(sql) {
  const sync = Buffer.from([0x53, 0, 0, 0, 4]);
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.alloc(5);
  head[0] = 0x51;
  head.writeUInt32BE(text.length + 4, 1);
  return Buffer.concat([sync, head, text]);
}
