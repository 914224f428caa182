/**
 * Everything that goes to the front: frames collect in one buffer, which is written once per turn of the event loop. Large
 * chunks keep their own buffer and go out in the same `writev`.
 */
import { CHANNEL, FRAME, type Channel } from '@ironside/protocol/generated.ts';
import { createWriter, writeU16, writeU32, writeU8, type Writer } from '@ironside/protocol/writer.ts';
import type { Socket } from 'node:net';

/** From here on a chunk is not copied: below, a copy costs less than a buffer and a write of its own. */
const OWN_BUFFER = 16 * 1024;
/** A buffer that has grown beyond this is not kept. */
const KEPT = 1 << 20;

/** Something that has decided what to send, but may still change it until the turn ends. */
export type Held = { settle(): void };

export class FrameOutput {
  readonly #socket: Socket;
  #writer = createWriter();
  /** Where the part of the writer begins that is not yet in `#parts`. */
  #from = 0;
  #parts: Uint8Array[] = [];
  #held: Held[] = [];
  #scheduled = false;
  #spare: Writer | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The writer to append a frame to. */
  get frames(): Writer {
    this.#schedule();
    return this.#writer;
  }

  /** `held.settle()` is called before this turn's frames are written. */
  hold(held: Held): void {
    this.#held.push(held);
    this.#schedule();
  }

  /** A CHUNK frame. `bytes` must not change afterwards. */
  chunk(job: number, channel: Channel, bytes: Uint8Array): void {
    const out = this.frames;
    writeU32(out, bytes.length + 1);
    writeU8(out, FRAME.chunk);
    writeU8(out, 0);
    writeU16(out, 0);
    writeU32(out, job);
    writeU8(out, CHANNEL.indexOf(channel));
    if (bytes.length >= OWN_BUFFER) {
      this.#cut();
      this.#parts.push(bytes);
    } else {
      const needed = out.at + bytes.length;
      if (needed > out.bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(needed, out.bytes.length * 2));
        out.bytes.copy(larger, 0, 0, out.at);
        out.bytes = larger;
      }
      out.bytes.set(bytes, out.at);
      out.at = needed;
    }
  }

  /** Writes what is there now; `done` is called when the kernel has it. */
  flush(done?: () => void): void {
    this.#scheduled = false;
    const held = this.#held;
    this.#held = [];
    for (const one of held) one.settle();
    this.#scheduled = false;
    this.#cut();
    const parts = this.#parts;
    if (parts.length === 0) {
      done?.();
      return;
    }
    const used = this.#writer;
    this.#parts = [];
    this.#from = 0;
    this.#writer = this.#spare ?? createWriter();
    this.#spare = undefined;
    const free = () => {
      used.at = 0;
      if (used.bytes.length <= KEPT) this.#spare ??= used;
      done?.();
    };
    if (parts.length > 1) this.#socket.cork();
    for (let index = 0; index < parts.length - 1; index++) this.#socket.write(parts[index] as Uint8Array);
    this.#socket.write(parts[parts.length - 1] as Uint8Array, free);
    if (parts.length > 1) this.#socket.uncork();
  }

  #cut(): void {
    const { bytes, at } = this.#writer;
    if (at > this.#from) this.#parts.push(bytes.subarray(this.#from, at));
    this.#from = at;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }
}
