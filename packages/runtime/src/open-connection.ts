/** Opens the connection on the inherited descriptor 3 and wires the process's own events to it. */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import { Connection, logUnhandledRejection, type ConnectionOptions } from './connection.ts';

const DESCRIPTOR = 3;
const READ_BUFFER = 256 * 1024;

export function openConnection(options: Omit<ConnectionOptions, 'exit'>): Connection {
  let connection: Connection | undefined;
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER);
  // One buffer for all reads: what outlives the callback is copied by the decoders. Node takes the option here as well.
  const onread: OnReadOpts = {
    buffer,
    callback(length) {
      connection?.feed(buffer, length);
      return true;
    },
  };
  const socketOptions: SocketConstructorOpts & { onread: OnReadOpts } = { fd: DESCRIPTOR, readable: true, writable: true, onread };
  const socket = new Socket(socketOptions);
  connection = new Connection(socket, { ...options, exit: (code) => process.exit(code) });
  process.on('unhandledRejection', logUnhandledRejection);
  process.on('uncaughtException', (error) => connection?.uncaught(error));
  return connection;
}
