//! Stylesheets: global CSS, CSS modules, what they import, and the files that a build gets of them.
//!
//! The graphs of JavaScript see only stubs ([`StyleCompiler::stub`]): an empty module for a global stylesheet, the map of
//! class names for a CSS module. Which stylesheets a segment needs, and in what order, is found out from the graphs by the
//! caller; [`StyleCompiler::bundle`] then makes as few files of them as the order allows.
//!
//! Each file is compiled once, however many graphs and segments ask for it. PostCSS is run, in the Node helper, only if the
//! application has a configuration for it.

mod bundle;
mod class_map;
mod compiled;
mod made;
mod postcss;
mod resolve;
mod sass;
mod sheet;

pub use bundle::StyleBundle;
pub use class_map::StyleStub;
pub(crate) use made::{MadeSheet, Preload};
pub use postcss::WatchedFolder;

use crate::{file_key::FileKeys, package::Packages, tool::NodeTools};
use compiled::CompiledSheet;
use ironside_diagnostics::Diagnostic;
use postcss::Postcss;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// What stylesheets are compiled with.
#[derive(Clone)]
pub struct StyleOptions {
    /// The application's folder.
    pub root: PathBuf,
    /// Names files.
    pub keys: FileKeys,
    /// Finds packages.
    pub packages: Arc<Packages>,
    /// Runs PostCSS.
    pub tools: Arc<dyn NodeTools>,
    /// `sassOptions` of `next.config`.
    pub sass: serde_json::Value,
    /// Variables that PostCSS plugins see: those of `.env` files, and `NODE_ENV`.
    pub env: BTreeMap<String, String>,
    /// Whether white space is left out.
    pub minify: bool,
}

impl fmt::Debug for StyleOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StyleOptions")
            .field("root", &self.root)
            .field("minify", &self.minify)
            .finish_non_exhaustive()
    }
}

type Compiling = Arc<OnceCell<Result<Arc<CompiledSheet>, Diagnostic>>>;

/// Compiles the stylesheets of one build. Shared by all of its graphs.
#[derive(Debug)]
pub struct StyleCompiler {
    options: StyleOptions,
    postcss: Option<Postcss>,
    sheets: Mutex<BTreeMap<PathBuf, Compiling>>,
    /// Stylesheets that are no files.
    made: Mutex<BTreeMap<PathBuf, Arc<MadeSheet>>>,
}

impl StyleCompiler {
    /// Looks for a PostCSS configuration; reads nothing else yet.
    #[must_use]
    pub fn new(options: StyleOptions) -> Self {
        let postcss = Postcss::find(&options.root, Arc::clone(&options.tools), options.env.clone());
        Self {
            options,
            postcss,
            sheets: Mutex::default(),
            made: Mutex::default(),
        }
    }

    /// Whether a module is a stylesheet that can be compiled here.
    #[must_use]
    pub fn is_stylesheet(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "css") || sass::is_sass(path)
    }

    /// The file compiled by itself, without what it imports.
    async fn compiled(&self, path: &Path) -> Result<Arc<CompiledSheet>, Diagnostic> {
        let cell = Arc::clone(
            self.sheets
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(path.to_path_buf())
                .or_default(),
        );
        cell.get_or_init(|| async { compiled::compile(self, path).await.map(Arc::new) })
            .await
            .clone()
    }

    /// Every file that was read so far, every folder that a PostCSS plugin looks into, and the files that would be a
    /// PostCSS configuration.
    #[must_use]
    pub fn watched(&self) -> (Vec<PathBuf>, Vec<WatchedFolder>) {
        let mut files = Postcss::candidates(&self.options.root);
        let mut folders = Vec::new();
        for (path, cell) in self.sheets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            files.push(path.clone());
            if let Some(Ok(sheet)) = cell.get() {
                files.extend(sheet.watched.iter().cloned());
                folders.extend(sheet.folders.iter().cloned());
            }
        }
        files.sort();
        files.dedup();
        folders.sort();
        folders.dedup();
        (files, folders)
    }

    /// What is odd about the stylesheets that were read so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let sheets = self.sheets.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = sheets.values().filter_map(|cell| cell.get()?.as_ref().ok());
        compiled.flat_map(|sheet| sheet.warnings.iter().cloned()).collect()
    }
}
