//! Why a build failed.

use ironside_diagnostics::{Diagnostic, Diagnostics};
use std::{collections::BTreeSet, fmt, path::PathBuf};

/// A build that came to nothing. The build before it is left as it was.
#[derive(Debug, Clone, Default)]
pub struct BuildFailure {
    /// What is wrong, errors and warnings; at least one error.
    pub diagnostics: Diagnostics,
    /// Files whose change may mend it, as far as they are known.
    pub watched: BTreeSet<PathBuf>,
}

impl BuildFailure {
    /// A failure with these reasons.
    pub fn new(diagnostics: impl IntoIterator<Item = Diagnostic>) -> Self {
        Self {
            diagnostics: diagnostics.into_iter().collect(),
            watched: BTreeSet::new(),
        }
    }
}

impl From<Diagnostic> for BuildFailure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new([diagnostic])
    }
}

impl fmt::Display for BuildFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in self.diagnostics.as_slice() {
            writeln!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildFailure {}
