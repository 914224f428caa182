/**
 * The seal around values that an inline server function captured. They travel through the browser, which must neither read
 * nor change them: Flight bytes under AES-GCM. The id of the function and the deployment are authenticated with them, so that a
 * sealed list fits no other function; the random nonce makes equal lists look different (ACT-364, ACT-366).
 *
 * It gets weaker where the key is known to somebody else or shared between applications. It does not bind the values to a
 * session, and they do not expire.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createFromNodeStream } from 'react-server-dom-webpack/client.node';
import { renderToPipeableStream } from 'react-server-dom-webpack/server.node';
import { app } from '../app.ts';
import { reactMaps } from '../render/react-maps.ts';
import { bytesSource, collectFlight } from '../render/flight-bytes.ts';

const NONCE = 12;
const TAG = 16;

/** A sealed value that is missing, changed, or was made for another function or with another key. */
export class SealError extends Error {
  override name = 'SealError';
}

/** Seals the captured values of the function `id`. Resolves later, so that rendering does not wait. */
export async function seal(id: string, values: unknown[]): Promise<string> {
  const { manifest, sealKeys, report } = app();
  const key = sealKeys[0];
  if (!key) throw new Error('There is no key to seal captured values with. Set NEXT_SERVER_ACTIONS_ENCRYPTION_KEY or build again.');
  const stream = renderToPipeableStream(values, reactMaps(manifest).client, {
    onError: (error) => report(describeCapture(error, id), 'render'),
  });
  const plain = await collectFlight(stream);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(algorithm(key), key, nonce).setAAD(bindingOf(id));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** The values again, or a `SealError` before anything is made of them. */
export async function open(id: string, box: unknown): Promise<unknown[]> {
  const { manifest, sealKeys } = app();
  const text: unknown = await box;
  if (typeof text !== 'string') throw new SealError('The values that this server function captured are missing.');
  const bytes = Buffer.from(text, 'base64');
  for (const key of sealKeys) {
    const plain = decrypt(key, id, bytes);
    if (!plain) continue;
    const maps = reactMaps(manifest);
    return createFromNodeStream<unknown[]>(bytesSource(plain), { moduleMap: maps.reopen, serverModuleMap: maps.every, moduleLoading: null });
  }
  throw new SealError('The values that this server function captured were changed, or sealed for another function or with another key.');
}

function decrypt(key: Uint8Array, id: string, bytes: Buffer): Buffer | undefined {
  if (bytes.length < NONCE + TAG) return undefined;
  const end = bytes.length - TAG;
  try {
    const decipher = createDecipheriv(algorithm(key), key, bytes.subarray(0, NONCE), { authTagLength: TAG })
      .setAAD(bindingOf(id))
      .setAuthTag(bytes.subarray(end));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE, end)), decipher.final()]);
  } catch {
    // Not this key, or not these bytes: which of the two is nobody's business.
    return undefined;
  }
}

const bindingOf = (id: string): Buffer => Buffer.from(`${id}\n${app().manifest.config.deploymentId ?? ''}`);

function algorithm(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (key.length === 32) return 'aes-256-gcm';
  if (key.length === 24) return 'aes-192-gcm';
  if (key.length === 16) return 'aes-128-gcm';
  throw new Error(`The key for captured values has ${key.length} bytes; 16, 24 or 32 are needed.`);
}

/** Where the function stands, since the message of Flight only says what it met. */
function describeCapture(error: unknown, id: string): Error {
  const action = app().manifest.actions[id];
  const place = action ? `\`${action.name}\` (${action.file}:${action.line})` : `the server function ${id}`;
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`A value that ${place} captures cannot be sent to the browser and back: ${reason}`, { cause: error });
}
