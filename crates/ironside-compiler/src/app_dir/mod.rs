//! Finds out what an application consists of: its routes, and the files that they are made of.
//!
//! [`discover`] is a function over a list of paths and a way to read them; [`list_files`] makes the list from disk. All
//! rules about file names, folders and what such files export are judged here, so that the graphs are made only of an
//! application that makes sense. The grammar of folder names and the matching of URLs are `ironside-model`'s.

mod conflict;
mod entry_file;
mod folder;
mod listing;
mod metadata_file;
mod module_check;
pub(crate) mod module_facts;
mod page_tree;
mod routes;
mod segment_config;

pub use listing::{AppFiles, list_files};
pub use metadata_file::METADATA_ID_PARAM;

use folder::Listing;
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::{FileKey, Proxy, Route, Segment, SegmentConfig, SegmentNode};
use module_facts::ModuleFacts;
use std::{collections::BTreeMap, fmt, io, sync::Arc};

/// What [`discover`] looks at.
#[derive(Clone, Copy)]
pub struct AppInput<'a> {
    /// `app` or `src/app`.
    pub app: &'a str,
    /// Every file below it, and those beside it, relative to the application's root with `/`.
    pub files: &'a [FileKey],
    /// Without dots: `tsx`, `ts`, `jsx`, `js`.
    pub page_extensions: &'a [String],
    /// `cacheComponents` of the configuration.
    pub cache_components: bool,
    /// Reads one of the files.
    pub read: &'a (dyn Fn(&str) -> io::Result<Vec<u8>> + Sync),
}

impl fmt::Debug for AppInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppInput")
            .field("app", &self.app)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

/// What the manifest says about an application, as far as it is known before bundling.
#[derive(Debug, Clone, Default)]
pub struct AppDir {
    /// In the manifest's order. Ids of routes are indices into it.
    pub routes: Vec<Route>,
    /// The root's node, without a page: in the place of `children` stands the not-found file, or the built-in one.
    pub not_found: Option<SegmentNode>,
    /// Its merged segment config.
    pub not_found_config: SegmentConfig,
    /// `app/global-error`.
    pub global_error: Option<FileKey>,
    /// Every file of a route. `chunk`, `styles` and `clients` are empty, and `exports` is what the text says; where a
    /// file has `export *` it is not complete. Files with `copy` are no modules: they are copied there.
    pub segments: BTreeMap<FileKey, Segment>,
    /// `chunk` is empty.
    pub proxy: Option<Proxy>,
    /// `instrumentation.ts`.
    pub instrumentation: Option<FileKey>,
    /// `instrumentation-client.ts`.
    pub instrumentation_client: Option<FileKey>,
    /// What is wrong. With an error among them the rest is not to be used.
    pub diagnostics: Vec<Diagnostic>,
}

impl AppDir {
    /// The files that are modules of the `rsc` graph, each an entry.
    pub fn modules(&self) -> impl Iterator<Item = &FileKey> {
        let segments = self
            .segments
            .iter()
            .filter(|(_, segment)| segment.copy.is_none())
            .map(|(file, _)| file);
        segments
            .chain(self.proxy.iter().map(|proxy| &proxy.file))
            .chain(&self.instrumentation)
    }

    /// Files that are served as they are, and where in the build folder they go.
    pub fn copies(&self) -> impl Iterator<Item = (&FileKey, &str)> {
        self.segments
            .iter()
            .filter_map(|(file, segment)| Some((file, segment.copy.as_deref()?)))
    }
}

/// Reads the application's structure.
#[must_use]
pub fn discover(input: AppInput<'_>) -> AppDir {
    let mut sources = Sources {
        input,
        facts: BTreeMap::new(),
        diagnostics: Vec::new(),
    };
    let listing = Listing {
        app: input.app,
        files: input.files,
        page_extensions: input.page_extensions,
    };
    let root = listing.read(&mut sources.diagnostics);
    let mut found = routes::collect(&root, &mut sources);
    let entries = entry_file::find(&mut sources, input.app, input.files, input.page_extensions);
    found.proxy = entries.proxy;
    found.instrumentation = entries.instrumentation;
    found.instrumentation_client = entries.instrumentation_client;
    if found.routes.is_empty() && sources.diagnostics.is_empty() {
        sources.diagnostics.push(
            Diagnostic::warning("no-routes", "the application has no page and no route handler")
                .at_file(input.app)
                .hint(format!("add {}/page.tsx", input.app)),
        );
    }
    found.diagnostics = sources.diagnostics;
    found
}

/// The files that were read, and what is wrong with them.
pub(crate) struct Sources<'a> {
    input: AppInput<'a>,
    facts: BTreeMap<FileKey, (Arc<ModuleFacts>, Arc<str>)>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Sources<'_> {
    pub(crate) fn bytes(&mut self, file: &str) -> Option<Vec<u8>> {
        match (self.input.read)(file) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let diagnostic = Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}")).at_file(file);
                self.diagnostics.push(diagnostic.hint("check that it exists and may be read"));
                None
            }
        }
    }

    /// What a module exports; read once.
    pub(crate) fn facts(&mut self, file: &str) -> Option<(Arc<ModuleFacts>, Arc<str>)> {
        if let Some(known) = self.facts.get(file) {
            return Some(known.clone());
        }
        let source: Arc<str> = match String::from_utf8(self.bytes(file)?) {
            Ok(text) => text.into(),
            Err(_) => {
                let diagnostic = Diagnostic::error("not-utf-8", "the file is not UTF-8 text").at_file(file);
                self.diagnostics.push(diagnostic.hint("save it as UTF-8"));
                return None;
            }
        };
        let known = (Arc::new(ModuleFacts::read(file, &source)), source);
        self.facts.insert(file.to_owned(), known.clone());
        Some(known)
    }

    pub(crate) fn cache_components(&self) -> bool {
        self.input.cache_components
    }
}
