/**
 * Props of client components that cannot be sent to the browser. React's production build says which value it was, not whose;
 * that is noted when the element is made, where the stack still shows the line, and told if the render then fails.
 */
import { requestStorage } from './request-store.ts';

type Note = { reference: string; prop: string; value: string; holder: { stack?: string } };

const CLIENT = Symbol.for('react.client.reference');
const NOTES = Symbol('unsendable props');
/** Nobody reads more. */
const MOST_NOTES = 5;
/** Classes of which Flight sends instances. */
const SENDABLE = [Map, Set, Date, FormData, ArrayBuffer, Blob, ReadableStream, Error];

/** Called for every element: it must cost next to nothing for all but client components. `made` is the function to leave out of the stack. */
export function noteProps(type: unknown, props: Record<string, unknown>, made: (...args: never[]) => unknown): void {
  if (typeof type !== 'function' || (type as { $$typeof?: symbol }).$$typeof !== CLIENT) return;
  for (const prop in props) {
    const value = unsendable(props[prop]);
    if (value !== undefined) note((type as unknown as { $$id: string }).$$id, prop, value, made);
  }
}

/** What has been noted in this request, as sentences. */
export function unsendableProps(fileOf: (clientId: string) => string | undefined): string[] {
  const notes = requestStorage.getStore()?.memo.get(NOTES) as Note[] | undefined;
  return (notes ?? []).map(({ reference, prop, value, holder }) => {
    const at = reference.lastIndexOf('#');
    const [clientId, name] = [reference.slice(0, at), reference.slice(at + 1)];
    const file = fileOf(clientId);
    const component = `${name === 'default' ? 'the default export' : `<${name}>`}${file === undefined ? '' : ` of ${file}`}`;
    const place = /^\s*at .*$/m.exec(holder.stack ?? '')?.[0].trim();
    return `The prop \`${prop}\` of ${component} is ${value}, which cannot be sent to the browser${place === undefined ? '' : `\n    ${place}`}\n    ${remedy(value)}`;
  });
}

function remedy(value: string): string {
  return value === 'a function'
    ? "make it a Server Action (an async function with 'use server'), or create it in a file with 'use client'"
    : 'pass a plain object with what the component needs';
}

function note(reference: string, prop: string, value: string, made: (...args: never[]) => unknown): void {
  const memo = requestStorage.getStore()?.memo;
  if (!memo) return;
  const notes = (memo.get(NOTES) ?? []) as Note[];
  if (notes.length === MOST_NOTES) return;
  const holder = {};
  Error.captureStackTrace(holder, made);
  memo.set(NOTES, [...notes, { reference, prop, value, holder }]);
}

/** What is wrong with it, unless it may be right. What it contains is not looked at. */
function unsendable(value: unknown): string | undefined {
  if (typeof value === 'function') return (value as { $$typeof?: symbol }).$$typeof === undefined ? 'a function' : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype) return undefined;
  if (prototype === null) return 'an object without prototype';
  // Plain objects of another realm.
  if (Object.getPrototypeOf(prototype) === null) return undefined;
  const own = ArrayBuffer.isView(value) || SENDABLE.some((type) => value instanceof type);
  if (own || Symbol.iterator in value || Symbol.asyncIterator in value || 'then' in value) return undefined;
  const { name } = value.constructor;
  return `an instance of ${name === '' ? 'a class' : `the class ${name}`}`;
}
