//! What a graph is bundled from and how, and its translation into rolldown's options.

use rolldown::{
    BundlerOptions, BundlerTransformOptions, ChecksOptions, ChunkFilenamesOutputOption, CodeSplittingMode, CommentsOptions,
    ExperimentalOptions, HashCharacters, InjectImport, InputItem, ManualCodeSplittingOptions, MatchGroup, MatchGroupName,
    MatchGroupTest, OutputFormat, PreserveEntrySignatures, RawMinifyOptions, ResolveOptions, SourceMapType, TsConfig,
};
use std::{fmt, path::PathBuf, sync::Arc};

/// Where a graph's code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Node built-ins are external.
    Node,
    /// The `browser` field and condition hold.
    Browser,
}

/// How source maps are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceMaps {
    /// A file beside the chunk, which names it in a comment.
    Linked,
    /// A file beside the chunk, which does not name it.
    Hidden,
}

/// A module that becomes a chunk of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What the chunk's file name begins with.
    pub name: String,
    /// The specifier, resolved like an import without an importer.
    pub import: String,
}

/// A free name that becomes an import wherever it is used.
#[derive(Debug, Clone)]
pub struct Inject {
    /// The free name and the name of the export.
    pub name: String,
    /// The specifier of the module that exports it.
    pub from: String,
}

/// Names the group of a module by its id; `None` for a module that is in no group.
pub type ModuleGroupName = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Modules that are put into one chunk together.
#[derive(Clone)]
pub struct ChunkGroup {
    /// The group's name by module id.
    pub name: ModuleGroupName,
    /// A module that fits several groups goes to the one with the highest priority.
    pub priority: u32,
    /// Groups that stay smaller than this many bytes are given up.
    pub min_bytes: Option<u32>,
    /// Only modules that this many entries share.
    pub min_share: Option<u32>,
}

impl fmt::Debug for ChunkGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkGroup")
            .field("priority", &self.priority)
            .field("min_bytes", &self.min_bytes)
            .field("min_share", &self.min_share)
            .finish_non_exhaustive()
    }
}

/// How JSX is compiled. The runtime is always the automatic one.
#[derive(Debug, Clone, Default)]
pub struct JsxOptions {
    /// Adds places to elements, for messages.
    pub development: bool,
    /// Emits the calls of React Fast Refresh.
    pub refresh: bool,
}

/// File name patterns relative to the graph's folder: `[name]` and `[hash]` are filled in.
#[derive(Debug, Clone)]
pub struct FileNames {
    /// For chunks of entries.
    pub entries: String,
    /// For chunks that several entries share, or that are imported dynamically.
    pub chunks: String,
    /// Entries whose file has this very name instead, so that it can be named from outside: entry name, file name.
    pub fixed: Vec<(String, String)>,
}

/// Everything that a graph is made from.
#[derive(Debug, Clone)]
pub struct GraphOptions {
    /// The folder that relative specifiers of entries and messages refer to.
    pub root: PathBuf,
    /// The folder that the chunks will be written to. Nothing is written here, but source maps are relative to it.
    pub folder: PathBuf,
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the code runs.
    pub platform: Platform,
    /// Conditions of package `exports` beyond those of the platform and the kind of import.
    pub conditions: Vec<String>,
    /// Expressions that are replaced by other expressions; longer ones win.
    pub define: Vec<(String, String)>,
    /// Free names that become imports.
    pub inject: Vec<Inject>,
    /// See [`JsxOptions`].
    pub jsx: JsxOptions,
    /// Whether names and white space are shortened. Dead code falls in any case.
    pub minify: bool,
    /// See [`SourceMaps`].
    pub source_maps: SourceMaps,
    /// See [`FileNames`].
    pub names: FileNames,
    /// See [`ChunkGroup`].
    pub groups: Vec<ChunkGroup>,
    /// Keeps what a later [`Graph::partial`](crate::Graph::partial) needs.
    pub incremental: bool,
}

impl GraphOptions {
    pub(crate) fn into_rolldown(self) -> BundlerOptions {
        let fixed = self.names.fixed;
        let entries = self.names.entries;
        let entry_filenames = ChunkFilenamesOutputOption::Fn(Arc::new(move |chunk| {
            let name = fixed
                .iter()
                .find(|(name, _)| *name == chunk.name.as_str())
                .map_or(&entries, |(_, file)| file);
            let name = name.clone();
            Box::pin(async move { Ok(name) })
        }));
        // Applications in JavaScript have their aliases in a file of another name.
        let jsconfig = self.root.join("jsconfig.json");
        let tsconfig = if jsconfig.is_file() && !self.root.join("tsconfig.json").is_file() {
            TsConfig::Manual(jsconfig)
        } else {
            TsConfig::Auto(true)
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        BundlerOptions {
            input: Some(
                self.entries
                    .into_iter()
                    .map(|e| InputItem {
                        name: Some(e.name),
                        import: e.import,
                    })
                    .collect(),
            ),
            cwd: Some(self.root),
            dir: Some(self.folder.to_string_lossy().into_owned()),
            format: Some(OutputFormat::Esm),
            platform: Some(match self.platform {
                Platform::Node => rolldown::Platform::Node,
                Platform::Browser => rolldown::Platform::Browser,
            }),
            entry_filenames: Some(entry_filenames),
            chunk_filenames: Some(ChunkFilenamesOutputOption::String(self.names.chunks)),
            // Hexadecimal hashes survive file systems that ignore the case of names.
            hash_characters: Some(HashCharacters::Hex),
            sourcemap: Some(match self.source_maps {
                SourceMaps::Linked => SourceMapType::File,
                SourceMaps::Hidden => SourceMapType::Hidden,
            }),
            resolve: Some(ResolveOptions {
                // `import`, `require`, `node` and `default` are added by the resolver according to the kind of import.
                // Naming `import` here would make `require()` pick the ESM file of packages that have both.
                condition_names: (!self.conditions.is_empty()).then_some(self.conditions),
                extensions: Some(names(&[".tsx", ".ts", ".jsx", ".js", ".mjs", ".cjs", ".json"])),
                ..ResolveOptions::default()
            }),
            tsconfig: Some(tsconfig),
            transform: Some(BundlerTransformOptions {
                jsx: Some(rolldown::Either::Right(rolldown::JsxOptions {
                    runtime: Some("automatic".into()),
                    development: Some(self.jsx.development),
                    refresh: self.jsx.refresh.then_some(rolldown::Either::Left(true)),
                    ..rolldown::JsxOptions::default()
                })),
                ..BundlerTransformOptions::default()
            }),
            define: Some(self.define.into_iter().collect()),
            inject: Some(
                self.inject
                    .into_iter()
                    .map(|i| InjectImport::Named {
                        imported: i.name,
                        alias: None,
                        from: i.from,
                    })
                    .collect(),
            ),
            minify: Some(if self.minify {
                RawMinifyOptions::Bool(true)
            } else {
                RawMinifyOptions::DeadCodeEliminationOnly
            }),
            comments: Some(CommentsOptions {
                legal: true,
                annotation: !self.minify,
                jsdoc: false,
            }),
            preserve_entry_signatures: Some(PreserveEntrySignatures::AllowExtension),
            code_splitting: code_splitting(self.groups),
            checks: Some(checks()),
            experimental: Some(ExperimentalOptions {
                incremental_build: Some(self.incremental),
                resolve_new_url_to_asset: Some(true),
                ..ExperimentalOptions::default()
            }),
            ..BundlerOptions::default()
        }
    }
}

fn code_splitting(groups: Vec<ChunkGroup>) -> Option<CodeSplittingMode> {
    if groups.is_empty() {
        return None;
    }
    let groups = groups
        .into_iter()
        .map(|group| {
            let (test, name) = (Arc::clone(&group.name), group.name);
            MatchGroup {
                name: MatchGroupName::Dynamic(Arc::new(move |id, _| {
                    let name = name(id);
                    Box::pin(async move { Ok(name) })
                })),
                test: Some(MatchGroupTest::Function(Arc::new(move |id| {
                    let fits = test(id).is_some();
                    Box::pin(async move { Ok(Some(fits)) })
                }))),
                priority: Some(group.priority),
                min_size: group.min_bytes.map(f64::from),
                min_share_count: group.min_share,
                // Otherwise a group swallows everything that its modules import.
                include_dependencies_recursively: Some(false),
                ..MatchGroup::default()
            }
        })
        .collect();
    Some(CodeSplittingMode::Advanced(ManualCodeSplittingOptions {
        groups: Some(groups),
        ..ManualCodeSplittingOptions::default()
    }))
}

/// Warnings that would appear in every build, and over which an application has no power, are off.
fn checks() -> ChecksOptions {
    ChecksOptions {
        configuration_field_conflict: Some(false),
        invalid_annotation: Some(false),
        prefer_builtin_feature: Some(false),
        plugin_timings: Some(false),
        ineffective_dynamic_import: Some(false),
        unsupported_tsconfig_option: Some(false),
        common_js_variable_in_esm: Some(false),
        large_barrel_modules: Some(false),
        sourcemap_broken: Some(false),
        eval: Some(false),
        ..ChecksOptions::default()
    }
}
