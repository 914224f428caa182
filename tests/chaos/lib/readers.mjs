// Readers and invalidators of the versioned application, who note in a history what they did and when. The server may be
// replaced by another one meanwhile: what fails then is not noted.
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { ask, isOfVariant, variants } from '../../e2e/lib/ask.mjs';
import { dice, parallel } from '../../security/lib/raw.mjs';
import { versionsIn } from './history.mjs';

/** Items that are invalidated by a tag, and by the path of the only page that shows them. */
const TAGGED = ['a', 'b', 'c', 'd'];
const BY_PATH = { path: ['x', 'y'], soft: ['s', 'u'] };
const FOR_TAGS = ['tag', 'function', 'timed', 'handler', 'live'];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function crowd({ behind, past, action, seed = 1 }) {
  const roll = dice(seed);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const crowd = { base: '', failures: [], counts: { reads: 0, bare: 0, invalidations: 0, failed: 0 }, read, readAll, invalidate, run, close: () => agent.destroy() };
  const one = (list) => list[roll(list.length)];

  async function read(place, key, variant) {
    const begun = performance.now();
    const answer = await ask(crowd.base, { ...variants[variant](`/${place}/${key}`), agent });
    const ended = performance.now();
    if (answer.error || !answer.complete) return fail(`${variant} of /${place}/${key}: ${answer.error ?? 'broken off'}`);
    crowd.counts.reads += 1;
    let problem;
    if (answer.status !== 200) problem = `status ${answer.status}: ${answer.text.slice(0, 100)}`;
    else if (place !== 'handler' && !isOfVariant(variant, answer)) problem = `${variant} was asked for, and this came: ${answer.headers['content-type']}: ${answer.text.slice(0, 60)}`;
    const seen = versionsIn(answer.text);
    // A prefetch of what is made for one visitor has nothing of the page: of one that is never cached, or that was invalidated
    // again and again while it was waited for.
    const isBare = variant === 'prefetch' && seen.length === 0 && !problem;
    if (isBare) crowd.counts.bare += 1;
    else past.reads.push({ key, place: `${variant} of /${place}`, begun, ended, seen, problem });
    return answer;
  }

  function readOne() {
    const place = one([...FOR_TAGS, ...Object.keys(BY_PATH)]);
    const variant = place === 'handler' ? 'html' : one(Object.keys(variants));
    return read(place, one(BY_PATH[place] ?? TAGGED), variant);
  }

  /** Everything there is, once. */
  async function readAll() {
    const all = [...FOR_TAGS, ...Object.keys(BY_PATH)].flatMap((place) => (BY_PATH[place] ?? TAGGED).flatMap((key) =>
      (place === 'handler' ? ['html'] : Object.keys(variants)).map((variant) => [place, key, variant])));
    await parallel(all, 8, (one) => read(...one));
  }

  function fail(what) {
    crowd.counts.failed += 1;
    crowd.failures.push(what);
  }

  /** Writes a new version of an item, and says so in one of the ways in which applications do. */
  async function invalidate(key) {
    const place = Object.keys(BY_PATH).find((place) => BY_PATH[place].includes(key));
    const begun = performance.now();
    const version = behind.write(key);
    past.writes.push({ key, version, begun });
    const json = (body) => ({ path: '/invalidate', method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), agent });
    const ways = place
      ? [json({ path: `/${place}/${key}` }), json({ path: `/${place}/[k]`, type: 'page' }), json({ path: '/', type: 'layout' })]
      : [json({ tag: `t-${key}` }), { path: '/', method: 'POST', headers: { 'next-action': action, 'content-type': 'text/plain;charset=UTF-8' }, body: JSON.stringify([key]), agent }];
    // Stale for one more visitor is allowed after this one, so nothing is noted.
    if (!place && roll(8) === 0) return void (await ask(crowd.base, json({ tag: `t-${key}`, mode: 'max' })));
    const answer = await ask(crowd.base, one(ways));
    if (answer.error || answer.status !== 200) return fail(`invalidation of ${key}: ${answer.error ?? `${answer.status} ${answer.text.slice(0, 100)}`}`);
    past.invalidations.push({ key, version, acknowledged: performance.now() });
    crowd.counts.invalidations += 1;
  }

  /** Reads so often, so many at once, while each item has somebody who invalidates it again and again. */
  async function run({ reads, width = 24, between = 50 }) {
    const until = crowd.counts.reads + reads;
    let over = false;
    const reading = Array.from({ length: width }, async () => {
      while (!over && crowd.counts.reads < until) {
        const before = crowd.counts.failed;
        await readOne();
        if (crowd.counts.failed > before) await pause(5);
      }
      over = true;
    });
    const invalidating = [...TAGGED, ...Object.values(BY_PATH).flat()].map(async (key) => {
      while (!over) {
        await invalidate(key);
        await pause(roll(2 * between));
      }
    });
    const ending = () => { over = true; };
    const done = Promise.all([...reading, ...invalidating]);
    return { done, end: ending };
  }
  return crowd;
}
