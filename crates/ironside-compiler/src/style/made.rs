//! Stylesheets that the compiler itself writes, such as those of fonts. They are known by a path that no file has, and go
//! the way of all others from there on.

use super::StyleCompiler;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

/// A stylesheet's text and where it belongs.
#[derive(Debug, Clone)]
pub(crate) struct MadeSheet {
    /// The module that asked for it: `url()`s are relative to it, and messages name it.
    pub(crate) from: PathBuf,
    pub(crate) css: String,
    pub(crate) preload: Preload,
}

/// What a page loads at once of the files that a stylesheet refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Preload {
    Nothing,
    Everything,
    /// These of them.
    These(Vec<PathBuf>),
}

impl StyleCompiler {
    /// Makes a stylesheet known under a path. Graphs that have the same module make the same one.
    pub(crate) fn add_made(&self, path: PathBuf, sheet: MadeSheet) {
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(path)
            .or_insert_with(|| Arc::new(sheet));
    }

    pub(super) fn made(&self, path: &Path) -> Option<Arc<MadeSheet>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}
