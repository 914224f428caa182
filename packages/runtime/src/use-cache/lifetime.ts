/**
 * For how long the result of a cached function is good (Next behaviour 5.23, 5.24). All in seconds; `Infinity` stands for «never».
 */
import { app } from '../app.ts';

export type Lifetime = {
  /** How long the browser may use it without asking. */
  stale: number;
  /** From when on it is made anew. */
  revalidate: number;
  /** From when on it may not be served any more. */
  expire: number;
};

const FIELDS = ['stale', 'revalidate', 'expire'] as const;

/** Below these a page with such a part is made for each visitor (Next behaviour 5.25). */
const SHORTEST_EXPIRE = 300;
const SHORTEST_STALE = 30;

/** What holds where nobody called `cacheLife`. */
export function defaultLifetime(): Lifetime {
  return profile('default');
}

/** What `cacheLife` was called with, checked. Fields that a given object leaves out are left out. */
export function checkedLifetime(given: unknown): Partial<Lifetime> {
  if (typeof given === 'string') return profile(given);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError("`cacheLife(…)` takes the name of a profile, as in `cacheLife('hours')`, or `{ stale, revalidate, expire }` in seconds.");
  }
  const life: Partial<Lifetime> = {};
  for (const [name, value] of Object.entries(given)) {
    const field = FIELDS.find((known) => known === name);
    if (!field) throw new TypeError(`\`cacheLife({ ${name} })\`: there is no such field. There are ${FIELDS.join(', ')}.`);
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new TypeError(`\`cacheLife({ ${name}: ${String(value)} })\`: it has to be a number of seconds from 0 on; \`Infinity\` stands for never.`);
    }
    life[field] = value;
  }
  if (life.revalidate !== undefined && life.expire !== undefined && life.revalidate > life.expire) {
    throw new RangeError(`\`cacheLife({ revalidate: ${life.revalidate}, expire: ${life.expire} })\`: \`expire\` may not be shorter than \`revalidate\`.`);
  }
  return life;
}

function profile(name: string): Lifetime {
  const known = app().manifest.config.cacheLife;
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!found) {
    throw new Error(`\`cacheLife(${JSON.stringify(name)})\`: there is no such profile. There are ${Object.keys(known).join(', ')}; \`cacheLife\` in next.config adds others.`);
  }
  return { stale: found.stale ?? Infinity, revalidate: found.revalidate ?? Infinity, expire: found.expire ?? Infinity };
}

/** The shorter one of each field. */
export function shortest(one: Lifetime, other: Partial<Lifetime>): Lifetime {
  return {
    stale: Math.min(one.stale, other.stale ?? Infinity),
    revalidate: Math.min(one.revalidate, other.revalidate ?? Infinity),
    expire: Math.min(one.expire, other.expire ?? Infinity),
  };
}

/** Whether what contains it is not worth being kept as a whole. */
export function isShort({ stale, revalidate, expire }: Lifetime): boolean {
  return revalidate === 0 || expire < SHORTEST_EXPIRE || stale < SHORTEST_STALE;
}

/** As the protocol has it: whole seconds, `undefined` for never. */
export function seconds(value: number): number | undefined {
  return value > 0xffff_ffff ? undefined : Math.ceil(value);
}
