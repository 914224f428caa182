/** Manifests for tests: one with nothing in it, and routes to add. */
import type { Manifest, PatternPart, Route, RouteKind, Segment } from '@ironside/protocol/manifest.ts';

export function emptyManifest(): Manifest {
  return {
    format: 1, build: 'test', react: '19', routes: [], notFound: null, globalError: null, segments: {}, clients: {}, actions: {}, assets: {},
    bootstrap: { worker: 'server/rsc/worker.mjs', ssr: 'server/ssr/ssr.mjs', browser: '/e.js', preload: [], instrumentationClient: null },
    externals: [], proxy: null, instrumentation: null,
    config: {
      basePath: '', assetPrefix: '', trailingSlash: false, poweredByHeader: true, compress: true, reactStrictMode: null, actionBodyLimit: 1 << 20,
      actionAllowedOrigins: [], authInterrupts: false, cacheComponents: false, expireTime: 31536000, staleTimeDynamic: 0, staleTimeStatic: 300,
      deploymentId: null, htmlLimitedBots: null, headers: [], redirects: [], rewrites: {}, images: {},
      cacheLife: {
        seconds: { stale: 30, revalidate: 1, expire: 60 }, minutes: { stale: 300, revalidate: 60, expire: 3600 }, hours: { stale: 300, revalidate: 3600, expire: 86400 },
        max: { stale: 300, revalidate: 2592000, expire: 31536000 }, default: { stale: 300, revalidate: 900, expire: null },
      },
    },
  };
}

const NO_CONFIG = { dynamic: null, revalidate: null, dynamicParams: null, fetchCache: null, runtime: null, maxDuration: null };

export function addRoute(manifest: Manifest, kind: RouteKind, file: string, pattern: PatternPart[], config: Partial<Route['config']> = {}): number {
  const chunk = `server/rsc/${file.replaceAll('/', '-')}.mjs`;
  manifest.segments[file] = {
    kind: kind === 'handler' ? 'route' : 'metadata', chunk, exports: [], styles: [], fonts: [], clients: [], metadataFiles: [], copy: null, contentType: null,
  } satisfies Segment;
  const path = `/${pattern.map((part) => (part.kind === 'static' ? part.name : `[${part.name}]`)).join('/')}`;
  manifest.routes.push({ kind, path, pattern, interceptsFrom: null, tree: null, file, config: { ...NO_CONFIG, ...config }, staticParams: false });
  return manifest.routes.length - 1;
}
