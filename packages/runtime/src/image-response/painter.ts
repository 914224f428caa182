/**
 * Draws one picture after the other in a thread, so that requests of this worker go on meanwhile, a drawing that never ends
 * can be stopped, and one that takes all memory costs the thread and not the worker.
 */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { PlainElement } from './element-tree.ts';
import type { Canvas, ImageFont } from './options.ts';
import { here, PAINTER } from './painter-thread.ts';
import type { Drawing, Drawn, SentFont } from './protocol.ts';

/** From the beginning of a drawing to its end; the first one loads fonts and modules. */
const TIMEOUT_MS = 15_000;
const MAX_WAITING = 64;
/** A thread without work ends, and gives its memory back. */
const IDLE_MS = 60_000;
const HEAP_MB = 512;
/** Fonts of the application that the thread may hold. */
const MAX_FONT_BYTES = 64 * 1024 * 1024;

type Waiting = { tree: PlainElement; canvas: Canvas; resolve: (png: Uint8Array) => void; reject: (error: Error) => void };
type Thread = { worker: Worker; sent: Map<string, number> };

const queue: Waiting[] = [];
let current: Waiting | undefined;
let thread: Thread | undefined;
let timer: NodeJS.Timeout | undefined;
let lastId = 0;

/** The PNG file of the tree. */
export function paint(tree: PlainElement, canvas: Canvas): Promise<Uint8Array> {
  if (queue.length >= MAX_WAITING) {
    return Promise.reject(new Error(`ImageResponse: ${MAX_WAITING} pictures are waiting to be drawn in this worker already.`));
  }
  return new Promise((resolve, reject) => {
    queue.push({ tree, canvas, resolve, reject });
    next();
  });
}

function next(): void {
  if (current) return;
  current = queue.shift();
  clearTimeout(timer);
  if (!current) {
    if (thread) timer = setTimeout(stop, IDLE_MS).unref();
    return;
  }
  const { width, height } = current.canvas;
  timer = setTimeout(() => fail(new Error(`ImageResponse: the picture of ${width} × ${height} pixels was not drawn within ${TIMEOUT_MS / 1000} s and was given up.`)), TIMEOUT_MS);
  timer.unref();
  try {
    thread ??= start();
    thread.worker.postMessage(drawing(thread, current));
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)));
  }
}

function start(): Thread {
  const worker = new Worker(new URL(here), { workerData: PAINTER, execArgv: [], env: {}, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
  worker.unref();
  const started: Thread = { worker, sent: new Map() };
  worker.on('message', (answer: Drawn) => {
    if (thread === started) finish(answer);
  });
  worker.on('error', (error: Error) => {
    if (thread === started) fail(new Error(`ImageResponse: the thread that draws failed: ${error.message}`, { cause: error }));
  });
  worker.on('exit', (code) => {
    if (thread === started) fail(new Error(`ImageResponse: the thread that draws ended (${code}).`));
  });
  return started;
}

function finish(answer: Drawn): void {
  const done = current;
  if (!done || answer.id !== lastId) return;
  current = undefined;
  if ('png' in answer) done.resolve(answer.png);
  else done.reject(Object.assign(new Error(answer.message), { stack: answer.stack }));
  next();
}

/** The drawing and its thread are given up; those that wait get a new one. */
function fail(error: Error): void {
  const failed = current;
  current = undefined;
  stop();
  failed?.reject(error);
  next();
}

function stop(): void {
  const old = thread;
  thread = undefined;
  void old?.worker.terminate();
}

function drawing({ sent }: Thread, { tree, canvas }: Waiting): Drawing {
  const held = [...sent.values()].reduce((sum, size) => sum + size, 0);
  const forgetFonts = held > MAX_FONT_BYTES;
  if (forgetFonts) sent.clear();
  const { width, height, debug, tailwindConfig } = canvas;
  return { id: ++lastId, tree, width, height, debug, tailwindConfig, forgetFonts, fonts: canvas.fonts.map((font) => sentFont(sent, font)) };
}

function sentFont(sent: Thread['sent'], { name, data, weight, style, lang }: ImageFont): SentFont {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const hash = hashOf(bytes);
  const isNew = !sent.has(hash);
  if (isNew) sent.set(hash, bytes.length);
  return { hash, data: isNew ? bytes : undefined, name, weight, style, lang };
}

const hashes = new WeakMap<ArrayBufferLike, string>();

/** Fonts are mostly read once, at the top of a module; pooled buffers are shared by several. */
function hashOf(bytes: Uint8Array): string {
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const known = whole ? hashes.get(bytes.buffer) : undefined;
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(bytes).digest('base64');
  if (whole) hashes.set(bytes.buffer, hash);
  return hash;
}
