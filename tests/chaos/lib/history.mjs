// A history of what was written, invalidated and read, and what no such history may contain. Moments are of one monotonic
// clock. The checker knows nothing of HTTP: it is fed with records, and has tests of its own that feed it with bad ones.

/** An empty history. `key`: what an invalidation is about; several pages may show the same one. */
export function history() {
  return { writes: [], invalidations: [], reads: [] };
}

/**
 * Everything that is wrong with a history:
 * - a write is `{ key, version, begun }`: no read may show a version that was never written, or only after the read had ended;
 * - an invalidation is `{ key, version, acknowledged }`, `version` being the one that was written before it was asked for: no
 *   read of the key that began after the acknowledgement may show an older one;
 * - a read is `{ key, place, begun, ended, seen, problem }`: `seen` lists every `{ key, version }` in its body, which have to be
 *   the same everywhere in it; `problem` is what the reader found wrong with its form.
 */
export function violations({ writes, invalidations, reads }) {
  const written = new Map();
  for (const { key, version, begun } of writes) {
    if (!written.has(key)) written.set(key, new Map([[0, -Infinity]]));
    written.get(key).set(version, begun);
  }
  const floors = new Map();
  for (const { key, version, acknowledged } of [...invalidations].sort((a, b) => a.acknowledged - b.acknowledged)) {
    const list = floors.get(key) ?? [];
    list.push({ from: acknowledged, version: Math.max(version, list.at(-1)?.version ?? 0) });
    floors.set(key, list);
  }
  const wrong = [];
  for (const read of reads) {
    const tell = (what) => wrong.push(`${read.place} of ${read.key}, begun at ${read.begun.toFixed(2)}: ${what}`);
    if (read.problem) tell(read.problem);
    const [first] = read.seen;
    if (!first) {
      if (!read.problem) tell('it shows nothing');
      continue;
    }
    if (read.seen.some(({ key, version }) => key !== first.key || version !== first.version)) {
      tell(`torn: it shows ${[...new Set(read.seen.map(({ key, version }) => `${key}:${version}`))].join(' and ')}`);
    }
    if (first.key !== read.key) tell(`it is about ${first.key}`);
    const begun = written.get(read.key)?.get(first.version) ?? (first.version === 0 ? -Infinity : undefined);
    if (begun === undefined) tell(`version ${first.version} was never written`);
    else if (begun > read.ended) tell(`version ${first.version} was written after it had ended`);
    const floor = floorAt(floors.get(read.key) ?? [], read.begun);
    if (first.version < floor.version) {
      tell(`stale: it shows version ${first.version}, and ${floor.version} was acknowledged ${(read.begun - floor.from).toFixed(2)} ms before`);
    }
  }
  return wrong;
}

/** The last floor that was there before a moment. */
function floorAt(list, moment) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].from < moment) low = middle + 1;
    else high = middle;
  }
  return list[low - 1] ?? { version: 0, from: 0 };
}

/** Every `v[key:version]` in a body. */
export function versionsIn(text) {
  return [...text.matchAll(/v\[([\w-]+):(\d+)\]/g)].map(([, key, version]) => ({ key, version: Number(version) }));
}
