/** Public URLs of what lies under `/_next/static/`. */
import type { AssetPath, Manifest } from '@ironside/protocol/manifest.ts';

export function assetUrl(manifest: Manifest, path: AssetPath): string {
  return (manifest.config.assetPrefix || manifest.config.basePath) + path;
}
