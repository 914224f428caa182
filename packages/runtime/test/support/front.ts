/** The front's end of a connection, in this process: sends frames as Rust does and collects what comes back. */
import {
  decodeAfterDone, decodeCallFrame, decodeChunk, decodeFatal, decodeHead, decodeHello, decodeLog, decodeOutcome, decodePong, decodeReady, decodeRequestCredit,
  encodeBody, encodeBodyEnd, encodeCancel, encodeConfig, encodeCredit, encodeDrain, encodeJob, encodePing, encodeReplyFrame, FRAME,
  type Call, type CancelReason, type Config, type Job, type Outcome, type Reply,
} from '@ironside/protocol/generated.ts';
import { headerBlock } from '@ironside/protocol/headers.ts';
import { createSplitter } from '@ironside/protocol/splitter.ts';
import { createWriter, type Writer } from '@ironside/protocol/writer.ts';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '../../src/connection.ts';
import type { Runners } from '../../src/runner.ts';

export type Received = { name: string; job: number; seq: number; frame: Record<string, unknown> };

const DECODERS: Record<number, [string, (bytes: Buffer, start: number, end: number) => object]> = {
  [FRAME.hello]: ['hello', decodeHello], [FRAME.ready]: ['ready', decodeReady], [FRAME.head]: ['head', decodeHead], [FRAME.chunk]: ['chunk', decodeChunk],
  [FRAME.outcome]: ['outcome', decodeOutcome], [FRAME.afterDone]: ['afterDone', decodeAfterDone], [FRAME.requestCredit]: ['requestCredit', decodeRequestCredit],
  [FRAME.callFrame]: ['call', decodeCallFrame], [FRAME.pong]: ['pong', decodePong], [FRAME.log]: ['log', decodeLog], [FRAME.fatal]: ['fatal', decodeFatal],
};

export type Answer = { status: number; reason: string; headers: [string, string][]; body: Buffer; outcome: Outcome; frames: string[] };
export type JobInput = Partial<Omit<Job, 'headers'>> & { headers?: [string, string][]; body?: Uint8Array[] };

export type Front = {
  received: Received[];
  exits: number[];
  send(write: (out: Writer) => void): void;
  /** Waits for a frame that was not looked at before. */
  next(name: string, job?: number): Promise<Received>;
  start(input: JobInput): number;
  answer(job: number, autoCredit?: boolean): Promise<Answer>;
  cancel(job: number, reason: CancelReason): void;
  credit(job: number, bytes: number): void;
  body(job: number, bytes: Uint8Array): void;
  bodyEnd(job: number): void;
  ping(nonce: number): void;
  drain(): void;
  /** Answers calls from now on. */
  onCall(answer: (call: Call) => Reply): void;
  socket: Duplex;
  /** Takes a worker that has just connected to READY. */
  boot(config?: Partial<Config>): Promise<void>;
  close(): Promise<void>;
};

export const WINDOW = 256 * 1024;

/** Connects a `Connection` with these runners to a front, and takes it to READY. */
export async function startFront(runners: Partial<Runners>): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), 'ironside-test-'));
  const server = createServer();
  server.listen(join(folder, 'socket'));
  await once(server, 'listening');
  const socket = connect(join(folder, 'socket'));
  const [worker] = await once(server, 'connection') as [Socket];
  const exits: number[] = [];
  const connection = new Connection(worker, {
    runtime: 'test', boot: () => Promise.resolve({ runners: runners as Runners, bundles: [] }), exit: (code) => exits.push(code),
  });
  worker.on('data', (bytes: Buffer) => connection.feed(bytes, bytes.length));
  const front = frontOver(socket, exits, async () => {
    socket.destroy();
    worker.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  await front.boot();
  return front;
}

/** The front's end of any connection to a worker. */
export function frontOver(socket: Duplex, exits: number[], close: () => Promise<void>): Front {
  const received: Received[] = [];
  const seen = new Set<Received>();
  let wake: (() => void)[] = [];
  let answerCall: ((call: Call) => Reply) | undefined;
  const send = (write: (out: Writer) => void) => {
    const out = createWriter();
    write(out);
    socket.write(out.bytes.subarray(0, out.at));
  };
  const splitter = createSplitter((code, job, seq, bytes, start, end) => {
    const [name, decode] = DECODERS[code] ?? [`0x${code.toString(16)}`, () => ({})];
    const frame = decode(bytes, start, end) as Record<string, unknown>;
    received.push({ name, job, seq, frame });
    if (name === 'call' && answerCall) send((out) => encodeReplyFrame(out, { reply: answerCall!(frame['call'] as Call) }, job, seq));
    for (const one of wake.splice(0)) one();
  });
  socket.on('data', (bytes: Buffer) => splitter.feed(bytes, bytes.length));
  // A process that is killed has not read all that it was sent.
  socket.on('error', () => undefined);
  const more = () => new Promise<void>((resolve) => { wake.push(resolve); });
  let last = 0;

  const front: Front = {
    received, exits, send, socket,
    async next(name, job) {
      for (;;) {
        const found = received.find((one) => one.name === name && (job === undefined || one.job === job) && !seen.has(one));
        if (found) {
          seen.add(found);
          return found;
        }
        await more();
      }
    },
    start({ headers = [], body, ...input }) {
      const id = ++last;
      send((out) => {
        encodeJob(out, {
          kind: 'handler', variant: 'html', method: 'GET', scheme: 'http', authority: 'shop.example', path: '/', query: '', clientAddress: '127.0.0.1',
          route: 0, params: [], target: '', permit: 0, deadlineMs: 0, requestId: 'r', trace: '', credit: WINDOW, hasBody: body !== undefined,
          headers: headerBlock(headers), ...input,
        }, id);
        for (const bytes of body ?? []) encodeBody(out, { bytes }, id);
        if (body && body.length > 0) encodeBodyEnd(out, { status: 'complete' }, id);
      });
      return id;
    },
    async answer(job, autoCredit = true) {
      const chunks: Buffer[] = [];
      const frames: string[] = [];
      let head: Received['frame'] | undefined;
      for (;;) {
        const one = received.find((frame) => frame.job === job && ['head', 'chunk', 'outcome'].includes(frame.name) && !seen.has(frame));
        if (!one) {
          await more();
          continue;
        }
        seen.add(one);
        frames.push(one.name);
        if (one.name === 'head') head = one.frame;
        const bytes = Buffer.from((one.name === 'head' ? one.frame['body'] : one.name === 'chunk' && one.frame['channel'] === 'body' ? one.frame['bytes'] : undefined) as Uint8Array | undefined ?? []);
        chunks.push(bytes);
        const outcome = (one.name === 'outcome' ? one.frame : one.frame['outcome']) as Outcome | undefined;
        if (outcome) {
          return { status: (head?.['status'] as number | undefined) ?? 0, reason: (head?.['reason'] as string | undefined) ?? '', headers: (head?.['headers'] as [string, string][] | undefined) ?? [], body: Buffer.concat(chunks), outcome, frames };
        }
        if (autoCredit && bytes.length > 0) front.credit(job, bytes.length);
      }
    },
    cancel: (job, reason) => send((out) => encodeCancel(out, { reason }, job)),
    credit: (job, bytes) => send((out) => encodeCredit(out, { bytes }, job)),
    body: (job, bytes) => send((out) => encodeBody(out, { bytes }, job)),
    bodyEnd: (job) => send((out) => encodeBodyEnd(out, { status: 'complete' }, job)),
    ping: (nonce) => send((out) => encodePing(out, { nonce })),
    drain: () => send((out) => encodeDrain(out, { graceMs: 1000 })),
    onCall(answer) { answerCall = answer; },
    async boot(config = {}) {
      await front.next('hello');
      send((out) => encodeConfig(out, { deployment: 'd', manifest: '/m', keys: [], environment: [], development: false, worker: 0, streamWindow: WINDOW, jobs: 64, formMemory: 1 << 20, formParts: 1000, formText: 1 << 20, formHeader: 16384, ...config }));
      for (;;) {
        const fatal = received.find((one) => one.name === 'fatal');
        if (fatal) throw new Error(`The worker could not start: ${String(fatal.frame['stack'])}`);
        if (received.some((one) => one.name === 'ready')) return;
        await more();
      }
    },
    close,
  };
  return front;
}
