/**
 * The manifest as TypeScript reads it: the mirror of `crates/ironside-model/src/manifest.rs`, where every field is
 * explained. Types only. Paths are relative to the build folder.
 */
export type FileKey = string;
export type ClientId = string;
export type ActionId = string;
export type ServerPath = string;
export type AssetPath = string;

export type Manifest = {
  format: number;
  build: string;
  react: string;
  config: AppConfig;
  routes: Route[];
  notFound: SegmentNode | null;
  /** Missing in builds of older versions. */
  notFoundConfig?: SegmentConfig;
  globalError: FileKey | null;
  segments: Record<FileKey, Segment>;
  clients: Record<ClientId, Client>;
  actions: Record<ActionId, Action>;
  assets: Record<AssetPath, Asset>;
  bootstrap: Bootstrap;
  externals: { package: string; version: string; reason: 'config' | 'known' | 'native' | 'wasm' | 'data-file' }[];
  proxy: { file: FileKey; chunk: ServerPath; matchers: unknown } | null;
  instrumentation: ServerPath | null;
  /** Concerns the server only: answers and values that the build has made. */
  prerendered?: { index: ServerPath; indexHash: string; pack: ServerPath } | null;
};

export type CacheLife = { stale: number | null; revalidate: number | null; expire: number | null };

export type AppConfig = {
  basePath: string;
  assetPrefix: string;
  trailingSlash: boolean;
  poweredByHeader: boolean;
  compress: boolean;
  reactStrictMode: boolean | null;
  actionBodyLimit: number;
  actionAllowedOrigins: string[];
  authInterrupts: boolean;
  cacheComponents: boolean;
  expireTime: number;
  staleTimeDynamic: number;
  staleTimeStatic: number;
  deploymentId: string | null;
  htmlLimitedBots: string | null;
  headers: unknown;
  redirects: unknown;
  rewrites: unknown;
  images: unknown;
  cacheLife: Record<string, CacheLife>;
};

export type RouteKind = 'page' | 'handler' | 'metadata' | 'metadata-file';

export type PatternPart =
  | { kind: 'static'; name: string }
  | { kind: 'dynamic'; name: string }
  | { kind: 'catch-all'; name: string }
  | { kind: 'optional-catch-all'; name: string };

export type Route = {
  kind: RouteKind;
  path: string;
  pattern: PatternPart[];
  interceptsFrom: PatternPart[] | null;
  tree: SegmentNode | null;
  file: FileKey | null;
  config: SegmentConfig;
  staticParams: boolean;
};

export type SegmentKind =
  | 'layout' | 'template' | 'page' | 'default' | 'loading' | 'error' | 'global-error'
  | 'not-found' | 'forbidden' | 'unauthorized' | 'route' | 'metadata';

export type SegmentNode = {
  segment: string;
  param: PatternPart | null;
  files: Partial<Record<SegmentKind, FileKey>>;
  slots: Record<string, SegmentNode>;
};

export type Segment = {
  kind: SegmentKind;
  chunk: ServerPath;
  exports: string[];
  styles: AssetPath[];
  clients: ClientId[];
  fonts: AssetPath[];
  metadataFiles: MetadataFile[];
  copy: ServerPath | null;
  contentType: string | null;
};

export type MetadataFile = {
  kind: 'icon' | 'apple-icon' | 'favicon' | 'opengraph-image' | 'twitter-image' | 'manifest' | string;
  path: string;
  hash: string;
  contentType: string | null;
  size: [width: number, height: number] | null;
  alt: string | null;
  module: FileKey | null;
};

export type SegmentConfig = {
  dynamic: string | null;
  revalidate: number | null;
  dynamicParams: boolean | null;
  fetchCache: string | null;
  runtime: string | null;
  maxDuration: number | null;
};

export type Client = {
  file: FileKey;
  exports: string[];
  browser: AssetPath;
  ssr: ServerPath;
  preload: AssetPath[];
  styles: AssetPath[];
};

export type Action = {
  file: FileKey;
  line: number;
  column: number;
  name: string;
  chunk: ServerPath;
  export: string;
  sealed: boolean;
  reach: ('browser' | 'server-value' | 'inline')[];
  /** Of actions that `createAction` of `ironside/actions` makes. */
  options?: { bodyLimit: number | null; concurrent: boolean };
};

export type Asset = { file: ServerPath; bytes: number; hash: string; contentType: string; encodings: string[] };

export type Bootstrap = {
  worker: ServerPath;
  ssr: ServerPath;
  browser: AssetPath;
  preload: AssetPath[];
  instrumentationClient: AssetPath | null;
};
