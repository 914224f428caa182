//! What the caller decides while a graph is scanned: where imports lead, what is loaded, and what becomes of a module's
//! syntax tree.

use crate::Boxed;
use oxc::{allocator::Allocator, ast::ast::Program};
use rolldown::plugin::{PluginContext, PluginContextResolveOptions};
use rolldown_common::ImportKind;
use std::fmt;

/// How a module asks for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResolveKind {
    /// `import … from`, `export … from`.
    Import,
    /// `import()`.
    DynamicImport,
    /// `require()`.
    Require,
    /// `new URL(…, import.meta.url)`.
    NewUrl,
    /// `@import` and `url()` of stylesheets.
    Style,
}

impl ResolveKind {
    pub(crate) fn from_rolldown(kind: ImportKind) -> Self {
        match kind {
            ImportKind::Import | ImportKind::HotAccept => Self::Import,
            ImportKind::DynamicImport => Self::DynamicImport,
            ImportKind::Require => Self::Require,
            ImportKind::NewUrl => Self::NewUrl,
            ImportKind::AtImport | ImportKind::UrlImport => Self::Style,
        }
    }

    fn into_rolldown(self) -> ImportKind {
        match self {
            Self::Import => ImportKind::Import,
            Self::DynamicImport => ImportKind::DynamicImport,
            Self::Require => ImportKind::Require,
            Self::NewUrl => ImportKind::NewUrl,
            Self::Style => ImportKind::UrlImport,
        }
    }
}

/// An import to be resolved.
#[derive(Debug, Clone, Copy)]
pub struct ResolveRequest<'a> {
    /// What stands in the source.
    pub specifier: &'a str,
    /// The module's id; `None` for entries.
    pub importer: Option<&'a str>,
    /// See [`ResolveKind`].
    pub kind: ResolveKind,
}

/// Where an import leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// A module of the graph: a path, or `\0` and a name for a virtual one.
    Module {
        /// The module's id.
        id: String,
        /// The `package.json` that governs it, which says what `.js` means and whether it may be dropped.
        package_json: Option<String>,
    },
    /// Not bundled; the specifier is written as it stands here.
    External(String),
    /// The package says that this file is empty on this platform.
    Ignored(String),
}

/// Resolves as the bundler does by itself, without asking the hooks.
#[derive(Clone, Copy)]
pub struct Resolver<'a> {
    context: &'a PluginContext,
}

impl fmt::Debug for Resolver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(context: &'a PluginContext) -> Self {
        Self { context }
    }

    /// Where the import leads, or `None` if it leads nowhere.
    pub fn resolve<'b>(self, request: ResolveRequest<'b>) -> Boxed<'b, Option<Resolved>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            let options = PluginContextResolveOptions {
                import_kind: request.kind.into_rolldown(),
                is_entry: request.importer.is_none(),
                ..PluginContextResolveOptions::default()
            };
            let resolved = self
                .context
                .resolve(request.specifier, request.importer, Some(options))
                .await
                .ok()?
                .ok()?;
            let id = resolved.id.as_str().to_owned();
            Some(if resolved.external.is_external() {
                Resolved::External(id)
            } else if resolved.id.strip_empty_prefix().is_some() {
                Resolved::Ignored(id)
            } else {
                Resolved::Module {
                    id,
                    package_json: resolved.package_json.map(|p| p.realpath().to_string_lossy().into_owned()),
                }
            })
        })
    }

    /// Makes a change of this file a reason to build again.
    pub fn watch(self, file: &str) {
        self.context.add_watch_file(file);
    }
}

/// How a loaded text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// JavaScript.
    JavaScript,
    /// JavaScript with JSX.
    Jsx,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// JSON.
    Json,
    /// A string.
    Text,
}

/// A module's text that does not come from its file.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The text.
    pub code: String,
    /// See [`Language`].
    pub language: Language,
    /// `true`: the module is kept even if nothing of it is used. `false`: importing it alone does nothing. `None`: found
    /// out from the code.
    pub side_effects: Option<bool>,
}

/// A parsed module, as it is shown to [`Hooks::transform`].
#[derive(Debug, Clone, Copy)]
pub struct ModuleSource<'a> {
    /// The module's id.
    pub id: &'a str,
    /// Its text.
    pub source: &'a str,
}

/// What [`Hooks::transform`] asks for beside its changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emit {
    /// Makes the module an entry, with this name for its chunk.
    pub entry: Option<String>,
}

/// The decisions of a graph. All of them are called from several threads at once.
pub trait Hooks: fmt::Debug + Send + Sync + 'static {
    /// Where an import leads. `None` leaves it to the bundler.
    fn resolve<'a>(&'a self, request: ResolveRequest<'a>, resolver: Resolver<'a>) -> Boxed<'a, Option<Resolved>>;

    /// The text of a module. `None` reads the file. What is wrong with it is for the caller to note: rolldown would lose
    /// the words.
    fn load<'a>(&'a self, id: &'a str, resolver: Resolver<'a>) -> Boxed<'a, Option<Loaded>>;

    /// Called before [`Hooks::transform`] with the same module, for what has to be awaited.
    fn prepare<'a>(&'a self, module: ModuleSource<'a>, resolver: Resolver<'a>) -> Option<Boxed<'a, ()>> {
        let _ = (module, resolver);
        None
    }

    /// Changes a module's syntax tree, as written: before TypeScript and JSX are compiled.
    fn transform<'a>(&self, module: ModuleSource<'_>, program: &mut Program<'a>, allocator: &'a Allocator) -> Emit;
}
