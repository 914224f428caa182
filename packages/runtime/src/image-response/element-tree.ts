/**
 * An element as plain data: components are called, fragments opened, functions left out. What remains can be handed to the
 * thread that draws. Components run here, in the request that they belong to, so `cookies()` and `fetch` work in them.
 */
import { isClientReference, nameOfType } from './component-name.ts';

export type PlainNode = string | PlainElement;
export type PlainElement = { type: string; props: { children?: PlainNode[]; [name: string]: unknown } };

/** More than any picture has; a tree that never ends is stopped here. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 400;

const ELEMENTS = new Set<symbol>([Symbol.for('react.transitional.element'), Symbol.for('react.element')]);
const TRANSPARENT = new Set<symbol>(['react.fragment', 'react.suspense', 'react.strict_mode', 'react.profiler'].map((name) => Symbol.for(name)));
const MEMO = Symbol.for('react.memo');
const FORWARD_REF = Symbol.for('react.forward_ref');
const LAZY = Symbol.for('react.lazy');

type Walk = { nodes: number };
type Lazy = { _payload: unknown; _init: (payload: unknown) => unknown };
type Special = { $$typeof?: symbol; type?: unknown; render?: (props: object, ref: null) => unknown };

/** The one element that is drawn. */
export async function plainTree(root: unknown): Promise<PlainElement> {
  const nodes = await nodesOf(root, { nodes: 0 }, []);
  const [first] = nodes;
  if (nodes.length === 1 && typeof first === 'object') return first;
  if (nodes.length === 0) throw new TypeError('ImageResponse: there is nothing to draw; the element is empty.');
  return { type: 'div', props: { style: { display: 'flex', width: '100%', height: '100%' }, children: nodes } };
}

async function nodesOf(node: unknown, walk: Walk, path: readonly string[]): Promise<PlainNode[]> {
  if (node === null || node === undefined || typeof node === 'boolean') return [];
  if (++walk.nodes > MAX_NODES) throw new RangeError(`ImageResponse: the element has more than ${MAX_NODES} nodes.`);
  if (path.length > MAX_DEPTH) throw new RangeError(`ImageResponse: elements are nested more than ${MAX_DEPTH} deep${at(path.slice(0, 8))} …`);
  if (typeof node === 'string') return [node];
  if (typeof node === 'number' || typeof node === 'bigint') return [String(node)];
  if (typeof node !== 'object') throw new TypeError(`ImageResponse: a ${typeof node} cannot be drawn${at(path)}.`);
  if (node instanceof Promise) return nodesOf(await node, walk, path);
  const type = (node as Special).$$typeof;
  if (type !== undefined && ELEMENTS.has(type)) return elementNodes(node as { type: unknown; props: Record<string, unknown> }, walk, path);
  if (type === LAZY) return nodesOf(await loaded(node as Lazy), walk, path);
  if (Symbol.iterator in node) {
    const all: PlainNode[] = [];
    for (const child of node as Iterable<unknown>) all.push(...await nodesOf(child, walk, path));
    return all;
  }
  throw new TypeError(`ImageResponse: an object (${Object.keys(node).slice(0, 5).join(', ')}) is no element and cannot be drawn${at(path)}.`);
}

async function elementNodes({ type, props }: { type: unknown; props: Record<string, unknown> }, walk: Walk, path: readonly string[]): Promise<PlainNode[]> {
  if (typeof type === 'symbol' && TRANSPARENT.has(type)) return nodesOf(props['children'], walk, path);
  if (typeof type === 'string') return [await hostElement(type, props, walk, [...path, type])];
  const inside = [...path, nameOfType(type)];
  if (isClientReference(type)) {
    throw new TypeError(`ImageResponse: <${nameOfType(type)}> is a client component, and pictures are drawn on the server${at(path)}. Use plain elements (<img> instead of next/image), or move it to a file without 'use client'.`);
  }
  const { $$typeof: special, type: inner, render } = (typeof type === 'object' && type !== null ? type : {}) as Special;
  if (special === MEMO) return elementNodes({ type: inner, props }, walk, path);
  if (special === LAZY) return elementNodes({ type: await loaded(type as unknown as Lazy), props }, walk, path);
  if (special === FORWARD_REF && render) return nodesOf(await called(() => render(props, null), inside), walk, inside);
  if (typeof type !== 'function' || (type.prototype as { isReactComponent?: unknown } | undefined)?.isReactComponent) {
    throw new TypeError(`ImageResponse: <${nameOfType(type)}> is of a kind that pictures cannot have${at(path)}; use elements and function components.`);
  }
  return nodesOf(await called(() => (type as (props: object) => unknown)(props), inside), walk, inside);
}

/** A component has no React around it here, so hooks fail with an error that says nothing. */
async function called(run: () => unknown, path: readonly string[]): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    const hook = error instanceof TypeError ? /of null \(reading '(use\w*)'\)|(\buse[A-Z]\w*) is not a function/.exec(error.message) : null;
    if (!hook) throw error;
    throw new TypeError(`ImageResponse: a component calls the hook \`${hook[1] ?? hook[2]}\`, which pictures cannot have${at(path)}. An async component can await its data instead.`, { cause: error });
  }
}

async function loaded(lazy: Lazy): Promise<unknown> {
  try {
    return lazy._init(lazy._payload);
  } catch (pending) {
    if (!(pending instanceof Promise)) throw pending;
    await pending;
    return lazy._init(lazy._payload);
  }
}

async function hostElement(type: string, props: Record<string, unknown>, walk: Walk, path: readonly string[]): Promise<PlainElement> {
  const plain: PlainElement['props'] = {};
  for (const [name, value] of Object.entries(props)) {
    if (name === 'children' || name === 'key' || name === 'ref') continue;
    if (name === 'dangerouslySetInnerHTML') throw new TypeError(`ImageResponse: \`dangerouslySetInnerHTML\` cannot be drawn${at(path)}. Write the content as elements.`);
    const data = plainValue(value, 0);
    if (data !== undefined) plain[name] = data;
  }
  const children = await nodesOf(props['children'], walk, path);
  if (children.length > 0) plain.children = children;
  return { type, props: plain };
}

/** Numbers, text, bytes, and plain objects and lists of them (styles); the rest means nothing to a picture. */
function plainValue(value: unknown, depth: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof ArrayBuffer) return value;
  if (ArrayBuffer.isView(value)) return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
  if (value instanceof URL) return value.href;
  if (typeof value !== 'object' || depth > 4) return undefined;
  if (Array.isArray(value)) return value.map((item) => plainValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainValue(item, depth + 1)]).filter(([, item]) => item !== undefined));
}

/** ` (in <Card> › <div>)`. */
export function at(path: readonly string[]): string {
  return path.length === 0 ? '' : ` (in ${path.map((name) => `<${name}>`).join(' › ')})`;
}
