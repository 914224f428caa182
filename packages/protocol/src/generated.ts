/**
 * The worker protocol in TypeScript. Generated from `crates/ironside-worker/src/wire` by `cargo xtask gen`: do not edit.
 *
 * `encode…` appends a whole frame to a writer, or nothing if it throws. `decode…` reads a payload and copies what it returns,
 * so the buffer may be used again.
 */
import {
  cursor, finish, readAscii, readBool, readBytes, readF64, readLazyHeaders, readHeaders, readList, readTail, readText, readU16, readU32,
  readU53, readU8, unknown, type Cursor,
} from './cursor.ts';
import type { HeaderBlock, HeaderPairs } from './headers.ts';
import {
  beginFrame, cancelFrame, endFrame, writeAscii, writeBool, writeBytes, writeF64, writeHeaders, writeLazyHeaders, writeList, writeOptional,
  writeTail, writeText, writeU16, writeU32, writeU53, writeU8, writeWord, type Writer,
} from './writer.ts';

export const PROTOCOL_VERSION = 4;
export const SCHEMA_HASH = '67e4d91e23a0ed21';
/** The first field of HELLO. */
export const MAGIC = 0x534e5249;
/** Bytes of a frame's header. */
export const HEADER_LEN = 12;
/** `job.route` where no route matched. */
export const NO_ROUTE = 0xffffffff;
/** Most bytes in one BODY, CHUNK or HEAD. */
export const MAX_CHUNK = 65536;
/** Most bytes of a cached value. */
export const MAX_VALUE = 2097152;

/** Type bytes. Bit 7 is set in frames that a worker sends. */
export const FRAME = {
  config: 0x01,
  job: 0x02,
  body: 0x03,
  bodyEnd: 0x04,
  cancel: 0x05,
  credit: 0x06,
  replyFrame: 0x07,
  ping: 0x08,
  drain: 0x09,
  invalidate: 0x0a,
  hello: 0x81,
  ready: 0x82,
  head: 0x83,
  chunk: 0x84,
  outcome: 0x85,
  afterDone: 0x86,
  requestCredit: 0x87,
  callFrame: 0x88,
  pong: 0x89,
  log: 0x8a,
  span: 0x8b,
  metric: 0x8c,
  fatal: 0x8d,
} as const;

/** Most payload bytes by type byte. */
export const FRAME_LIMIT: { readonly [code: number]: number } = {
  0x01: 1048576,
  0x02: 524288,
  0x03: 65536,
  0x04: 16,
  0x05: 16,
  0x06: 16,
  0x07: 2359296,
  0x08: 64,
  0x09: 16,
  0x0a: 1048576,
  0x81: 1024,
  0x82: 65536,
  0x83: 524288,
  0x84: 65537,
  0x85: 524288,
  0x86: 524288,
  0x87: 16,
  0x88: 2359296,
  0x89: 64,
  0x8a: 16384,
  0x8b: 16384,
  0x8c: 16384,
  0x8d: 65536,
};

/** One environment variable. */
export type Variable = {
  /** Its name. */
  name: string;
  /** Its value. */
  value: string;
};
function readVariable(c: Cursor): Variable {
  return {
    name: readText(c, 1024),
    value: readText(c, 65535),
  };
}
function writeVariable(out: Writer, value: Variable): void {
  writeText(out, value.name, 1024);
  writeText(out, value.value, 65535);
}

/** What a worker has to know before it loads anything. Secrets travel here and not in the environment, where any child process could read them. */
export type Config = {
  /** The build that is served. */
  deployment: string;
  /** The manifest's absolute path. */
  manifest: string;
  /** Keys that captured values of server functions are sealed with; the first one seals, all of them open. */
  keys: readonly Uint8Array[];
  /** Variables to set in `process.env`. */
  environment: readonly Variable[];
  /** Whether this is `ironside dev`. */
  development: boolean;
  /** This worker's number in the pool. */
  worker: number;
  /** Bytes of a request's body that the front may send before it gets credit. */
  streamWindow: number;
  /** Most jobs at once. */
  jobs: number;
  /** Bytes of a form's files that are kept in memory; the rest is put into temporary files. */
  formMemory: number;
  /** Most parts of a form. */
  formParts: number;
  /** Most bytes of all text fields of a form. */
  formText: number;
  /** Most bytes of the headers of one part of a form. */
  formHeader: number;
};
function readConfig(c: Cursor): Config {
  return {
    deployment: readText(c, 256),
    manifest: readText(c, 4096),
    keys: readList(c, 16, (c) => readBytes(c, 64)),
    environment: readList(c, 4096, readVariable),
    development: readBool(c),
    worker: readU32(c),
    streamWindow: readU32(c),
    jobs: readU16(c),
    formMemory: readU32(c),
    formParts: readU32(c),
    formText: readU32(c),
    formHeader: readU32(c),
  };
}
function writeConfig(out: Writer, value: Config): void {
  writeText(out, value.deployment, 256);
  writeText(out, value.manifest, 4096);
  writeList(out, value.keys, 16, (out, item) => writeBytes(out, item, 64));
  writeList(out, value.environment, 4096, writeVariable);
  writeBool(out, value.development);
  writeU32(out, value.worker);
  writeU32(out, value.streamWindow);
  writeU16(out, value.jobs);
  writeU32(out, value.formMemory);
  writeU32(out, value.formParts);
  writeU32(out, value.formText);
  writeU32(out, value.formHeader);
}

export function decodeConfig(bytes: Buffer, start: number, end: number): Config {
  const c = cursor(bytes, start, end);
  const frame = readConfig(c);
  finish(c);
  return frame;
}
export function encodeConfig(out: Writer, frame: Config, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x01, job, seq);
  try {
    writeConfig(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x01] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** What is to be done. */
export type JobKind = 'page' | 'action' | 'handler' | 'proxy' | 'prerender' | 'metadata' | 'control';
export const JOB_KIND: readonly JobKind[] = ['page', 'action', 'handler', 'proxy', 'prerender', 'metadata', 'control'];
const JOB_KIND_NUMBER: Record<JobKind, number> = { page: 0, action: 1, handler: 2, proxy: 3, prerender: 4, metadata: 5, control: 6 };
function readJobKind(c: Cursor): JobKind {
  const number = readU8(c);
  return JOB_KIND[number] ?? unknown(c, 'JobKind', number);
}

/** The form of the answer. */
export type JobVariant = 'html' | 'rsc' | 'prefetch';
export const JOB_VARIANT: readonly JobVariant[] = ['html', 'rsc', 'prefetch'];
const JOB_VARIANT_NUMBER: Record<JobVariant, number> = { html: 0, rsc: 1, prefetch: 2 };
function readJobVariant(c: Cursor): JobVariant {
  const number = readU8(c);
  return JOB_VARIANT[number] ?? unknown(c, 'JobVariant', number);
}

/** How the client came. */
export type Scheme = 'http' | 'https';
export const SCHEME: readonly Scheme[] = ['http', 'https'];
const SCHEME_NUMBER: Record<Scheme, number> = { http: 0, https: 1 };
function readScheme(c: Cursor): Scheme {
  const number = readU8(c);
  return SCHEME[number] ?? unknown(c, 'Scheme', number);
}

/** What kind of dynamic segment a parameter comes from. */
export type ParamKind = 'd' | 'c' | 'oc';
export const PARAM_KIND: readonly ParamKind[] = ['d', 'c', 'oc'];
const PARAM_KIND_NUMBER: Record<ParamKind, number> = { d: 0, c: 1, oc: 2 };
function readParamKind(c: Cursor): ParamKind {
  const number = readU8(c);
  return PARAM_KIND[number] ?? unknown(c, 'ParamKind', number);
}

/** The value of a dynamic segment. */
export type Param = {
  /** The segment's name. */
  name: string;
  /** The parts, percent-encoded as in the URL. One for `d`. */
  values: readonly string[];
  /** The segment's kind. */
  kind: ParamKind;
};
function readParam(c: Cursor): Param {
  return {
    name: readText(c, 256),
    values: readList(c, 256, (c) => readText(c, 8192)),
    kind: readParamKind(c),
  };
}
function writeParam(out: Writer, value: Param): void {
  writeText(out, value.name, 256);
  writeList(out, value.values, 256, (out, item) => writeText(out, item, 8192));
  writeWord(out, 'ParamKind', value.kind, PARAM_KIND_NUMBER);
}

/** One piece of work. */
export type Job = {
  /** What is to be done. */
  kind: JobKind;
  /** The form of the answer. */
  variant: JobVariant;
  /** The request's method. */
  method: string;
  /** How the client came. */
  scheme: Scheme;
  /** `host[:port]` as the client sees it. */
  authority: string;
  /** Canonical, percent-encoded, without `basePath`. */
  path: string;
  /** Raw, without `?`. */
  query: string;
  /** The client's address, after trusted proxies. */
  clientAddress: string;
  /** Index in the manifest's routes, or `NO_ROUTE`. */
  route: number;
  /** Values of the route's dynamic segments, in route order. */
  params: readonly Param[];
  /** An action's id, `""` for an action by form post, or the operation of a control job. */
  target: string;
  /** 0: the answer is not stored. */
  permit: number;
  /** Milliseconds that the job may take, 0 for no limit. */
  deadlineMs: number;
  /** Names the request in logs. */
  requestId: string;
  /** `traceparent`, or `""`. */
  trace: string;
  /** Response bytes that the worker may send before it gets more credit. */
  credit: number;
  /** Whether BODY frames and BODY_END follow. */
  hasBody: boolean;
  /** The request's headers, names in lower case. */
  headers: HeaderBlock;
};
function readJob(c: Cursor): Job {
  return {
    kind: readJobKind(c),
    variant: readJobVariant(c),
    method: readAscii(c, 32),
    scheme: readScheme(c),
    authority: readAscii(c, 1024),
    path: readText(c, 16384),
    query: readText(c, 32768),
    clientAddress: readAscii(c, 64),
    route: readU32(c),
    params: readList(c, 64, readParam),
    target: readText(c, 1024),
    permit: readU53(c),
    deadlineMs: readU32(c),
    requestId: readAscii(c, 128),
    trace: readAscii(c, 256),
    credit: readU32(c),
    hasBody: readBool(c),
    headers: readLazyHeaders(c),
  };
}
function writeJob(out: Writer, value: Job): void {
  writeWord(out, 'JobKind', value.kind, JOB_KIND_NUMBER);
  writeWord(out, 'JobVariant', value.variant, JOB_VARIANT_NUMBER);
  writeAscii(out, value.method, 32);
  writeWord(out, 'Scheme', value.scheme, SCHEME_NUMBER);
  writeAscii(out, value.authority, 1024);
  writeText(out, value.path, 16384);
  writeText(out, value.query, 32768);
  writeAscii(out, value.clientAddress, 64);
  writeU32(out, value.route);
  writeList(out, value.params, 64, writeParam);
  writeText(out, value.target, 1024);
  writeU53(out, value.permit);
  writeU32(out, value.deadlineMs);
  writeAscii(out, value.requestId, 128);
  writeAscii(out, value.trace, 256);
  writeU32(out, value.credit);
  writeBool(out, value.hasBody);
  writeLazyHeaders(out, value.headers);
}

export function decodeJob(bytes: Buffer, start: number, end: number): Job {
  const c = cursor(bytes, start, end);
  const frame = readJob(c);
  finish(c);
  return frame;
}
export function encodeJob(out: Writer, frame: Job, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x02, job, seq);
  try {
    writeJob(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x02] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** A part of the request's body. */
export type Body = {
  /** The bytes. */
  bytes: Uint8Array;
};
function readBody(c: Cursor): Body {
  return {
    bytes: readTail(c, 65536),
  };
}
function writeBody(out: Writer, value: Body): void {
  writeTail(out, value.bytes, 65536);
}

export function decodeBody(bytes: Buffer, start: number, end: number): Body {
  const c = cursor(bytes, start, end);
  const frame = readBody(c);
  finish(c);
  return frame;
}
export function encodeBody(out: Writer, frame: Body, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x03, job, seq);
  try {
    writeBody(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x03] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** How a request's body ended. */
export type BodyStatus = 'complete' | 'truncated' | 'over_limit';
export const BODY_STATUS: readonly BodyStatus[] = ['complete', 'truncated', 'over_limit'];
const BODY_STATUS_NUMBER: Record<BodyStatus, number> = { complete: 0, truncated: 1, over_limit: 2 };
function readBodyStatus(c: Cursor): BodyStatus {
  const number = readU8(c);
  return BODY_STATUS[number] ?? unknown(c, 'BodyStatus', number);
}

/** No BODY follows. */
export type BodyEnd = {
  /** Why. */
  status: BodyStatus;
};
function readBodyEnd(c: Cursor): BodyEnd {
  return {
    status: readBodyStatus(c),
  };
}
function writeBodyEnd(out: Writer, value: BodyEnd): void {
  writeWord(out, 'BodyStatus', value.status, BODY_STATUS_NUMBER);
}

export function decodeBodyEnd(bytes: Buffer, start: number, end: number): BodyEnd {
  const c = cursor(bytes, start, end);
  const frame = readBodyEnd(c);
  finish(c);
  return frame;
}
export function encodeBodyEnd(out: Writer, frame: BodyEnd, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x04, job, seq);
  try {
    writeBodyEnd(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x04] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** Why a job is cancelled. */
export type CancelReason = 'client_gone' | 'deadline' | 'drain' | 'over_limit' | 'superseded' | 'bad_response';
export const CANCEL_REASON: readonly CancelReason[] = ['client_gone', 'deadline', 'drain', 'over_limit', 'superseded', 'bad_response'];
const CANCEL_REASON_NUMBER: Record<CancelReason, number> = { client_gone: 0, deadline: 1, drain: 2, over_limit: 3, superseded: 4, bad_response: 5 };
function readCancelReason(c: Cursor): CancelReason {
  const number = readU8(c);
  return CANCEL_REASON[number] ?? unknown(c, 'CancelReason', number);
}

/** The worker should stop sending and end the job with its OUTCOME. */
export type Cancel = {
  /** Why. */
  reason: CancelReason;
};
function readCancel(c: Cursor): Cancel {
  return {
    reason: readCancelReason(c),
  };
}
function writeCancel(out: Writer, value: Cancel): void {
  writeWord(out, 'CancelReason', value.reason, CANCEL_REASON_NUMBER);
}

export function decodeCancel(bytes: Buffer, start: number, end: number): Cancel {
  const c = cursor(bytes, start, end);
  const frame = readCancel(c);
  finish(c);
  return frame;
}
export function encodeCancel(out: Writer, frame: Cancel, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x05, job, seq);
  try {
    writeCancel(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x05] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The worker may send this many response bytes more for the job. */
export type Credit = {
  /** Bytes that were taken by the client. */
  bytes: number;
};
function readCredit(c: Cursor): Credit {
  return {
    bytes: readU32(c),
  };
}
function writeCredit(out: Writer, value: Credit): void {
  writeU32(out, value.bytes);
}

export function decodeCredit(bytes: Buffer, start: number, end: number): Credit {
  const c = cursor(bytes, start, end);
  const frame = readCredit(c);
  finish(c);
  return frame;
}
export function encodeCredit(out: Writer, frame: Credit, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x06, job, seq);
  try {
    writeCredit(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x06] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** How the front would route a URL. */
export type Resolution =
  /** A page. */
  | { type: 'route'; route: number; params: readonly Param[]; path: string; query: string }
  /** A route handler or a file. */
  | { type: 'handler'; path: string; query: string }
  /** Another site. */
  | { type: 'external'; url: string }
  /** Nothing matches. */
  | { type: 'none' };
function readResolution(c: Cursor): Resolution {
  const number = readU8(c);
  switch (number) {
    case 0: return { type: 'route', route: readU32(c), params: readList(c, 64, readParam), path: readText(c, 16384), query: readText(c, 32768) };
    case 1: return { type: 'handler', path: readText(c, 16384), query: readText(c, 32768) };
    case 2: return { type: 'external', url: readText(c, 16384) };
    case 3: return { type: 'none' };
    default: return unknown(c, 'Resolution', number);
  }
}
function writeResolution(out: Writer, value: Resolution): void {
  switch (value.type) {
    case 'route':
      writeU8(out, 0);
      writeU32(out, value.route);
      writeList(out, value.params, 64, writeParam);
      writeText(out, value.path, 16384);
      writeText(out, value.query, 32768);
      break;
    case 'handler':
      writeU8(out, 1);
      writeText(out, value.path, 16384);
      writeText(out, value.query, 32768);
      break;
    case 'external':
      writeU8(out, 2);
      writeText(out, value.url, 16384);
      break;
    case 'none':
      writeU8(out, 3);
      break;
  }
}

/** The answer to a CALL. */
export type Reply =
  /** There is no such value. */
  | { type: 'miss'; permit?: number | undefined }
  /** A good value. */
  | { type: 'fresh'; value: Uint8Array }
  /** A value to be made anew. */
  | { type: 'stale'; permit?: number | undefined; value: Uint8Array }
  /** It was done. */
  | { type: 'done' }
  /** How the URL is routed. */
  | { type: 'resolved'; resolution: Resolution }
  /** It was not done. */
  | { type: 'refused'; reason: string }
  /** Whether it may happen now. */
  | { type: 'rated'; allowed: boolean; remaining: number; waitMs: number }
  /** It is the first under its key. */
  | { type: 'run'; ticket: number }
  /** It ran before. */
  | { type: 'replay'; value?: Uint8Array | undefined }
  /** Something else was submitted under the key. */
  | { type: 'mismatch' }
  /** Another job runs under the key, and takes too long to wait for. */
  | { type: 'busy' };
function readReply(c: Cursor): Reply {
  const number = readU8(c);
  switch (number) {
    case 0: return { type: 'miss', permit: readBool(c) ? readU53(c) : undefined };
    case 1: return { type: 'fresh', value: readBytes(c, 2097152) };
    case 2: return { type: 'stale', permit: readBool(c) ? readU53(c) : undefined, value: readBytes(c, 2097152) };
    case 3: return { type: 'done' };
    case 4: return { type: 'resolved', resolution: readResolution(c) };
    case 5: return { type: 'refused', reason: readText(c, 1024) };
    case 6: return { type: 'rated', allowed: readBool(c), remaining: readU32(c), waitMs: readU32(c) };
    case 7: return { type: 'run', ticket: readU53(c) };
    case 8: return { type: 'replay', value: readBool(c) ? readBytes(c, 2097152) : undefined };
    case 9: return { type: 'mismatch' };
    case 10: return { type: 'busy' };
    default: return unknown(c, 'Reply', number);
  }
}
function writeReply(out: Writer, value: Reply): void {
  switch (value.type) {
    case 'miss':
      writeU8(out, 0);
      writeOptional(out, value.permit, writeU53);
      break;
    case 'fresh':
      writeU8(out, 1);
      writeBytes(out, value.value, 2097152);
      break;
    case 'stale':
      writeU8(out, 2);
      writeOptional(out, value.permit, writeU53);
      writeBytes(out, value.value, 2097152);
      break;
    case 'done':
      writeU8(out, 3);
      break;
    case 'resolved':
      writeU8(out, 4);
      writeResolution(out, value.resolution);
      break;
    case 'refused':
      writeU8(out, 5);
      writeText(out, value.reason, 1024);
      break;
    case 'rated':
      writeU8(out, 6);
      writeBool(out, value.allowed);
      writeU32(out, value.remaining);
      writeU32(out, value.waitMs);
      break;
    case 'run':
      writeU8(out, 7);
      writeU53(out, value.ticket);
      break;
    case 'replay':
      writeU8(out, 8);
      writeOptional(out, value.value, (out, item) => writeBytes(out, item, 2097152));
      break;
    case 'mismatch':
      writeU8(out, 9);
      break;
    case 'busy':
      writeU8(out, 10);
      break;
  }
}

/** REPLY. */
export type ReplyFrame = {
  /** The answer. */
  reply: Reply;
};
function readReplyFrame(c: Cursor): ReplyFrame {
  return {
    reply: readReply(c),
  };
}
function writeReplyFrame(out: Writer, value: ReplyFrame): void {
  writeReply(out, value.reply);
}

export function decodeReplyFrame(bytes: Buffer, start: number, end: number): ReplyFrame {
  const c = cursor(bytes, start, end);
  const frame = readReplyFrame(c);
  finish(c);
  return frame;
}
export function encodeReplyFrame(out: Writer, frame: ReplyFrame, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x07, job, seq);
  try {
    writeReplyFrame(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x07] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** Are you there? */
export type Ping = {
  /** To be sent back. */
  nonce: number;
};
function readPing(c: Cursor): Ping {
  return {
    nonce: readU32(c),
  };
}
function writePing(out: Writer, value: Ping): void {
  writeU32(out, value.nonce);
}

export function decodePing(bytes: Buffer, start: number, end: number): Ping {
  const c = cursor(bytes, start, end);
  const frame = readPing(c);
  finish(c);
  return frame;
}
export function encodePing(out: Writer, frame: Ping, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x08, job, seq);
  try {
    writePing(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x08] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** Finish what you have; no new jobs follow. The worker exits after its last job. */
export type Drain = {
  /** How long that may take. */
  graceMs: number;
};
function readDrain(c: Cursor): Drain {
  return {
    graceMs: readU32(c),
  };
}
function writeDrain(out: Writer, value: Drain): void {
  writeU32(out, value.graceMs);
}

export function decodeDrain(bytes: Buffer, start: number, end: number): Drain {
  const c = cursor(bytes, start, end);
  const frame = readDrain(c);
  finish(c);
  return frame;
}
export function encodeDrain(out: Writer, frame: Drain, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x09, job, seq);
  try {
    writeDrain(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x09] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** Drop copies inside of the process that carry one of these tags. */
export type Invalidate = {
  /** The tags. */
  tags: readonly string[];
};
function readInvalidate(c: Cursor): Invalidate {
  return {
    tags: readList(c, 1024, (c) => readText(c, 768)),
  };
}
function writeInvalidate(out: Writer, value: Invalidate): void {
  writeList(out, value.tags, 1024, (out, item) => writeText(out, item, 768));
}

export function decodeInvalidate(bytes: Buffer, start: number, end: number): Invalidate {
  const c = cursor(bytes, start, end);
  const frame = readInvalidate(c);
  finish(c);
  return frame;
}
export function encodeInvalidate(out: Writer, frame: Invalidate, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x0a, job, seq);
  try {
    writeInvalidate(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x0a] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The worker's first frame. `magic` and `protocol` stay first in every version, so that a mismatch can be named. */
export type Hello = {
  /** `MAGIC`. */
  magic: number;
  /** `PROTOCOL_VERSION` of the runtime. */
  protocol: number;
  /** The schema hash that the runtime was generated from. */
  schema: string;
  /** The worker's process id. */
  pid: number;
  /** `process.version`. */
  node: string;
  /** Which build of the runtime this is. */
  runtime: string;
};
function readHello(c: Cursor): Hello {
  return {
    magic: readU32(c),
    protocol: readU16(c),
    schema: readAscii(c, 16),
    pid: readU32(c),
    node: readAscii(c, 64),
    runtime: readText(c, 256),
  };
}
function writeHello(out: Writer, value: Hello): void {
  writeU32(out, value.magic);
  writeU16(out, value.protocol);
  writeAscii(out, value.schema, 16);
  writeU32(out, value.pid);
  writeAscii(out, value.node, 64);
  writeText(out, value.runtime, 256);
}

export function decodeHello(bytes: Buffer, start: number, end: number): Hello {
  const c = cursor(bytes, start, end);
  const frame = readHello(c);
  finish(c);
  return frame;
}
export function encodeHello(out: Writer, frame: Hello, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x81, job, seq);
  try {
    writeHello(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x81] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The server bundles are loaded and jobs may come. */
export type Ready = {
  /** Milliseconds from the start of the process to HELLO. */
  bootMs: number;
  /** Milliseconds from CONFIG to READY. */
  loadMs: number;
  /** The bundles that were loaded, relative to the build folder. */
  bundles: readonly string[];
};
function readReady(c: Cursor): Ready {
  return {
    bootMs: readU32(c),
    loadMs: readU32(c),
    bundles: readList(c, 256, (c) => readText(c, 1024)),
  };
}
function writeReady(out: Writer, value: Ready): void {
  writeU32(out, value.bootMs);
  writeU32(out, value.loadMs);
  writeList(out, value.bundles, 256, (out, item) => writeText(out, item, 1024));
}

export function decodeReady(bytes: Buffer, start: number, end: number): Ready {
  const c = cursor(bytes, start, end);
  const frame = readReady(c);
  finish(c);
  return frame;
}
export function encodeReady(out: Writer, frame: Ready, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x82, job, seq);
  try {
    writeReady(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x82] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The result of a job. */
export type JobResult = 'ok' | 'redirect' | 'not_found' | 'thrown' | 'aborted' | 'timeout' | 'bad_response';
export const JOB_RESULT: readonly JobResult[] = ['ok', 'redirect', 'not_found', 'thrown', 'aborted', 'timeout', 'bad_response'];
const JOB_RESULT_NUMBER: Record<JobResult, number> = { ok: 0, redirect: 1, not_found: 2, thrown: 3, aborted: 4, timeout: 5, bad_response: 6 };
function readJobResult(c: Cursor): JobResult {
  const number = readU8(c);
  return JOB_RESULT[number] ?? unknown(c, 'JobResult', number);
}

/** An error of the application. */
export type ErrorInfo = {
  /** What the client may see of it. */
  digest: string;
  /** The message, for the log. */
  message: string;
  /** The stack, for the log. */
  stack: string;
};
function readErrorInfo(c: Cursor): ErrorInfo {
  return {
    digest: readText(c, 256),
    message: readText(c, 16384),
    stack: readText(c, 32768),
  };
}
function writeErrorInfo(out: Writer, value: ErrorInfo): void {
  writeText(out, value.digest, 256);
  writeText(out, value.message, 16384);
  writeText(out, value.stack, 32768);
}

/** The first API that made the work dynamic. */
export type DynamicReason = 'cookies' | 'headers' | 'searchParams' | 'connection' | 'draftMode' | 'noStore' | 'fetch' | 'config' | 'private' | 'cacheLife' | 'io' | 'random';
export const DYNAMIC_REASON: readonly DynamicReason[] = ['cookies', 'headers', 'searchParams', 'connection', 'draftMode', 'noStore', 'fetch', 'config', 'private', 'cacheLife', 'io', 'random'];
const DYNAMIC_REASON_NUMBER: Record<DynamicReason, number> = { cookies: 0, headers: 1, searchParams: 2, connection: 3, draftMode: 4, noStore: 5, fetch: 6, config: 7, private: 8, cacheLife: 9, io: 10, random: 11 };
function readDynamicReason(c: Cursor): DynamicReason {
  const number = readU8(c);
  return DYNAMIC_REASON[number] ?? unknown(c, 'DynamicReason', number);
}

/** What is invalidated. */
export type RevalidationKind = 'tag' | 'path';
export const REVALIDATION_KIND: readonly RevalidationKind[] = ['tag', 'path'];
const REVALIDATION_KIND_NUMBER: Record<RevalidationKind, number> = { tag: 0, path: 1 };
function readRevalidationKind(c: Cursor): RevalidationKind {
  const number = readU8(c);
  return REVALIDATION_KIND[number] ?? unknown(c, 'RevalidationKind', number);
}

/** How far below a path. */
export type RevalidationScope = 'page' | 'layout' | 'none';
export const REVALIDATION_SCOPE: readonly RevalidationScope[] = ['page', 'layout', 'none'];
const REVALIDATION_SCOPE_NUMBER: Record<RevalidationScope, number> = { page: 0, layout: 1, none: 2 };
function readRevalidationScope(c: Cursor): RevalidationScope {
  const number = readU8(c);
  return REVALIDATION_SCOPE[number] ?? unknown(c, 'RevalidationScope', number);
}

/** How hard. */
export type RevalidationMode = 'expire' | 'stale';
export const REVALIDATION_MODE: readonly RevalidationMode[] = ['expire', 'stale'];
const REVALIDATION_MODE_NUMBER: Record<RevalidationMode, number> = { expire: 0, stale: 1 };
function readRevalidationMode(c: Cursor): RevalidationMode {
  const number = readU8(c);
  return REVALIDATION_MODE[number] ?? unknown(c, 'RevalidationMode', number);
}

/** One invalidation. */
export type Revalidation = {
  /** What `value` is. */
  kind: RevalidationKind;
  /** The tag or the path. */
  value: string;
  /** How far below a path. */
  scope: RevalidationScope;
  /** How hard. */
  mode: RevalidationMode;
  /** For `stale`: seconds until it is gone. */
  expireSeconds?: number | undefined;
};
function readRevalidation(c: Cursor): Revalidation {
  return {
    kind: readRevalidationKind(c),
    value: readText(c, 3072),
    scope: readRevalidationScope(c),
    mode: readRevalidationMode(c),
    expireSeconds: readBool(c) ? readU32(c) : undefined,
  };
}
function writeRevalidation(out: Writer, value: Revalidation): void {
  writeWord(out, 'RevalidationKind', value.kind, REVALIDATION_KIND_NUMBER);
  writeText(out, value.value, 3072);
  writeWord(out, 'RevalidationScope', value.scope, REVALIDATION_SCOPE_NUMBER);
  writeWord(out, 'RevalidationMode', value.mode, REVALIDATION_MODE_NUMBER);
  writeOptional(out, value.expireSeconds, writeU32);
}

/** What `proxy.ts` decided. */
export type ProxyAction =
  /** Go on with the same URL. */
  | { type: 'next' }
  /** Go on with another URL. */
  | { type: 'rewrite'; url: string }
  /** Answer with a redirect. */
  | { type: 'redirect'; url: string; status: number }
  /** The proxy answered by itself: HEAD was sent. */
  | { type: 'respond' };
function readProxyAction(c: Cursor): ProxyAction {
  const number = readU8(c);
  switch (number) {
    case 0: return { type: 'next' };
    case 1: return { type: 'rewrite', url: readText(c, 16384) };
    case 2: return { type: 'redirect', url: readText(c, 16384), status: readU16(c) };
    case 3: return { type: 'respond' };
    default: return unknown(c, 'ProxyAction', number);
  }
}
function writeProxyAction(out: Writer, value: ProxyAction): void {
  switch (value.type) {
    case 'next':
      writeU8(out, 0);
      break;
    case 'rewrite':
      writeU8(out, 1);
      writeText(out, value.url, 16384);
      break;
    case 'redirect':
      writeU8(out, 2);
      writeText(out, value.url, 16384);
      writeU16(out, value.status);
      break;
    case 'respond':
      writeU8(out, 3);
      break;
  }
}

/** A decision and what it does to headers. */
export type ProxyDecision = {
  /** What to do. */
  action: ProxyAction;
  /** Replaces the request's headers, where the code asked for that. */
  requestHeaders?: HeaderPairs | undefined;
  /** Added to the response, whoever makes it. */
  responseHeaders: HeaderPairs;
};
function readProxyDecision(c: Cursor): ProxyDecision {
  return {
    action: readProxyAction(c),
    requestHeaders: readBool(c) ? readHeaders(c) : undefined,
    responseHeaders: readHeaders(c),
  };
}
function writeProxyDecision(out: Writer, value: ProxyDecision): void {
  writeProxyAction(out, value.action);
  writeOptional(out, value.requestHeaders, writeHeaders);
  writeHeaders(out, value.responseHeaders);
}

/** The one end of a job. */
export type Outcome = {
  /** How it ended. */
  result: JobResult;
  /** What was thrown. */
  error?: ErrorInfo | undefined;
  /** Why the answer belongs to this request only; absent where it is static. */
  dynamic?: DynamicReason | undefined;
  /** Tags of what was read. */
  tags: readonly string[];
  /** Seconds until the answer is stale; absent for never. */
  revalidate?: number | undefined;
  /** Seconds until a stale answer may not be served any more. */
  expire?: number | undefined;
  /** Seconds that a client may use the answer without asking. */
  stale?: number | undefined;
  /** What was invalidated, for the log. */
  revalidations: readonly Revalidation[];
  /** The decision of a proxy job. */
  proxy?: ProxyDecision | undefined;
  /** CPU time of the job. */
  cpuUs: number;
  /** Time from JOB to here. */
  wallUs: number;
  /** Whether `after()` callbacks run on; AFTER_DONE follows then. */
  after: boolean;
};
function readOutcome(c: Cursor): Outcome {
  return {
    result: readJobResult(c),
    error: readBool(c) ? readErrorInfo(c) : undefined,
    dynamic: readBool(c) ? readDynamicReason(c) : undefined,
    tags: readList(c, 128, (c) => readText(c, 768)),
    revalidate: readBool(c) ? readU32(c) : undefined,
    expire: readBool(c) ? readU32(c) : undefined,
    stale: readBool(c) ? readU32(c) : undefined,
    revalidations: readList(c, 256, readRevalidation),
    proxy: readBool(c) ? readProxyDecision(c) : undefined,
    cpuUs: readU32(c),
    wallUs: readU32(c),
    after: readBool(c),
  };
}
function writeOutcome(out: Writer, value: Outcome): void {
  writeWord(out, 'JobResult', value.result, JOB_RESULT_NUMBER);
  writeOptional(out, value.error, writeErrorInfo);
  writeOptional(out, value.dynamic, (out, item) => writeWord(out, 'DynamicReason', item, DYNAMIC_REASON_NUMBER));
  writeList(out, value.tags, 128, (out, item) => writeText(out, item, 768));
  writeOptional(out, value.revalidate, writeU32);
  writeOptional(out, value.expire, writeU32);
  writeOptional(out, value.stale, writeU32);
  writeList(out, value.revalidations, 256, writeRevalidation);
  writeOptional(out, value.proxy, writeProxyDecision);
  writeU32(out, value.cpuUs);
  writeU32(out, value.wallUs);
  writeBool(out, value.after);
}

/** Status and headers. Small complete answers need no other frame: `outcome` ends the job and `body` is all of it. */
export type Head = {
  /** 200 to 599. */
  status: number;
  /** The status text (`Response.statusText`), where it is not the usual one of the status. HTTP/1 only. */
  reason: string;
  /** The response's headers, names in lower case. */
  headers: HeaderPairs;
  /** Ends the job with this frame. */
  outcome?: Outcome | undefined;
  /** The first (or only) bytes for the client, counted against credit. */
  body: Uint8Array;
};
function readHead(c: Cursor): Head {
  return {
    status: readU16(c),
    reason: readText(c, 256),
    headers: readHeaders(c),
    outcome: readBool(c) ? readOutcome(c) : undefined,
    body: readTail(c, 65536),
  };
}
function writeHead(out: Writer, value: Head): void {
  writeU16(out, value.status);
  writeText(out, value.reason, 256);
  writeHeaders(out, value.headers);
  writeOptional(out, value.outcome, writeOutcome);
  writeTail(out, value.body, 65536);
}

export function decodeHead(bytes: Buffer, start: number, end: number): Head {
  const c = cursor(bytes, start, end);
  const frame = readHead(c);
  finish(c);
  return frame;
}
export function encodeHead(out: Writer, frame: Head, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x83, job, seq);
  try {
    writeHead(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x83] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** What a CHUNK belongs to. */
export type Channel = 'body' | 'payload';
export const CHANNEL: readonly Channel[] = ['body', 'payload'];
const CHANNEL_NUMBER: Record<Channel, number> = { body: 0, payload: 1 };
function readChannel(c: Cursor): Channel {
  const number = readU8(c);
  return CHANNEL[number] ?? unknown(c, 'Channel', number);
}

/** Bytes of the answer. Each CHUNK of the body is flushed to the client. */
export type Chunk = {
  /** Where they go. */
  channel: Channel;
  /** The bytes. */
  bytes: Uint8Array;
};
function readChunk(c: Cursor): Chunk {
  return {
    channel: readChannel(c),
    bytes: readTail(c, 65536),
  };
}
function writeChunk(out: Writer, value: Chunk): void {
  writeWord(out, 'Channel', value.channel, CHANNEL_NUMBER);
  writeTail(out, value.bytes, 65536);
}

export function decodeChunk(bytes: Buffer, start: number, end: number): Chunk {
  const c = cursor(bytes, start, end);
  const frame = readChunk(c);
  finish(c);
  return frame;
}
export function encodeChunk(out: Writer, frame: Chunk, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x84, job, seq);
  try {
    writeChunk(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x84] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

export function decodeOutcome(bytes: Buffer, start: number, end: number): Outcome {
  const c = cursor(bytes, start, end);
  const frame = readOutcome(c);
  finish(c);
  return frame;
}
export function encodeOutcome(out: Writer, frame: Outcome, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x85, job, seq);
  try {
    writeOutcome(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x85] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The `after()` callbacks of a job have ended. */
export type AfterDone = {
  /** What they invalidated, for the log. */
  revalidations: readonly Revalidation[];
  /** What they threw. */
  errors: readonly ErrorInfo[];
};
function readAfterDone(c: Cursor): AfterDone {
  return {
    revalidations: readList(c, 256, readRevalidation),
    errors: readList(c, 16, readErrorInfo),
  };
}
function writeAfterDone(out: Writer, value: AfterDone): void {
  writeList(out, value.revalidations, 256, writeRevalidation);
  writeList(out, value.errors, 16, writeErrorInfo);
}

export function decodeAfterDone(bytes: Buffer, start: number, end: number): AfterDone {
  const c = cursor(bytes, start, end);
  const frame = readAfterDone(c);
  finish(c);
  return frame;
}
export function encodeAfterDone(out: Writer, frame: AfterDone, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x86, job, seq);
  try {
    writeAfterDone(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x86] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The front may send this many bytes of the request's body more. */
export type RequestCredit = {
  /** Bytes that were taken by the code. */
  bytes: number;
};
function readRequestCredit(c: Cursor): RequestCredit {
  return {
    bytes: readU32(c),
  };
}
function writeRequestCredit(out: Writer, value: RequestCredit): void {
  writeU32(out, value.bytes);
}

export function decodeRequestCredit(bytes: Buffer, start: number, end: number): RequestCredit {
  const c = cursor(bytes, start, end);
  const frame = readRequestCredit(c);
  finish(c);
  return frame;
}
export function encodeRequestCredit(out: Writer, frame: RequestCredit, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x87, job, seq);
  try {
    writeRequestCredit(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x87] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** Whose value it is. Keys of different kinds never meet. */
export type CacheKind = 'fetch' | 'function' | 'directive';
export const CACHE_KIND: readonly CacheKind[] = ['fetch', 'function', 'directive'];
const CACHE_KIND_NUMBER: Record<CacheKind, number> = { fetch: 0, function: 1, directive: 2 };
function readCacheKind(c: Cursor): CacheKind {
  const number = readU8(c);
  return CACHE_KIND[number] ?? unknown(c, 'CacheKind', number);
}

/** A question of the worker. */
export type Call =
  /** Asks for a cached value. */
  | { op: 'cacheGet'; kind: CacheKind; key: Uint8Array; tags: readonly string[] }
  /** Stores a value. */
  | { op: 'cacheSet'; kind: CacheKind; permit?: number | undefined; key: Uint8Array; tags: readonly string[]; revalidate?: number | undefined; expire?: number | undefined; value: Uint8Array }
  /** Gives a permit back. */
  | { op: 'permitDrop'; permit: number }
  /** Invalidates. */
  | { op: 'revalidate'; items: readonly Revalidation[] }
  /** Asks for the routing of a URL. */
  | { op: 'resolve'; url: string }
  /** Counts one more call. */
  | { op: 'rateTake'; key: Uint8Array; byClient: boolean; burst: number; periodMs: number }
  /** Begins what may run once only. */
  | { op: 'idempotencyBegin'; key: Uint8Array; byClient: boolean; fingerprint: Uint8Array; keepS: number; patienceMs: number }
  /** Ends it. */
  | { op: 'idempotencyEnd'; ticket: number; keep: boolean; value?: Uint8Array | undefined };
function readCall(c: Cursor): Call {
  const number = readU8(c);
  switch (number) {
    case 0: return { op: 'cacheGet', kind: readCacheKind(c), key: readBytes(c, 1024), tags: readList(c, 128, (c) => readText(c, 768)) };
    case 1: return { op: 'cacheSet', kind: readCacheKind(c), permit: readBool(c) ? readU53(c) : undefined, key: readBytes(c, 1024), tags: readList(c, 128, (c) => readText(c, 768)), revalidate: readBool(c) ? readU32(c) : undefined, expire: readBool(c) ? readU32(c) : undefined, value: readBytes(c, 2097152) };
    case 2: return { op: 'permitDrop', permit: readU53(c) };
    case 3: return { op: 'revalidate', items: readList(c, 256, readRevalidation) };
    case 4: return { op: 'resolve', url: readText(c, 16384) };
    case 5: return { op: 'rateTake', key: readBytes(c, 32), byClient: readBool(c), burst: readU32(c), periodMs: readU32(c) };
    case 6: return { op: 'idempotencyBegin', key: readBytes(c, 32), byClient: readBool(c), fingerprint: readBytes(c, 32), keepS: readU32(c), patienceMs: readU32(c) };
    case 7: return { op: 'idempotencyEnd', ticket: readU53(c), keep: readBool(c), value: readBool(c) ? readBytes(c, 2097152) : undefined };
    default: return unknown(c, 'Call', number);
  }
}
function writeCall(out: Writer, value: Call): void {
  switch (value.op) {
    case 'cacheGet':
      writeU8(out, 0);
      writeWord(out, 'CacheKind', value.kind, CACHE_KIND_NUMBER);
      writeBytes(out, value.key, 1024);
      writeList(out, value.tags, 128, (out, item) => writeText(out, item, 768));
      break;
    case 'cacheSet':
      writeU8(out, 1);
      writeWord(out, 'CacheKind', value.kind, CACHE_KIND_NUMBER);
      writeOptional(out, value.permit, writeU53);
      writeBytes(out, value.key, 1024);
      writeList(out, value.tags, 128, (out, item) => writeText(out, item, 768));
      writeOptional(out, value.revalidate, writeU32);
      writeOptional(out, value.expire, writeU32);
      writeBytes(out, value.value, 2097152);
      break;
    case 'permitDrop':
      writeU8(out, 2);
      writeU53(out, value.permit);
      break;
    case 'revalidate':
      writeU8(out, 3);
      writeList(out, value.items, 256, writeRevalidation);
      break;
    case 'resolve':
      writeU8(out, 4);
      writeText(out, value.url, 16384);
      break;
    case 'rateTake':
      writeU8(out, 5);
      writeBytes(out, value.key, 32);
      writeBool(out, value.byClient);
      writeU32(out, value.burst);
      writeU32(out, value.periodMs);
      break;
    case 'idempotencyBegin':
      writeU8(out, 6);
      writeBytes(out, value.key, 32);
      writeBool(out, value.byClient);
      writeBytes(out, value.fingerprint, 32);
      writeU32(out, value.keepS);
      writeU32(out, value.patienceMs);
      break;
    case 'idempotencyEnd':
      writeU8(out, 7);
      writeU53(out, value.ticket);
      writeBool(out, value.keep);
      writeOptional(out, value.value, (out, item) => writeBytes(out, item, 2097152));
      break;
  }
}

/** CALL. */
export type CallFrame = {
  /** The question. */
  call: Call;
};
function readCallFrame(c: Cursor): CallFrame {
  return {
    call: readCall(c),
  };
}
function writeCallFrame(out: Writer, value: CallFrame): void {
  writeCall(out, value.call);
}

export function decodeCallFrame(bytes: Buffer, start: number, end: number): CallFrame {
  const c = cursor(bytes, start, end);
  const frame = readCallFrame(c);
  finish(c);
  return frame;
}
export function encodeCallFrame(out: Writer, frame: CallFrame, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x88, job, seq);
  try {
    writeCallFrame(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x88] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The answer to PING, which cannot be sent while JavaScript runs: that is what it measures. */
export type Pong = {
  /** The nonce of the PING. */
  nonce: number;
  /** The event loop's delay. */
  lagUs: number;
  /** Jobs that have not ended. */
  jobs: number;
  /** Bytes of heap in use. */
  heapUsed: number;
  /** Bytes of heap that V8 allows. */
  heapLimit: number;
  /** Resident bytes of the process. */
  rss: number;
};
function readPong(c: Cursor): Pong {
  return {
    nonce: readU32(c),
    lagUs: readU32(c),
    jobs: readU32(c),
    heapUsed: readU53(c),
    heapLimit: readU53(c),
    rss: readU53(c),
  };
}
function writePong(out: Writer, value: Pong): void {
  writeU32(out, value.nonce);
  writeU32(out, value.lagUs);
  writeU32(out, value.jobs);
  writeU53(out, value.heapUsed);
  writeU53(out, value.heapLimit);
  writeU53(out, value.rss);
}

export function decodePong(bytes: Buffer, start: number, end: number): Pong {
  const c = cursor(bytes, start, end);
  const frame = readPong(c);
  finish(c);
  return frame;
}
export function encodePong(out: Writer, frame: Pong, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x89, job, seq);
  try {
    writePong(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x89] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** How important a line is. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
export const LOG_LEVEL: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];
const LOG_LEVEL_NUMBER: Record<LogLevel, number> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };
function readLogLevel(c: Cursor): LogLevel {
  const number = readU8(c);
  return LOG_LEVEL[number] ?? unknown(c, 'LogLevel', number);
}

/** A named value. */
export type RecordField = {
  /** Its name. */
  name: string;
  /** Its value. */
  value: string;
};
function readRecordField(c: Cursor): RecordField {
  return {
    name: readText(c, 256),
    value: readText(c, 4096),
  };
}
function writeRecordField(out: Writer, value: RecordField): void {
  writeText(out, value.name, 256);
  writeText(out, value.value, 4096);
}

/** A log line. The frame's job tells whose it is. */
export type Log = {
  /** How important it is. */
  level: LogLevel;
  /** Which part wrote it. */
  target: string;
  /** The line. */
  message: string;
  /** Named values. */
  fields: readonly RecordField[];
};
function readLog(c: Cursor): Log {
  return {
    level: readLogLevel(c),
    target: readText(c, 256),
    message: readText(c, 12288),
    fields: readList(c, 32, readRecordField),
  };
}
function writeLog(out: Writer, value: Log): void {
  writeWord(out, 'LogLevel', value.level, LOG_LEVEL_NUMBER);
  writeText(out, value.target, 256);
  writeText(out, value.message, 12288);
  writeList(out, value.fields, 32, writeRecordField);
}

export function decodeLog(bytes: Buffer, start: number, end: number): Log {
  const c = cursor(bytes, start, end);
  const frame = readLog(c);
  finish(c);
  return frame;
}
export function encodeLog(out: Writer, frame: Log, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x8a, job, seq);
  try {
    writeLog(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x8a] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** A span of time. */
export type Span = {
  /** What it was. */
  name: string;
  /** This span, 16 hex digits. */
  id: string;
  /** The span around it, or `""`. */
  parent: string;
  /** Microseconds since the Unix epoch. */
  startUs: number;
  /** Microseconds since the Unix epoch. */
  endUs: number;
  /** Named values. */
  attributes: readonly RecordField[];
};
function readSpan(c: Cursor): Span {
  return {
    name: readText(c, 256),
    id: readAscii(c, 16),
    parent: readAscii(c, 16),
    startUs: readU53(c),
    endUs: readU53(c),
    attributes: readList(c, 32, readRecordField),
  };
}
function writeSpan(out: Writer, value: Span): void {
  writeText(out, value.name, 256);
  writeAscii(out, value.id, 16);
  writeAscii(out, value.parent, 16);
  writeU53(out, value.startUs);
  writeU53(out, value.endUs);
  writeList(out, value.attributes, 32, writeRecordField);
}

export function decodeSpan(bytes: Buffer, start: number, end: number): Span {
  const c = cursor(bytes, start, end);
  const frame = readSpan(c);
  finish(c);
  return frame;
}
export function encodeSpan(out: Writer, frame: Span, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x8b, job, seq);
  try {
    writeSpan(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x8b] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** How values of a metric are put together. */
export type MetricKind = 'counter' | 'gauge' | 'histogram';
export const METRIC_KIND: readonly MetricKind[] = ['counter', 'gauge', 'histogram'];
const METRIC_KIND_NUMBER: Record<MetricKind, number> = { counter: 0, gauge: 1, histogram: 2 };
function readMetricKind(c: Cursor): MetricKind {
  const number = readU8(c);
  return METRIC_KIND[number] ?? unknown(c, 'MetricKind', number);
}

/** One value of a metric. */
export type Metric = {
  /** Its name. */
  name: string;
  /** How values are put together. */
  kind: MetricKind;
  /** The value. */
  value: number;
  /** Labels. */
  labels: readonly RecordField[];
};
function readMetric(c: Cursor): Metric {
  return {
    name: readAscii(c, 128),
    kind: readMetricKind(c),
    value: readF64(c),
    labels: readList(c, 8, readRecordField),
  };
}
function writeMetric(out: Writer, value: Metric): void {
  writeAscii(out, value.name, 128);
  writeWord(out, 'MetricKind', value.kind, METRIC_KIND_NUMBER);
  writeF64(out, value.value);
  writeList(out, value.labels, 8, writeRecordField);
}

export function decodeMetric(bytes: Buffer, start: number, end: number): Metric {
  const c = cursor(bytes, start, end);
  const frame = readMetric(c);
  finish(c);
  return frame;
}
export function encodeMetric(out: Writer, frame: Metric, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x8c, job, seq);
  try {
    writeMetric(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x8c] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}

/** The process is about to exit because its state is unknown: an uncaught exception, an unhandled rejection. The frame's job is the one that it happened in, if that is known. */
export type Fatal = {
  /** The error's message. */
  message: string;
  /** Its stack. */
  stack: string;
};
function readFatal(c: Cursor): Fatal {
  return {
    message: readText(c, 16384),
    stack: readText(c, 32768),
  };
}
function writeFatal(out: Writer, value: Fatal): void {
  writeText(out, value.message, 16384);
  writeText(out, value.stack, 32768);
}

export function decodeFatal(bytes: Buffer, start: number, end: number): Fatal {
  const c = cursor(bytes, start, end);
  const frame = readFatal(c);
  finish(c);
  return frame;
}
export function encodeFatal(out: Writer, frame: Fatal, job = 0, seq = 0): void {
  const start = beginFrame(out, 0x8d, job, seq);
  try {
    writeFatal(out, frame);
    endFrame(out, start, FRAME_LIMIT[0x8d] ?? 0);
  } catch (error) {
    cancelFrame(out, start);
    throw error;
  }
}
