/**
 * The way from a server reference to whoever carries out calls. References are made while modules are loaded, before there is a
 * router; so the caller is filled in later.
 */
import type { CallServer } from 'react-server-dom-webpack/client.browser';

let caller: CallServer | undefined;

/** Called once, by the entry, before anything is shown. */
export function setCaller(call: CallServer): void {
  caller = call;
}

export const callServer: CallServer = (id, args) => {
  if (!caller) return Promise.reject(new Error('A Server Action was called before the page was ready. Call it in an event handler or an effect.'));
  return caller(id, args);
};
