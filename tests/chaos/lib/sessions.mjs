// What in an answer shows that it belongs to somebody else than the user who asked. Whatever is his carries `user[id]`.

/** Why an answer is not this user's alone; `undefined` if it is. */
export function foreign(user, { text, headers }) {
  const cookies = (headers['set-cookie'] ?? []).map((cookie) => decodeURIComponent(cookie));
  const seen = [...`${text} ${cookies.join(' ')}`.matchAll(/user\[(\w+)\]/g)].map(([, id]) => id);
  if (seen.length === 0) return 'it belongs to nobody';
  const others = seen.filter((id) => id !== user);
  if (others.length > 0) return `it shows ${[...new Set(others)].join(', ')}`;
  if (headers['x-nextjs-cache']) return `it was shared: ${headers['x-nextjs-cache']}`;
  const control = headers['cache-control'] ?? '';
  return /s-maxage|public/.test(control) ? `others may keep it: ${control}` : undefined;
}
