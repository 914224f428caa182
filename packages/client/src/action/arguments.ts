/**
 * Which arguments of a call are sent. The first byte of an action's id tells which parameters it declares; others are not sent, so that
 * `onClick={action}` does not try to send the event (Next behaviour 1.16, 1.18).
 */

export function declaredArguments(id: string, args: unknown[]): unknown[] {
  if (!/^[0-9a-f]{42}$/.test(id)) return args;
  const info = Number.parseInt(id.slice(0, 2), 16);
  const rest = (info & 1) === 1;
  const sent: unknown[] = [];
  let length = 0;
  for (let i = 0; i < args.length; i++) {
    const declared = i < 6 ? ((info >> (6 - i)) & 1) === 1 : rest;
    sent.push(declared ? args[i] : undefined);
    if (declared) length = i + 1;
  }
  return sent.slice(0, length);
}
