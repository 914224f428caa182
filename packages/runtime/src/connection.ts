/**
 * The worker's end of the connection to the front (`worker-protocol.md`): HELLO, CONFIG, READY, then jobs until the front
 * closes it. Takes frames apart, keeps the sessions of the jobs, and gives up where nothing can be mended.
 */
import {
  decodeBody, decodeBodyEnd, decodeCancel, decodeConfig, decodeCredit, decodeDrain, decodeInvalidate, decodeJob, decodePing, decodeReplyFrame,
  encodeFatal, encodeHello, encodeLog, encodePong, encodeReady, encodeSpan, FRAME, MAGIC, PROTOCOL_VERSION, SCHEMA_HASH, type Config, type Span,
} from '@ironside/protocol/generated.ts';
import { createSplitter } from '@ironside/protocol/splitter.ts';
import type { Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import { CallQueue } from './connection/call-queue.ts';
import { FrameOutput } from './connection/frame-output.ts';
import { JobSession } from './connection/job-session.ts';
import { describeError } from './errors.ts';
import { setLogSink, writeLog, type LogFields, type LogLevel } from './log.ts';
import { requestStorage } from './request-store.ts';
import type { Runners } from './runner.ts';
import { setSpanSink } from './spans.ts';

/** A stream that is out of step cannot be mended; the front reads this code. */
export const EXIT_PROTOCOL = 70;
const EXIT_FATAL = 1;
const EXIT_BOOT = 71;

export type ConnectionOptions = {
  /** Names this runtime in HELLO. */
  runtime: string;
  /** Called with CONFIG; the jobs that come after READY go to the runners that it gives. */
  boot(config: Config): Promise<{ runners: Runners; bundles: string[] }>;
  /** Called after READY was sent. */
  ready?(): void;
  /** Ends the process. */
  exit(code: number): void;
};

export class Connection {
  readonly #output: FrameOutput;
  readonly #calls: CallQueue;
  readonly #options: ConnectionOptions;
  readonly #sessions = new Map<number, JobSession>();
  #state: 'hello' | 'booting' | 'ready' | 'draining' | 'closed' = 'hello';
  #runners: Runners | undefined;
  #window = 0;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#output = new FrameOutput(socket);
    this.#calls = new CallQueue(this.#output);
    socket.on('end', () => this.#closed());
    socket.on('close', () => this.#closed());
    // What cannot be written any more has no reader.
    socket.on('error', () => this.#closed());
    setLogSink((level, target, message, fields) => this.#log(level, target, message, fields));
    setSpanSink((span) => this.#span(span));
    encodeHello(this.#output.frames, {
      magic: MAGIC, protocol: PROTOCOL_VERSION, schema: SCHEMA_HASH, pid: process.pid, node: process.version, runtime: options.runtime,
    });
  }

  /** For each delivery of the socket. Not to be called again from inside. */
  feed(bytes: Buffer, length: number): void {
    if (this.#state === 'closed') return;
    try {
      this.#splitter.feed(bytes, length);
    } catch (error) {
      process.stderr.write(`The connection to the server is out of step: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
      this.#state = 'closed';
      this.#options.exit(EXIT_PROTOCOL);
    }
  }

  /**
   * Something threw where nobody could catch it, in a timer mostly: a stream whose client has gone, while its source goes on
   * enqueueing. It is logged and ends the request that it belongs to; those of others go on.
   */
  uncaught(error: unknown): void {
    const session = this.#currentSession();
    logLost('application.uncaught', 'Nobody caught what was thrown outside of any call', error);
    session?.crash(error);
  }

  /** What must not happen has happened: says why, and ends the process. */
  fatal(error: unknown): void {
    const { message, stack } = describeError(error);
    encodeFatal(this.#output.frames, { message, stack }, this.#currentSession()?.id ?? 0);
    this.#flushAndExit(EXIT_FATAL);
  }

  readonly #splitter = createSplitter((code, job, seq, bytes, start, end) => {
    if (job === 0) this.#connectionFrame(code, bytes, start, end);
    else this.#jobFrame(code, job, seq, bytes, start, end);
  }, FRAME.body);

  readonly #fatal = (error: unknown) => this.fatal(error);

  readonly #sessionClosed = (session: JobSession) => {
    this.#sessions.delete(session.id);
    this.#exitIfDrained();
  };

  #connectionFrame(code: number, bytes: Buffer, start: number, end: number): void {
    switch (code) {
      case FRAME.config: return void this.#boot(decodeConfig(bytes, start, end));
      case FRAME.ping: return this.#pong(decodePing(bytes, start, end).nonce);
      case FRAME.drain:
        decodeDrain(bytes, start, end);
        this.#state = 'draining';
        return this.#exitIfDrained();
      case FRAME.invalidate:
        // The worker keeps no copies of cached values, so there is nothing to drop.
        decodeInvalidate(bytes, start, end);
        return;
      default:
        throw new Error(`A frame of type 0x${code.toString(16)} came without a job.`);
    }
  }

  #jobFrame(code: number, id: number, seq: number, bytes: Buffer, start: number, end: number): void {
    if (code === FRAME.job) return this.#start(id, bytes, start, end);
    // Frames for a job that has ended were sent before its end was read.
    const session = this.#sessions.get(id);
    switch (code) {
      case FRAME.body: return session?.body.push(decodeBody(bytes, start, end).bytes);
      case FRAME.bodyEnd: return session?.bodyEnded(decodeBodyEnd(bytes, start, end).status);
      case FRAME.cancel: return session?.cancel(decodeCancel(bytes, start, end).reason);
      case FRAME.credit: return session?.out.grant(decodeCredit(bytes, start, end).bytes);
      case FRAME.replyFrame:
        this.#calls.reply(seq, decodeReplyFrame(bytes, start, end).reply);
        return;
      default:
        throw new Error(`A frame of type 0x${code.toString(16)} came for a job.`);
    }
  }

  async #boot(config: Config): Promise<void> {
    if (this.#state !== 'hello') throw new Error('CONFIG came twice.');
    this.#state = 'booting';
    this.#window = config.streamWindow;
    const started = performance.now();
    try {
      const { runners, bundles } = await this.#options.boot(config);
      this.#runners = runners;
      this.#state = 'ready';
      encodeReady(this.#output.frames, { bootMs: Math.round(started), loadMs: Math.round(performance.now() - started), bundles });
      this.#options.ready?.();
    } catch (error) {
      const { message, stack } = describeError(error);
      encodeFatal(this.#output.frames, { message, stack });
      this.#flushAndExit(EXIT_BOOT);
    }
  }

  #start(id: number, bytes: Buffer, start: number, end: number): void {
    const runners = this.#runners;
    if (!runners || this.#sessions.has(id)) throw new Error(`The job ${id} came ${runners ? 'twice' : 'before READY'}.`);
    const session = new JobSession(id, decodeJob(bytes, start, end), this.#window, this.#output, this.#calls, this.#sessionClosed);
    this.#sessions.set(id, session);
    session.run(runners, this.#fatal);
  }

  #pong(nonce: number): void {
    const asked = performance.now();
    // Until the loop has come round once: what a frame waits for that arrives now.
    setImmediate(() => {
      const heap = getHeapStatistics();
      encodePong(this.#output.frames, {
        nonce, lagUs: Math.min(0xffff_ffff, Math.round((performance.now() - asked) * 1000)), jobs: this.#sessions.size,
        heapUsed: heap.used_heap_size, heapLimit: heap.heap_size_limit, rss: process.memoryUsage.rss(),
      });
    });
  }

  #exitIfDrained(): void {
    if (this.#state === 'draining' && this.#sessions.size === 0) this.#flushAndExit(0);
  }

  #closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#options.exit(0);
  }

  /** With an upper limit, for the front may have stopped reading. */
  #flushAndExit(code: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const exit = () => this.#options.exit(code);
    setTimeout(exit, 1000).unref();
    this.#output.flush(exit);
  }

  #currentSession(): JobSession | undefined {
    const channel = requestStorage.getStore()?.channel;
    return channel instanceof JobSession && channel.live ? channel : undefined;
  }

  #span(span: Span): void {
    const job = this.#state === 'closed' ? undefined : this.#currentSession()?.id;
    if (job === undefined) return;
    try {
      encodeSpan(this.#output.frames, span, job);
    } catch (error) {
      process.stderr.write(`A span named ${span.name} could not be sent: ${String(error)}\n`);
    }
  }

  #log(level: LogLevel, target: string, message: string, fields: LogFields): void {
    if (this.#state === 'closed') return;
    const list = Object.entries(fields).slice(0, 32).map(([name, value]) => ({ name, value: limited(value, 4096) }));
    try {
      encodeLog(this.#output.frames, { level, target, message: limited(message, 8192 - 1024), fields: fitting(list) }, this.#currentSession()?.id ?? 0);
    } catch (error) {
      process.stderr.write(`${level} ${target}: ${message}\n(this record could not be sent: ${String(error)})\n`);
    }
  }
}

/** LOG frames have 16 KiB. */
function fitting<T extends { value: string }>(fields: T[]): T[] {
  let left = 8192 - 512;
  return fields.map((field) => {
    const value = limited(field.value, Math.max(0, left));
    left -= Buffer.byteLength(value);
    return { ...field, value };
  });
}

/** Text of at most so many bytes in UTF-8. */
function limited(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length <= most ? bytes.toString('utf8') : bytes.toString('utf8', 0, most).replace(/\ufffd+$/, '');
}

/** Logs what nobody waits for, and goes on: one forgotten `await` must not cost the requests of others. */
export function logUnhandledRejection(reason: unknown): void {
  logLost('application.unhandled', 'A promise was rejected and nobody waits for it', reason);
}

function logLost(target: string, what: string, error: unknown): void {
  const { digest, message, stack } = describeError(error);
  writeLog('error', target, `${what}: ${message}`, { digest, stack });
}
