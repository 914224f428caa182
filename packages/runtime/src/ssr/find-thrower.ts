/**
 * Which slot of a payload threw an error: Fizz only says that something did. The error of a server component is kept by the
 * lazy node that stands for it, so it is found by identity. An error of a client component is found nowhere.
 */
import { isValidElement } from 'react';
import type { Payload, SlotId } from '@ironside/client/payload.ts';

type Lazy = { _payload: unknown; _init: (payload: unknown) => unknown };

const LAZY = Symbol.for('react.lazy');

export function findThrower(payload: Payload, error: unknown): { slot: SlotId } | { partsOf: SlotId } | undefined {
  for (const [id, node] of Object.entries(payload.slots)) if (throws(node, error, new Set())) return { slot: id };
  for (const [id, parts] of Object.entries(payload.parts)) if (throws(parts.template, error, new Set())) return { partsOf: id };
  return undefined;
}

function throws(node: unknown, error: unknown, seen: Set<object>): boolean {
  if (typeof node !== 'object' || node === null || seen.has(node)) return false;
  seen.add(node);
  if ((node as { $$typeof?: unknown }).$$typeof === LAZY) return lazyThrows(node as unknown as Lazy, error, seen);
  if ('then' in node) {
    const chunk = node as { status?: unknown; reason?: unknown; value?: unknown };
    return chunk.status === 'rejected' ? chunk.reason === error : chunk.status === 'fulfilled' && throws(chunk.value, error, seen);
  }
  if (isValidElement(node)) return Object.values(node.props as object).some((prop) => throws(prop, error, seen));
  if (Array.isArray(node)) return node.some((item) => throws(item, error, seen));
  return false;
}

function lazyThrows(lazy: Lazy, error: unknown, seen: Set<object>): boolean {
  let value: unknown;
  try {
    value = lazy._init(lazy._payload);
  } catch (thrown) {
    // Not an error but a promise, if it is not there yet.
    return thrown === error;
  }
  return throws(value, error, seen);
}
