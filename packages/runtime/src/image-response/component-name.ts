/** What a component is called in messages. */

const CLIENT = Symbol.for('react.client.reference');

export function isClientReference(type: unknown): boolean {
  return (typeof type === 'function' || (typeof type === 'object' && type !== null)) && (type as { $$typeof?: unknown }).$$typeof === CLIENT;
}

export function nameOfType(type: unknown): string {
  if (typeof type === 'string') return type;
  if (isClientReference(type)) return String((type as { $$id?: unknown }).$$id ?? '').split('#')[1] || 'client component';
  if (typeof type === 'function') return (type as { displayName?: string }).displayName ?? (type.name || 'anonymous component');
  if (typeof type === 'symbol') return type.description ?? 'symbol';
  return 'unknown component';
}
