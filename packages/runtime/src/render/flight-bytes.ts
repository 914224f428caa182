/** Flight streams that are bytes in memory: collected to the end, or given to the parser. */
import type { FlightSource } from 'react-server-dom-webpack/client.node';
import type { FlightDestination } from 'react-server-dom-webpack/server.node';

type Pipeable = { pipe(destination: FlightDestination): unknown };

/** Reads a Flight stream to its end. */
export function collectFlight(stream: Pipeable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.pipe({
      write(chunk) {
        chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        return true;
      },
      end: () => resolve(Buffer.concat(chunks)),
      destroy: (error) => reject(error instanceof Error ? error : new Error('The Flight stream was destroyed.')),
      on: () => undefined,
    });
  });
}

/** The bytes as the stream that the parser wants. */
export function bytesSource(bytes: Uint8Array): FlightSource {
  return {
    on(event: string, listener: (chunk: Uint8Array) => void) {
      if (event === 'data') queueMicrotask(() => listener(bytes));
      if (event === 'end') queueMicrotask(() => (listener as () => void)());
    },
  } as FlightSource;
}
