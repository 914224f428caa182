/**
 * The thread that draws. The worker imports this small module to learn where it lies in the build (`here`) and starts it as a
 * thread; everything large is imported in the thread only.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { installLimitedFetch } from './limited-fetch.ts';
import type { Drawing, Drawn } from './protocol.ts';

/** The file to start. */
export const here = import.meta.url;
/** `workerData` of a thread that is to draw. */
export const PAINTER = 'ironside:painter';

if (!isMainThread && workerData === PAINTER && parentPort) serve(parentPort);

function serve(port: NonNullable<typeof parentPort>): void {
  installLimitedFetch();
  port.on('message', (drawing: Drawing) => {
    void drawn(drawing).then((answer) => port.postMessage(answer, 'png' in answer ? [answer.png.buffer as ArrayBuffer] : []));
  });
}

async function drawn(drawing: Drawing): Promise<Drawn> {
  const { id } = drawing;
  try {
    const { draw } = await import('./draw.ts');
    const png = await draw(drawing);
    // A copy of its own: what is handed over must not be the memory of the module that made it.
    return { id, png: png.slice() };
  } catch (error) {
    const told = error instanceof Error ? error : new Error(String(error));
    return { id, message: told.message, stack: told.stack ?? '' };
  }
}
