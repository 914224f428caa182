/**
 * Names of form fields as a structure: `user.name`, `items[0].id`, `tags[]`. Pure; knows no schema. Texts stay texts and files files:
 * what a number or a checkbox means is up to the schema.
 */

/** Fields that are ours or React's, not the form's. */
export const IDEMPOTENCY_FIELD = '$idempotencyKey';
const isOwn = (name: string): boolean => name === IDEMPOTENCY_FIELD || name.startsWith('$ACTION_');

const DEEPEST = 16;
const HIGHEST_INDEX = 9_999;

/** The names in a form contradict each other, or cannot be a path. */
export class BadFieldName extends Error {
  override readonly name = 'BadFieldName';
}

export type FormFields = {
  value: Record<string, unknown>;
  /** The field's name in the form by the path of its value, as `pathText` has it. */
  names: ReadonlyMap<string, string>;
};

type Key = string | number;
type Group = { kind: 'object'; children: Map<string, Node> } | { kind: 'list'; children: Map<number, Node> };
type Leaf = { kind: 'leaf'; values: FormDataEntryValue[]; list: boolean; name: string };
type Node = Group | Leaf;

/** The form's fields, nested as their names say. A name that comes more than once, or ends in `[]`, is a list. */
export function fieldsOf(form: FormData): FormFields {
  const root: Group = { kind: 'object', children: new Map() };
  for (const [name, value] of form) {
    // What a file input sends when nothing is chosen.
    if (isOwn(name) || (typeof value !== 'string' && value.size === 0 && value.name === '')) continue;
    place(root, name, value);
  }
  const names = new Map<string, string>();
  return { value: plain(root, [], names) as Record<string, unknown>, names };
}

/** `items[0].id`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`), '');
}

/** Names that lead to what every object has. They are no fields of anybody. */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype']);

function place(root: Group, name: string, value: FormDataEntryValue): void {
  const { keys, list } = keysOf(name);
  let group: Group = root;
  keys.forEach((key, index) => {
    const last = index === keys.length - 1;
    const known = childOf(group, key, name);
    if (last) {
      if (known === undefined) setChild(group, key, { kind: 'leaf', values: [value], list, name });
      else if (known.kind === 'leaf') known.values.push(value);
      else throw contradiction(name);
    } else {
      const kind = typeof keys[index + 1] === 'number' ? 'list' : 'object';
      const next: Node = known ?? (kind === 'list' ? { kind, children: new Map() } : { kind, children: new Map() });
      if (next.kind === 'leaf' || next.kind !== kind) throw contradiction(name);
      if (known === undefined) setChild(group, key, next);
      group = next;
    }
  });
}

const contradiction = (name: string) => new BadFieldName(`The form field ${JSON.stringify(name)} contradicts another one: a name is a value, an object or a list.`);

function childOf(group: Group, key: Key, name: string): Node | undefined {
  if (group.kind === 'list') {
    if (typeof key !== 'number') throw contradiction(name);
    return group.children.get(key);
  }
  return group.children.get(String(key));
}

function setChild(group: Group, key: Key, node: Node): void {
  if (group.kind === 'list') group.children.set(Number(key), node);
  else group.children.set(String(key), node);
}

/** `a.b[0].c[]` → a, b, 0, c and a list. What is no such path is one name. */
function keysOf(name: string): { keys: Key[]; list: boolean } {
  const list = name.endsWith('[]');
  const path = list ? name.slice(0, -2) : name;
  const keys: Key[] = [];
  if (/^[^.[\]]+(?:\.[^.[\]]+|\[[^.[\]]+\])*$/.test(path)) {
    for (const [, dotted, bracketed] of path.matchAll(/(?:^|\.)([^.[\]]+)|\[([^.[\]]+)\]/g)) {
      keys.push(dotted ?? (/^\d+$/.test(bracketed ?? '') ? Number(bracketed) : bracketed ?? ''));
    }
  } else keys.push(path);
  if (keys.length > DEEPEST) throw new BadFieldName(`The form field ${JSON.stringify(name.slice(0, 100))} is nested deeper than ${DEEPEST} levels.`);
  for (const key of keys) {
    if (typeof key === 'string' && REFUSED.has(key)) throw new BadFieldName(`A form field cannot be named ${JSON.stringify(key)}.`);
    if (typeof key === 'number' && key > HIGHEST_INDEX) throw new BadFieldName(`The form field ${JSON.stringify(name.slice(0, 100))} has an index above ${HIGHEST_INDEX}.`);
  }
  return { keys, list };
}

/** Lists have no gaps: what was removed from the form on the way is not in them. */
function plain(node: Node, path: PropertyKey[], names: Map<string, string>): unknown {
  switch (node.kind) {
    case 'leaf':
      names.set(pathText(path), node.name);
      if (!node.list && node.values.length === 1) return node.values[0];
      node.values.forEach((_, index) => names.set(pathText([...path, index]), node.name));
      return node.values;
    case 'list':
      return Array.from(node.children).sort(([a], [b]) => a - b).map(([, child], index) => plain(child, [...path, index], names));
    case 'object': {
      const object: Record<string, unknown> = {};
      for (const [key, child] of node.children) object[key] = plain(child, [...path, key], names);
      return object;
    }
  }
}
