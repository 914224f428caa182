/**
 * What failed on the server before anything was shown, as the boundary sees it that stands around: an error with nothing but its
 * digest. See `Failure`.
 */
import type { Failure, SlotId } from './payload.ts';

/** The error for the boundary around a slot of a segment (both undefined: the outermost), if that is where the failure is. */
export function failureAt(failure: Failure | undefined, segment: SlotId | undefined, slot: string | undefined): Error | undefined {
  if (!failure || failure.segment !== segment || failure.slot !== slot) return undefined;
  return Object.assign(new Error('An error occurred while the server rendered this page. Its log has the details under this digest.'), { digest: failure.digest });
}
