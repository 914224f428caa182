//! What the bundler is told while it scans a graph: one [`GraphHooks`] for each graph.

mod client_api;
mod client_exports;
pub(crate) mod collected;
mod directives;
mod document_renderer;
mod load;
mod remove_console;
pub(crate) mod resolve;
pub(crate) mod virtual_module;

use crate::{
    dynamic_import::PathAlias,
    environment::{Alias, RemoveConsole},
    external::Externals,
    file_key::FileKeys,
    graph::GraphKind,
};
use collected::Collected;
use ironside_bundler::{Boxed, Emit, Hooks, Loaded, ModuleSource, ResolveRequest, Resolved, Resolver};
use oxc::{allocator::Allocator, ast::ast::Program};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What the configuration says about `'use cache'`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CacheSettings {
    /// `cacheComponents`.
    pub(crate) enabled: bool,
    /// The names in `cacheHandlers`.
    pub(crate) handlers: Vec<String>,
}

/// Specifiers that lead elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aliases {
    /// The application's folder, which their paths are relative to.
    pub(crate) root: PathBuf,
    pub(crate) list: Arc<[Alias]>,
    /// Folders that `paths` of `tsconfig.json` names.
    pub(crate) folders: Arc<[PathAlias]>,
}

/// The decisions of one graph and what it found out.
#[derive(Debug)]
pub(crate) struct GraphHooks {
    pub(crate) kind: GraphKind,
    pub(crate) keys: FileKeys,
    pub(crate) externals: Arc<Externals>,
    pub(crate) runtime_dir: PathBuf,
    /// Modules that are entries already, and so need no chunk of their own for their actions.
    pub(crate) entries: BTreeSet<String>,
    pub(crate) stubs: Arc<load::Stubs>,
    /// What `'use cache'` means.
    pub(crate) cache: CacheSettings,
    /// Calls of `console` that are dropped from the application's code.
    pub(crate) remove_console: Option<RemoveConsole>,
    pub(crate) aliases: Aliases,
    /// Texts of virtual modules by id.
    texts: Mutex<BTreeMap<String, String>>,
    /// Names behind `export *` of client files in packages, by module.
    star_exports: Mutex<BTreeMap<String, BTreeSet<String>>>,
    collected: Mutex<Collected>,
}

pub(crate) use load::Stubs;

impl GraphHooks {
    pub(crate) fn new(
        kind: GraphKind,
        keys: FileKeys,
        externals: Arc<Externals>,
        runtime_dir: PathBuf,
        stubs: Arc<Stubs>,
    ) -> Self {
        let (texts, star_exports, collected, entries, remove_console, cache, aliases) = Default::default();
        Self {
            kind,
            keys,
            externals,
            runtime_dir,
            entries,
            stubs,
            cache,
            remove_console,
            aliases,
            texts,
            star_exports,
            collected,
        }
    }

    /// What was found out so far.
    pub(crate) fn collect(&self) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a virtual module its text.
    pub(crate) fn set_text(&self, module: impl Into<String>, text: String) {
        self.texts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(module.into(), text);
    }

    fn text(&self, module: &str) -> Option<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(module).cloned()
    }

    fn stars(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<String>>> {
        self.star_exports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hooks for GraphHooks {
    fn resolve<'a>(&'a self, request: ResolveRequest<'a>, resolver: Resolver<'a>) -> Boxed<'a, Option<Resolved>> {
        Box::pin(resolve::resolve(self, request, resolver))
    }

    fn load<'a>(&'a self, id: &'a str, resolver: Resolver<'a>) -> Boxed<'a, Option<Loaded>> {
        Box::pin(load::load(self, id, resolver))
    }

    fn prepare<'a>(&'a self, module: ModuleSource<'a>, resolver: Resolver<'a>) -> Option<Boxed<'a, ()>> {
        client_exports::may_have_stars(self, module)
            .then(|| Box::pin(client_exports::prepare(self, module, resolver)) as Boxed<'a, ()>)
    }

    fn transform<'a>(&self, module: ModuleSource<'_>, program: &mut Program<'a>, allocator: &'a Allocator) -> Emit {
        directives::transform(self, module, program, allocator)
    }
}
