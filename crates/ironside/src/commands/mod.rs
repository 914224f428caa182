//! What each command does, one file a command.

pub(crate) mod actions;
pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod dev;
pub(crate) mod digest;
pub(crate) mod routes;
pub(crate) mod start;

use crate::{printer::Printer, settings::Sources};
use std::{fmt, path::PathBuf};

/// What every command gets.
pub(crate) struct Context {
    pub(crate) printer: Printer,
    /// The application's folder, absolute.
    pub(crate) dir: PathBuf,
    pub(crate) sources: Sources,
    /// The Node executable.
    pub(crate) node: PathBuf,
    /// A checkout to take the runtime from.
    pub(crate) runtime_source: Option<PathBuf>,
}

impl Context {
    /// Where Ironside keeps what it makes.
    pub(crate) fn dot_ironside(&self) -> PathBuf {
        self.dir.join(".ironside")
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment may hold secrets.
        f.debug_struct("Context")
            .field("dir", &self.dir)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
