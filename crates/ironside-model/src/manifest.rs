//! The manifest: everything that `ironside build` found out about an application, and the only thing that
//! `ironside start` and the worker's runtime know about it.
//!
//! It is written as JSON to `.ironside/build/manifest.json`. Maps are sorted, so that equal builds give equal bytes.
//! All file paths in it are relative to the build folder and use `/`, so a build can be moved. Field names are
//! `camelCase` in JSON, because the runtime (TypeScript) reads the same file; its types are in
//! `packages/protocol/src/manifest.ts` and are kept in step by a test that reads one golden manifest in both languages.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the manifest's form. A server refuses a build with another one and says to build again.
pub const MANIFEST_FORMAT: u32 = 1;

/// A source file of the application, relative to its root with `/` (`app/blog/[slug]/page.tsx`), or
/// `npm:<name>@<version>/<path>` for a file of a package.
pub type FileKey = String;
/// 16 hex digits: the hash of a client file's [`FileKey`].
pub type ClientId = String;
/// 42 hex digits: one byte that tells the declared parameters and 20 bytes of hash (Next behaviour 1.15, 1.16).
pub type ActionId = String;
/// A server-side file of the build, relative to the build folder: `server/rsc/page-3fa9.mjs`.
pub type ServerPath = String;
/// The URL path of an asset without `assetPrefix` and `basePath`: `/_next/static/chunks/entry-81bc.js`.
pub type AssetPath = String;

/// See the module's documentation.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`] of the compiler that wrote this.
    pub format: u32,
    /// Identifies the build; part of every payload and of cache keys.
    pub build: String,
    /// The React version that is built in.
    pub react: String,
    /// What of `next.config` concerns serving.
    pub config: AppConfig,
    /// Every URL that the application answers. The index of a route is its id.
    pub routes: Vec<Route>,
    /// The route tree that is shown where no route matches (root `not-found`), if the application has a root layout or
    /// a root `not-found` file: the root's node with its named slots. It has no `children`: in their place stands the
    /// root's `not-found` file, or the built-in one.
    pub not_found: Option<SegmentNode>,
    /// Segment config of that tree, merged like that of a route.
    #[serde(default)]
    pub not_found_config: SegmentConfig,
    /// `app/global-error`, if there is one.
    pub global_error: Option<FileKey>,
    /// Every module of the `app` folder that a route tree names.
    pub segments: BTreeMap<FileKey, Segment>,
    /// Every `'use client'` file that server code refers to.
    pub clients: BTreeMap<ClientId, Client>,
    /// Every server function.
    pub actions: BTreeMap<ActionId, Action>,
    /// Hashed files under `/_next/static/`.
    pub assets: BTreeMap<AssetPath, Asset>,
    /// Entry points of the runtime in each graph.
    pub bootstrap: Bootstrap,
    /// Packages that stay outside of the bundles.
    pub externals: Vec<External>,
    /// `proxy.ts` or `middleware.ts`, if there is one.
    pub proxy: Option<Proxy>,
    /// The chunk of `instrumentation.ts`, if there is one.
    pub instrumentation: Option<ServerPath>,
    /// What the build has made beforehand, unless it was told not to.
    #[serde(default)]
    pub prerendered: Option<PrerenderedFiles>,
}

/// Answers and values that a build has made: see `ironside-server`'s module `prerender`.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PrerenderedFiles {
    /// The list of them.
    pub index: ServerPath,
    /// 16 hex digits: the hash of that file.
    pub index_hash: String,
    /// Their bytes.
    pub pack: ServerPath,
}

/// What of `next.config` (and of `package.json`) the server and the runtime need. Defaults are Next's.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct AppConfig {
    /// URL prefix of the whole application, `""` or `/docs`.
    pub base_path: String,
    /// Prefix of asset URLs, `""` or `https://cdn.example.com`.
    pub asset_prefix: String,
    /// Whether canonical URLs end with `/`.
    pub trailing_slash: bool,
    /// Whether `/a` and `/a/` are answered alike, without a redirect from one to the other.
    pub skip_trailing_slash_redirect: bool,
    /// Whether `x-powered-by` is sent with HTML.
    pub powered_by_header: bool,
    /// Whether responses are compressed.
    pub compress: bool,
    /// `reactStrictMode`; `None` means React's strict mode is on for `app/`.
    pub react_strict_mode: Option<bool>,
    /// `experimental.serverActions.bodySizeLimit` in bytes (Next behaviour 1.38).
    pub action_body_limit: u64,
    /// `experimental.serverActions.allowedOrigins` (Next behaviour 3.12).
    pub action_allowed_origins: Vec<String>,
    /// `experimental.authInterrupts`.
    pub auth_interrupts: bool,
    /// `cacheComponents`.
    pub cache_components: bool,
    /// `expireTime` in seconds (Next behaviour 5.47).
    pub expire_time: u64,
    /// `experimental.staleTimes.dynamic` and `.static` in seconds.
    pub stale_time_dynamic: u32,
    /// See `stale_time_dynamic`.
    pub stale_time_static: u32,
    /// `deploymentId`.
    pub deployment_id: Option<String>,
    /// `htmlLimitedBots` as the source of a regular expression.
    pub html_limited_bots: Option<String>,
    /// `headers()`, `redirects()` and `rewrites()` as they came from `next.config`, resolved to data.
    pub headers: serde_json::Value,
    /// See `headers`.
    pub redirects: serde_json::Value,
    /// See `headers`; an object with `beforeFiles`, `afterFiles`, `fallback`.
    pub rewrites: serde_json::Value,
    /// The `images` section as it stands in `next.config`.
    pub images: serde_json::Value,
    /// `cacheLife` profiles, merged over the built-in ones.
    pub cache_life: BTreeMap<String, CacheLife>,
}

/// A named cache lifetime in seconds (Next behaviour 5.24). `None` means never.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CacheLife {
    /// How long the browser may use it without asking.
    pub stale: Option<u64>,
    /// When it is refreshed in the background.
    pub revalidate: Option<u64>,
    /// When it may no longer be served.
    pub expire: Option<u64>,
}

impl Default for AppConfig {
    fn default() -> Self {
        let life = |stale, revalidate, expire| CacheLife {
            stale: Some(stale),
            revalidate: Some(revalidate),
            expire,
        };
        Self {
            base_path: String::new(),
            asset_prefix: String::new(),
            trailing_slash: false,
            skip_trailing_slash_redirect: false,
            powered_by_header: true,
            compress: true,
            react_strict_mode: None,
            action_body_limit: 1_048_576,
            action_allowed_origins: Vec::new(),
            auth_interrupts: false,
            cache_components: false,
            expire_time: 31_536_000,
            stale_time_dynamic: 0,
            stale_time_static: 300,
            deployment_id: None,
            html_limited_bots: None,
            headers: serde_json::Value::Array(Vec::new()),
            redirects: serde_json::Value::Array(Vec::new()),
            rewrites: serde_json::json!({ "beforeFiles": [], "afterFiles": [], "fallback": [] }),
            images: serde_json::Value::Object(serde_json::Map::new()),
            cache_life: BTreeMap::from([
                ("default".into(), life(300, 900, None)),
                ("seconds".into(), life(30, 1, Some(60))),
                ("minutes".into(), life(300, 60, Some(3_600))),
                ("hours".into(), life(300, 3_600, Some(86_400))),
                ("days".into(), life(300, 86_400, Some(604_800))),
                ("weeks".into(), life(300, 604_800, Some(2_592_000))),
                ("max".into(), life(300, 2_592_000, Some(31_536_000))),
            ]),
        }
    }
}

/// What a route answers with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// A `page` file inside its layouts.
    Page,
    /// A `route` file.
    Handler,
    /// A metadata file made by code: `sitemap`, `robots`, `manifest`, `icon`, `opengraph-image` …
    Metadata,
    /// A metadata file that is a file: `favicon.ico`, `icon.png`, `robots.txt` … `file` names the asset.
    MetadataFile,
}

/// One segment of a URL pattern.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum PatternPart {
    /// Matches itself.
    Static(String),
    /// `[name]`: exactly one segment.
    Dynamic(String),
    /// `[...name]`: one or more segments; always last.
    CatchAll(String),
    /// `[[...name]]`: any number of segments, also none; always last.
    OptionalCatchAll(String),
}

/// A URL pattern and what answers it.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// See [`RouteKind`].
    pub kind: RouteKind,
    /// The pattern as people write it, without groups and slots: `/blog/[slug]`.
    pub path: String,
    /// The same as data, without `basePath`.
    pub pattern: Vec<PatternPart>,
    /// The route is only for client navigation that comes from a URL whose path matches this pattern (the intercepting
    /// conventions `(.)`, `(..)`, `(...)`).
    pub intercepts_from: Option<Vec<PatternPart>>,
    /// For pages: the tree of segments from the root, with every parallel slot that this URL shows.
    pub tree: Option<SegmentNode>,
    /// For the other kinds: the file.
    pub file: Option<FileKey>,
    /// Segment config, merged from the root to the leaf (Next: the nearest file wins; `revalidate` is the lowest).
    pub config: SegmentConfig,
    /// Whether some segment of the route exports `generateStaticParams`.
    pub static_params: bool,
}

/// A segment of a page's route and everything that stands in its folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SegmentNode {
    /// The folder's name: `""` for the root, `blog`, `[slug]`, `(group)`, `(.)photo`, `@slot`. A leaf that stands for a
    /// `page` or `default` file has the name `__PAGE__` or `__DEFAULT__`. A slot that shows its default is that leaf
    /// itself, without the files of the slot's folder.
    pub segment: String,
    /// The parameter that this segment binds.
    pub param: Option<PatternPart>,
    /// The convention files of the folder. A leaf has one: `page` or `default`. A `__DEFAULT__` leaf without any stands in
    /// intercepting routes for a slot that stays as it is during navigation, and shows nothing otherwise.
    pub files: BTreeMap<SegmentKind, FileKey>,
    /// What is shown inside: `children`, and each `@slot` by its name without `@`.
    pub slots: BTreeMap<String, SegmentNode>,
}

/// The convention files of a segment's folder (Next behaviour 7.1).
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each variant is the name of the file")]
pub enum SegmentKind {
    Layout,
    Template,
    Page,
    Default,
    Loading,
    Error,
    GlobalError,
    NotFound,
    Forbidden,
    Unauthorized,
    Route,
    Metadata,
}

/// A module of the `app` folder in the `rsc` graph.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// What the file is.
    pub kind: SegmentKind,
    /// The chunk to import; its exports have the names of `exports`. Empty for files that are no modules.
    pub chunk: ServerPath,
    /// The names that the module exports.
    pub exports: Vec<String>,
    /// Stylesheets that the file and everything imported below it needs, in order.
    pub styles: Vec<AssetPath>,
    /// Fonts in these stylesheets that a page loads at once.
    #[serde(default)]
    pub fonts: Vec<AssetPath>,
    /// Client files that the module can reach, so that their code can be preloaded.
    pub clients: Vec<ClientId>,
    /// Metadata image files beside it (`icon.png`, `opengraph-image.jpg` …) that go into `<head>`.
    #[serde(default)]
    pub metadata_files: Vec<MetadataFile>,
    /// For a file that is no module (an icon, `robots.txt`): the copy in the build folder.
    #[serde(default)]
    pub copy: Option<ServerPath>,
    /// Its content type, for the same.
    #[serde(default)]
    pub content_type: Option<String>,
}

/// An image or icon file that the metadata of a segment links to.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct MetadataFile {
    /// `icon`, `apple-icon`, `favicon`, `opengraph-image`, `twitter-image`, `manifest`.
    pub kind: String,
    /// The URL path that serves it, as a route pattern: `/blog/[slug]/opengraph-image`.
    pub path: String,
    /// A hash for the query string.
    pub hash: String,
    /// The content type, if it is known at build time.
    pub content_type: Option<String>,
    /// Width and height in pixels, if they are known at build time.
    pub size: Option<(u32, u32)>,
    /// From `opengraph-image.alt.txt`.
    pub alt: Option<String>,
    /// The module, if it is made by code (`alt`, `size`, `contentType`, `generateImageMetadata` are its exports).
    pub module: Option<FileKey>,
}

/// `export const dynamic = …` and its siblings (Next behaviour 5.54 to 5.56). `None` means not set.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct SegmentConfig {
    /// `auto`, `force-dynamic`, `error`, `force-static`.
    pub dynamic: Option<String>,
    /// Seconds; `Some(-1)` stands for `false` (never).
    pub revalidate: Option<i64>,
    /// Whether parameters that `generateStaticParams` did not list are answered.
    pub dynamic_params: Option<bool>,
    /// `auto`, `default-cache`, `only-cache`, `force-cache`, `default-no-store`, `only-no-store`, `force-no-store`.
    pub fetch_cache: Option<String>,
    /// `nodejs` or `edge`; both run in Node here.
    pub runtime: Option<String>,
    /// Seconds.
    pub max_duration: Option<u32>,
}

/// A `'use client'` file.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// The source.
    pub file: FileKey,
    /// The exports that server code uses, and so the ones that the chunks have.
    pub exports: Vec<String>,
    /// The browser's chunk.
    pub browser: AssetPath,
    /// The chunk for rendering HTML.
    pub ssr: ServerPath,
    /// Chunks that the browser's chunk imports statically, itself not included.
    pub preload: Vec<AssetPath>,
    /// Stylesheets that it needs.
    pub styles: Vec<AssetPath>,
}

/// A server function.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// The source.
    pub file: FileKey,
    /// Line and column of the function in the source, from 1.
    pub line: u32,
    /// See `line`.
    pub column: u32,
    /// The name in the source (`createTodo`, `Page.rename`).
    pub name: String,
    /// The chunk of the `rsc` graph.
    pub chunk: ServerPath,
    /// The export of the chunk.
    pub export: String,
    /// Whether the first argument is a sealed list of captured values.
    pub sealed: bool,
    /// Why it can be called from outside. An action with no reach is not.
    pub reach: Vec<Reach>,
    /// What `createAction` of `ironside/actions` was told, if the action is made by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<ActionOptions>,
}

/// Options of an action that others than the action itself have to know.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct ActionOptions {
    /// Most bytes of a request that calls it, where they are not those of `action_body_limit`.
    pub body_limit: Option<u64>,
    /// Whether the browser calls it beside others and not after them.
    pub concurrent: bool,
}

impl Manifest {
    /// Most bytes of a call of an action. Which action a form names stands in its body: as long as that is not known
    /// (`id` is `None`), the largest limit of all actions counts.
    #[must_use]
    pub fn action_body_limit(&self, id: Option<&str>) -> u64 {
        let own = |action: &Action| action.options.as_ref().and_then(|options| options.body_limit);
        let usual = self.config.action_body_limit;
        match id {
            Some(id) => self.actions.get(id).and_then(own).unwrap_or(usual),
            None => {
                let reachable = self.actions.values().filter(|action| !action.reach.is_empty());
                reachable.filter_map(own).fold(usual, u64::max)
            }
        }
    }
}

/// Why a server function can be called from outside (`compiling.md` §8).
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Code that is sent to the browser calls it.
    Browser,
    /// Server code hands it on as a value.
    ServerValue,
    /// It is written inline.
    Inline,
}

/// A file under `/_next/static/`.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// The file in the build folder.
    pub file: ServerPath,
    /// Its size.
    pub bytes: u64,
    /// 16 hex digits of its content's hash: the strong ETag.
    pub hash: String,
    /// The value of `content-type`.
    pub content_type: String,
    /// Precompressed variants that stand beside it: `br` (`.br`), `gzip` (`.gz`), `zstd` (`.zst`).
    pub encodings: Vec<String>,
}

/// Entry points of the runtime.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// `node <build folder>/<worker>` starts a worker. The entry of the `rsc` graph.
    pub worker: ServerPath,
    /// The entry of the `ssr` graph, which the worker imports.
    pub ssr: ServerPath,
    /// The browser's entry: the module script of every page.
    pub browser: AssetPath,
    /// Chunks that the browser's entry imports statically.
    pub preload: Vec<AssetPath>,
    /// Action files that only client code knows are loaded through this chunk's exports; see the compiler.
    pub instrumentation_client: Option<AssetPath>,
}

/// A package that is loaded by Node at run time.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct External {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Why it isn't bundled.
    pub reason: ExternalReason,
}

/// Why a package is not bundled.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ExternalReason {
    /// `serverExternalPackages` names it.
    Config,
    /// It is on the built-in list.
    Known,
    /// It has a native addon.
    Native,
    /// It has WebAssembly files.
    Wasm,
    /// It reads data files beside its code.
    DataFile,
}

/// `proxy.ts`.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Proxy {
    /// The source.
    pub file: FileKey,
    /// The chunk of the `rsc` graph; the function is its export `proxy`, `middleware` or `default`.
    pub chunk: ServerPath,
    /// `config.matcher` as data: a list of `{source, has, missing}`; empty means every path.
    pub matchers: serde_json::Value,
}
