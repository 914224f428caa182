/** Titles and their templates. */
import { fieldsOf, textOf } from './read.ts';
import type { Title } from './resolved.ts';

const fill = (template: string | null, title: string): string => (template ? template.replace(/%s/g, () => title) : title);

/** `template` is that of the segments above, `inherited` their title. */
export function resolveTitle(value: unknown, template: string | null, inherited: Title | null): Title | null {
  const text = textOf(value);
  if (text !== null) return { absolute: fill(template, text), template: null };
  const fields = fieldsOf(value);
  if (!fields) return null;
  const own = textOf(fields['template']);
  const absolute = textOf(fields['absolute']);
  const fallback = textOf(fields['default']);
  if (absolute !== null) return { absolute, template: own };
  if (fallback !== null) return { absolute: fill(template, fallback), template: own };
  return { absolute: inherited?.absolute ?? '', template: own };
}
