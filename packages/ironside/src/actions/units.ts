/** Times and sizes as options have them: `'30s'`, `'1m'`, `'5mb'`. Pure. */

const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZES: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** Milliseconds. */
export function milliseconds(duration: string, option: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  const time = parts ? Math.round(Number(parts[1]) * (TIMES[parts[2] ?? ''] ?? 0)) : 0;
  if (time < 1 || time > 0xffff_ffff) throw new TypeError(`${option} is ${JSON.stringify(duration)}; a time such as '30s', '1m', '2h' or '7d' is needed, up to 49 days.`);
  return time;
}

/** Bytes; a kilobyte has 1024. */
export function bytes(size: number | string, option: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/i.exec(String(size).trim());
  const count = parts ? Math.floor(Number(parts[1]) * (SIZES[(parts[2] ?? '').toLowerCase()] ?? 0)) : 0;
  if (count < 1) throw new TypeError(`${option} is ${JSON.stringify(size)}; a number of bytes or a text such as '5mb' is needed.`);
  return count;
}
