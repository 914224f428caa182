/**
 * Cuts what a socket delivers into frames. The socket's buffer is used again after each delivery, so a frame that is only
 * partly there is kept in a buffer of our own; complete ones are handed on without a copy.
 */
import { ProtocolError, u32At } from './cursor.ts';
import { FRAME_LIMIT, HEADER_LEN } from './generated.ts';

/** Gets a frame: the payload is `bytes` from `start` to `end`, valid until it returns. */
export type FrameHandler = (code: number, job: number, seq: number, bytes: Buffer, start: number, end: number) => void;

export type Splitter = {
  /** Takes the first `length` bytes of `bytes`. Throws a `ProtocolError` when the stream is out of step. */
  feed(bytes: Buffer, length: number): void;
};

/**
 * Frames of the type `piecewise` are handed on in pieces as they arrive, each as if it were a frame of its own: bodies are
 * long, mean the same in any pieces, and need not be collected first.
 */
export function createSplitter(handle: FrameHandler, piecewise?: number): Splitter {
  let kept = Buffer.alloc(0);
  let keptLength = 0;
  /** What is missing of a frame that is handed on in pieces, and whose it is. */
  let missing = 0;
  let missingJob = 0;

  /** Handles the complete frames and returns how many bytes they took. */
  function split(bytes: Buffer, length: number): number {
    let at = 0;
    if (missing > 0) {
      at = Math.min(missing, length);
      missing -= at;
      if (at > 0) handle(piecewise as number, missingJob, 0, bytes, 0, at);
    }
    while (length - at >= HEADER_LEN) {
      const size = u32At(bytes, at);
      const code = bytes[at + 4]!;
      const limit = FRAME_LIMIT[code];
      if (limit === undefined) throw new ProtocolError(`there is no frame of type 0x${code.toString(16)}`);
      if (size > limit) throw new ProtocolError(`a frame of type 0x${code.toString(16)} has ${size} bytes, at most ${limit} are allowed`);
      if (bytes[at + 5] !== 0) throw new ProtocolError(`a frame has the unknown flags ${bytes[at + 5]}`);
      const start = at + HEADER_LEN;
      if (length - start < size) {
        if (code !== piecewise) break;
        missingJob = u32At(bytes, at + 8);
        missing = size - (length - start);
        if (length > start) handle(code, missingJob, 0, bytes, start, length);
        return length;
      }
      handle(code, u32At(bytes, at + 8), bytes[at + 6]! | (bytes[at + 7]! << 8), bytes, start, start + size);
      at = start + size;
    }
    return at;
  }

  function keep(bytes: Buffer, from: number, to: number): void {
    const needed = keptLength + to - from;
    if (needed > kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, kept.length * 2, 1 << 16));
      kept.copy(larger, 0, 0, keptLength);
      kept = larger;
    }
    bytes.copy(kept, keptLength, from, to);
    keptLength = needed;
  }

  return {
    feed(bytes, length) {
      if (keptLength === 0) {
        const used = split(bytes, length);
        if (used < length) keep(bytes, used, length);
        return;
      }
      keep(bytes, 0, length);
      const used = split(kept, keptLength);
      kept.copyWithin(0, used, keptLength);
      keptLength -= used;
    },
  };
}
