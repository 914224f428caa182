/** Tags as applications give them (Next behaviour 5.8): what is checked in `ironside-model/src/tag.rs` as well. */

const MAX_TAGS = 128;
const MAX_LENGTH = 256;

/** Why a tag cannot be used, or `undefined`. */
export function tagProblem(tag: unknown): string | undefined {
  if (typeof tag !== 'string') return `it is ${tag === null ? 'null' : `a ${typeof tag}`}, not a string`;
  if (tag === '') return 'it is empty';
  if (tag.length > MAX_LENGTH) return `it has ${tag.length} characters, more than ${MAX_LENGTH}`;
  if (/^[\0-\x1f]/.test(tag)) return 'it starts with a control character';
  return undefined;
}

/** Whether it is left out for its length alone. */
export function isTooLong(tag: unknown): boolean {
  return typeof tag === 'string' && tag !== '' && !/^[\0-\x1f]/.test(tag) && tagProblem(tag) !== undefined;
}

/** Keeps the good ones; warns of the others. */
export function usableTags(tags: unknown, where: string): string[] {
  if (tags === undefined || tags === null) return [];
  if (!Array.isArray(tags)) throw new TypeError(`The tags of ${where} must be an array of strings.`);
  const usable: string[] = [];
  for (const tag of tags) {
    const problem = tagProblem(tag);
    if (problem !== undefined) console.warn(`A cache tag of ${where} is left out: ${problem}.`);
    else if (usable.length === MAX_TAGS) {
      console.warn(`${where} has more than ${MAX_TAGS} cache tags; those from ${JSON.stringify(tag)} on are left out.`);
      break;
    } else usable.push(tag as string);
  }
  return usable;
}

/** Throws with the reason; for calls that mean one tag. */
export function checkedTag(tag: unknown, api: string): string {
  const problem = tagProblem(tag);
  if (problem !== undefined) throw new TypeError(`\`${api}\` was called with a tag that cannot be used: ${problem}.`);
  return tag as string;
}
