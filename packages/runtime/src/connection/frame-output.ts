/**
 * Everything that goes to the front: frames collect in one buffer, which is written once per turn of the event loop. Large
 * chunks keep their own buffer and go out in the same `writev`.
 */
import { CHANNEL, FRAME, type Channel } from '@ironside/protocol/generated.ts';
import { createWriter, writeTail, writeU16, writeU32, writeU8, type Writer } from '@ironside/protocol/writer.ts';
import type { Socket } from 'node:net';

/** From here on a chunk is not copied: below, a copy costs less than a buffer and a write of its own. */
const OWN_BUFFER = 16 * 1024;
/** A buffer is left for the next one when it has this many bytes, so that hardly any ever grows. */
const FULL = 192 * 1024;
const CAPACITY = 256 * 1024;
/** So many empty buffers are kept. Making them anew for each turn would be memory that V8 cleans up behind us all the time. */
const KEPT = 8;

/** Something that has decided what to send, but may still change it until the turn ends. */
export type Held = { settle(): void };

/** One write is under way at a time. What is made meanwhile goes out with the next, in fewer and larger pieces. */
export class FrameOutput {
  readonly #socket: Socket;
  #writer = createWriter(CAPACITY);
  /** Where the part of the writer begins that is not yet in `#parts`. */
  #from = 0;
  #parts: Uint8Array[] = [];
  /** Writers whose bytes are in `#parts`. */
  #used: Writer[] = [];
  #spare: Writer[] = [];
  #held: Held[] = [];
  #told: (() => void)[] = [];
  #scheduled = false;
  #writing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The writer to append a frame to; to be asked for each frame anew. */
  get frames(): Writer {
    this.#schedule();
    if (this.#writer.at >= FULL) this.#next();
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
      writeTail(out, bytes, OWN_BUFFER);
    }
  }

  /** Writes what is there now, or as soon as the kernel has what was written before; `done` is called when it has all of it. */
  flush(done?: () => void): void {
    if (done) this.#told.push(done);
    if (this.#writing) {
      this.#scheduled = true;
      return;
    }
    const held = this.#held;
    this.#held = [];
    for (const one of held) one.settle();
    this.#scheduled = false;
    if (this.#writer.at > 0) this.#next();
    const parts = this.#parts;
    const used = this.#used;
    const told = this.#told;
    this.#parts = [];
    this.#used = [];
    this.#told = [];
    if (parts.length === 0) {
      for (const tell of told) tell();
      return;
    }
    this.#writing = true;
    this.#write(parts, () => {
      this.#writing = false;
      for (const writer of used) this.#keep(writer);
      for (const tell of told) tell();
      if (this.#scheduled) this.flush();
    });
  }

  #write(parts: readonly Uint8Array[], done: () => void): void {
    const last = parts.length - 1;
    if (last > 0) this.#socket.cork();
    for (let index = 0; index < last; index++) this.#socket.write(parts[index] as Uint8Array);
    this.#socket.write(parts[last] as Uint8Array, done);
    if (last > 0) this.#socket.uncork();
  }

  #cut(): void {
    const { bytes, at } = this.#writer;
    if (at > this.#from) this.#parts.push(bytes.subarray(this.#from, at));
    this.#from = at;
  }

  /** Leaves the writer to what is sent, for an empty one. */
  #next(): void {
    this.#cut();
    this.#used.push(this.#writer);
    this.#writer = this.#spare.pop() ?? createWriter(CAPACITY);
    this.#from = 0;
  }

  #keep(writer: Writer): void {
    if (writer.bytes.length > CAPACITY || this.#spare.length >= KEPT) return;
    writer.at = 0;
    this.#spare.push(writer);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (!this.#writing) setImmediate(() => this.flush());
  }
}
