//! Bundles a module for Node: the helper's own script, and configuration files in TypeScript.

use super::mixed_module;
use ironside_bundler::{
    Boxed, Emit, Entry, FileNames, Graph, GraphOptions, Hooks, JsxOptions, Loaded, ModuleSource, Platform, Problem, ResolveKind,
    ResolveRequest, Resolved, Resolver, SourceMaps,
};
use oxc::{allocator::Allocator, ast::ast::Program};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use xxhash_rust::xxh3::xxh3_64;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The sources are wrong.
    #[error("{}", .0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("\n"))]
    Source(Vec<Problem>),
    /// The result cannot be written.
    #[error("{path} cannot be written: {source}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Which imports stay imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packages {
    /// Everything is bundled but Node's own modules.
    Bundled,
    /// What is imported by a package's name is left to Node.
    External,
}

/// What is bundled, and where from.
#[derive(Debug, Clone)]
pub struct NodeBundle<'a> {
    /// The module, an absolute path.
    pub entry: &'a Path,
    /// The file to write.
    pub out: &'a Path,
    /// Relative imports of the entry and messages refer to it.
    pub root: &'a Path,
    /// See [`Packages`].
    pub packages: Packages,
    /// Expressions that are replaced, such as `import.meta.url`.
    pub define: Vec<(String, String)>,
}

/// Makes one file for Node of a module and what it imports. Returns the files that went into it.
///
/// # Errors
/// If the sources cannot be bundled, or the file cannot be written.
pub async fn bundle_for_node(bundle: NodeBundle<'_>) -> Result<Vec<String>, BundleError> {
    let folder = bundle.out.parent().unwrap_or(bundle.root).to_path_buf();
    let name = bundle
        .out
        .file_name()
        .map_or_else(|| "bundle.mjs".into(), |name| name.to_string_lossy().into_owned());
    let options = GraphOptions {
        root: bundle.root.to_path_buf(),
        folder: folder.clone(),
        entries: vec![Entry {
            name: "entry".to_owned(),
            import: bundle.entry.to_string_lossy().into_owned(),
        }],
        platform: Platform::Node,
        conditions: Vec::new(),
        define: bundle.define,
        inject: Vec::new(),
        jsx: JsxOptions::default(),
        minify: false,
        source_maps: SourceMaps::Linked,
        names: FileNames {
            entries: name.clone(),
            // A second chunk comes only of `import()`, and is named by its content.
            chunks: "[name]-[hash].mjs".to_owned(),
            fixed: Vec::new(),
        },
        groups: Vec::new(),
        incremental: false,
    };
    let hooks = Arc::new(NodeHooks {
        packages: bundle.packages,
    });
    let mut graph = Graph::new(options, hooks).map_err(BundleError::Source)?;
    let output = graph.generate().await.map_err(BundleError::Source);
    graph.close().await;
    let output = output?;
    create_folder(&folder)?;
    for chunk in &output.chunks {
        write(&folder.join(&chunk.file), chunk.code.as_bytes())?;
        if let Some(map) = &chunk.map {
            write(&folder.join(format!("{}.map", chunk.file)), map.as_bytes())?;
        }
    }
    Ok(output.watched.into_iter().collect())
}

/// The helper's script, made from the runtime folder (`contracts.md` §2) at first use and kept in `cache_dir`. The runtime
/// folder is named after its contents, so its path tells whether the script is current.
///
/// # Errors
/// If the runtime folder is not whole, or `cache_dir` cannot be written.
pub async fn prepare(runtime_dir: &Path, cache_dir: &Path) -> Result<PathBuf, BundleError> {
    let id = format!("{}\n{}", env!("CARGO_PKG_VERSION"), runtime_dir.display());
    let out = cache_dir.join(format!("tool-{:016x}.mjs", xxh3_64(id.as_bytes())));
    if out.is_file() {
        return Ok(out);
    }
    let entry = runtime_dir.join("node_modules/@ironside/runtime/src/tool/main.ts");
    let packages = Packages::Bundled;
    bundle_for_node(NodeBundle {
        entry: &entry,
        out: &out,
        root: runtime_dir,
        packages,
        define: Vec::new(),
    })
    .await?;
    Ok(out)
}

/// Files under `.ironside` are nobody's source: tools that obey `.gitignore` (Tailwind looks for class names in every other
/// file) must not read them.
fn create_folder(folder: &Path) -> Result<(), BundleError> {
    fs::create_dir_all(folder).map_err(|source| BundleError::Write {
        path: folder.to_path_buf(),
        source,
    })?;
    let Some(own) = folder
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == ".ironside"))
    else {
        return Ok(());
    };
    let ignore = own.join(".gitignore");
    if ignore.exists() { Ok(()) } else { write(&ignore, b"*\n") }
}

/// A file appears whole or not at all, as another build may be reading it.
fn write(path: &Path, content: &[u8]) -> Result<(), BundleError> {
    let failed = |source| BundleError::Write {
        path: path.to_path_buf(),
        source,
    };
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    fs::write(&part, content).map_err(failed)?;
    fs::rename(&part, path).map_err(failed)
}

#[derive(Debug)]
struct NodeHooks {
    packages: Packages,
}

impl Hooks for NodeHooks {
    fn resolve<'a>(&'a self, request: ResolveRequest<'a>, resolver: Resolver<'a>) -> Boxed<'a, Option<Resolved>> {
        Box::pin(async move {
            let specifier = request.specifier;
            let own = specifier.starts_with(['.', '/', '#', '\0']) || request.importer.is_none();
            if own || self.packages == Packages::Bundled || request.kind == ResolveKind::NewUrl {
                return None;
            }
            // A name may be an alias of `tsconfig.json` for a file of the application.
            match resolver.resolve(request).await {
                Some(Resolved::Module { id, .. }) if !id.contains("/node_modules/") => None,
                _ => Some(Resolved::External(specifier.to_owned())),
            }
        })
    }

    fn load<'a>(&'a self, _: &'a str, _: Resolver<'a>) -> Boxed<'a, Option<Loaded>> {
        Box::pin(async { None })
    }

    fn transform<'a>(&self, module: ModuleSource<'_>, program: &mut Program<'a>, allocator: &'a Allocator) -> Emit {
        mixed_module::apply(module.source, program, allocator);
        Emit::default()
    }
}
