//! What a build knows before it bundles: the configuration, the routes, and what the graphs are to be made from.

use crate::{
    app_dir::{self, AppDir, AppInput},
    build::DOT_FOLDER,
    bundle::Plan,
    emit::BuildFile,
    environment::{self, Environment},
    error::BuildFailure,
    external::Externals,
    file_key::FileKeys,
    graph::{GraphKind, GraphSettings},
    options::BuildOptions,
    package::{NODE_MODULES, Packages},
    plugin::Stubs,
};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::AppConfig;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// From this many threads on the client graphs are made at once.
const PARALLEL_THREADS: usize = 4;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) root: PathBuf,
    pub(crate) found: AppDir,
    pub(crate) config: AppConfig,
    /// React's version.
    pub(crate) react: String,
    pub(crate) plan: Plan,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) watched: BTreeSet<PathBuf>,
}
