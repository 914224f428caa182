/**
 * Which action a form without JavaScript names: `$ACTION_ID_<id>`, or `$ACTION_REF_<n>` with a descriptor in `$ACTION_<n>:0` (Next
 * behaviour 2.2 to 2.7). Everything is checked here before React decodes it. Pure.
 */
import type { Manifest } from '@ironside/protocol/manifest.ts';
import { checkActionId, type IdProblem } from './functions.ts';

/** One for the form, one for the button that was pressed. */
const MOST_REFERENCES = 2;

export function checkMarkers(form: FormData, manifest: Manifest): IdProblem | undefined {
  const names = new Set(Array.from(form.keys()).filter((name) => name.startsWith('$ACTION_')));
  const ids = Array.from(names).filter((name) => name.startsWith('$ACTION_ID_')).map((name) => name.slice('$ACTION_ID_'.length));
  const references = Array.from(names).filter((name) => name.startsWith('$ACTION_REF_')).map((name) => name.slice('$ACTION_REF_'.length));
  if (ids.length + references.length === 0 || references.length > MOST_REFERENCES) return 'malformed';
  for (const reference of references) {
    const id = describedId(form.getAll(`$ACTION_${reference}:0`));
    if (id === undefined) return 'malformed';
    ids.push(id);
  }
  const problems = ids.map((id) => checkActionId(manifest, id));
  return problems.find((problem) => problem === 'malformed') ?? problems.find((problem) => problem !== undefined);
}

/** The ids that a form names, right or wrong. */
export function namedActions(form: FormData): string[] {
  const ids = [];
  for (const name of new Set(form.keys())) {
    if (name.startsWith('$ACTION_ID_')) ids.push(name.slice('$ACTION_ID_'.length));
    else if (name.startsWith('$ACTION_REF_')) ids.push(describedId(form.getAll(`$ACTION_${name.slice('$ACTION_REF_'.length)}:0`)) ?? '');
  }
  return ids;
}

/** The descriptor as React writes it: `{"id":"…","bound":…}`, once, as text. */
function describedId(descriptors: FormDataEntryValue[]): string | undefined {
  const [descriptor] = descriptors;
  if (descriptors.length !== 1 || typeof descriptor !== 'string' || !descriptor.startsWith('{"id":"')) return undefined;
  try {
    const { id } = JSON.parse(descriptor) as { id: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
