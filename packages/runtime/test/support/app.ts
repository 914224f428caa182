/** The application of a test. */
import type { Manifest } from '@ironside/protocol/manifest.ts';
import { setApp, type ErrorPlace } from '../../src/app.ts';
import { flushRevalidations } from '../../src/cache/revalidate.ts';
import { digestOf } from '../../src/digest.ts';
import { emptyManifest } from './manifest.ts';

export type Reported = { error: unknown; place: ErrorPlace };

/** Returns what is reported from now on. */
export function setTestApp(manifest: Manifest = emptyManifest()): Reported[] {
  const reported: Reported[] = [];
  setApp({
    manifest, folder: '/build', sealKeys: [], dev: false,
    report(error, place) {
      reported.push({ error, place });
      return digestOf(error);
    },
    resolve: () => Promise.resolve({ kind: 'other' }),
    flushRevalidations,
  });
  return reported;
}
