//! What a build tells its caller: the steps while it runs, and what came of it.

use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::Manifest;
use std::{collections::BTreeSet, path::PathBuf};

/// A step that a build has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Reading the configuration and the `app` folder.
    Reading,
    /// Bundling what runs on the server.
    Server,
    /// Bundling what runs in the browser and the code that makes its HTML.
    Client,
    /// Compiling stylesheets.
    Styles,
    /// Writing the build folder.
    Writing,
}

impl Progress {
    /// What a person reads while it lasts.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Reading => "Reading the application",
            Self::Server => "Compiling for the server",
            Self::Client => "Compiling for the browser",
            Self::Styles => "Compiling styles",
            Self::Writing => "Writing the build",
        }
    }
}

/// A finished build.
#[derive(Debug, Clone)]
pub struct BuildReport {
    /// What was written to `manifest.json`.
    pub manifest: Manifest,
    /// The build folder.
    pub folder: PathBuf,
    /// What is wrong without having failed the build.
    pub warnings: Vec<Diagnostic>,
    /// What a first visit of each page loads; in the order of `manifest.routes`, without routes that are no pages.
    pub sizes: Vec<RouteSize>,
    /// JavaScript that every page loads: gzipped bytes.
    pub shared_bytes: u64,
    /// Files whose change makes another build necessary: sources, configuration, stylesheets. Folders stand for the
    /// names of their files.
    pub watched: BTreeSet<PathBuf>,
}

/// What a first visit of a page loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSize {
    /// The route's pattern as people write it.
    pub path: String,
    /// JavaScript of this page alone, gzipped.
    pub own_bytes: u64,
    /// All its JavaScript, gzipped.
    pub first_load_bytes: u64,
    /// Its stylesheets, gzipped.
    pub style_bytes: u64,
}
