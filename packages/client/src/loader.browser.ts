/**
 * How React's Flight client loads modules in the browser: a module's id is the URL of its chunk. One promise per module for ever:
 * React notes on it whether it has settled, and reads the module from it without waiting if so.
 */

type Loader = { (url: string): Promise<unknown>; u: (chunk: string) => string };

const modules = new Map<string, Promise<unknown>>();

function load(url: string): Promise<unknown> {
  const known = modules.get(url);
  if (known) return known;
  const started = import(/* @vite-ignore */ url);
  modules.set(url, started);
  started.catch(reloadOnce);
  return started;
}

const RELOADED = 'ironside:reloaded';

/** A chunk that can't be had mostly belongs to a deployment that is gone. One load of the document may mend it; if not, errors show. */
function reloadOnce(): void {
  try {
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (Date.now() - last < 60_000) return;
    sessionStorage.setItem(RELOADED, String(Date.now()));
  } catch {
    return; // Without storage it can't be known whether it was tried before.
  }
  location.reload();
}

/** React replaces `u` by its own; nothing of ours asks for it. */
export const __webpack_require__: Loader = Object.assign(load, { u: (chunk: string) => chunk });

/** Our references name no chunks beside the module itself. */
export function __webpack_chunk_load__(): Promise<void> {
  return Promise.resolve();
}
