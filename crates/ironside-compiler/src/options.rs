//! What a build is told by its caller. What the application itself says (`next.config`, `.env`, `tsconfig.json`) is read
//! by the build.

use crate::{report::Progress, tool::NodeTools};
use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

/// Which of React's and the application's two forms is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Small and fast.
    Production,
    /// With messages, places and checks.
    Development,
}

impl Mode {
    /// The value of `process.env.NODE_ENV`.
    #[must_use]
    pub fn node_env(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
        }
    }

    /// Whether it is [`Mode::Development`].
    #[must_use]
    pub fn is_development(self) -> bool {
        self == Self::Development
    }
}

/// The caller's side of a build.
#[derive(Clone)]
pub struct BuildOptions {
    /// The application's folder.
    pub root: PathBuf,
    /// The folder with the runtime's packages and React (`contracts.md` §2).
    pub runtime_dir: PathBuf,
    /// See [`Mode`].
    pub mode: Mode,
    /// The environment of the process, over which `.env` files do not win.
    pub process_env: BTreeMap<String, String>,
    /// Runs what only Node can: `next.config`, PostCSS.
    pub tools: Arc<dyn NodeTools>,
    /// Told about each step.
    pub progress: Arc<dyn Fn(Progress) + Send + Sync>,
    /// Graphs are made at once if there are at least four threads, otherwise one after the other.
    pub threads: usize,
}

impl fmt::Debug for BuildOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment may hold secrets, so only its size is shown.
        f.debug_struct("BuildOptions")
            .field("root", &self.root)
            .field("runtime_dir", &self.runtime_dir)
            .field("mode", &self.mode)
            .field("process_env", &self.process_env.len())
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}
