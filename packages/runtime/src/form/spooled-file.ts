/**
 * A file of a form that is too large for memory: bytes go to the disk as they come. Where the system lets a file be opened
 * again through its descriptor, it loses its name at once, so that nothing is left behind however the process ends.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, openAsBlob, unlinkSync } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DESCRIPTORS = '/proc/self/fd';
const reopens = existsSync(DESCRIPTORS);

/** Files that have a name, for the end of the process. */
const named = new Set<string>();
if (!reopens) {
  process.on('exit', () => {
    for (const path of named) {
      try {
        unlinkSync(path);
      } catch {
        // Somebody else was tidier.
      }
    }
  });
}

export class SpooledFile {
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  static async create(): Promise<SpooledFile> {
    const path = join(tmpdir(), `ironside-form-${process.pid}-${randomBytes(8).toString('hex')}`);
    const handle = await open(path, 'wx+', 0o600);
    if (!reopens) {
      named.add(path);
      return new SpooledFile(handle, path);
    }
    await unlink(path);
    return new SpooledFile(handle, `${DESCRIPTORS}/${handle.fd}`);
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    if (pieces.length > 0) await this.#handle.writev(pieces as Uint8Array[]);
  }

  /** What was written, as a `File` that reads from the disk. Usable until `remove()`. */
  async file(name: string, type: string): Promise<File> {
    return new File([await openAsBlob(this.#path, { type })], name, { type });
  }

  async remove(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    if (named.delete(this.#path)) await unlink(this.#path).catch(() => undefined);
  }
}
