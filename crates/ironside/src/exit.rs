//! How the process ends: one place that turns an error into an exit code. The codes are part of the command line's contract
//! and stand in `--help`.

use std::{error::Error, fmt, process::ExitCode};

/// Whose fault it is that a command could not do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The application has errors: the build failed, or a page could not be made.
    Application,
    /// Arguments, settings or environment variables are wrong.
    Usage,
    /// Something around us is missing or taken: Node, a port, a folder that can't be written.
    Environment,
    /// Our own fault.
    Internal,
}

impl Exit {
    /// The code that the process ends with.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Application => 1,
            Self::Usage => 2,
            Self::Environment => 69,
            Self::Internal => 70,
        })
    }
}

/// An error that is ready to be shown: what happened, and how to mend it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Decides the exit code.
    pub(crate) exit: Exit,
    /// One sentence. Empty if everything has been printed already (diagnostics of a build).
    pub(crate) message: String,
    /// How to mend it.
    pub(crate) hint: Option<String>,
    /// What it came from; its chain is printed below the message.
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure of this kind.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
            source: None,
        }
    }

    /// The same with a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a cause.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Everything has been said already.
    pub(crate) fn reported(exit: Exit) -> Self {
        Self::new(exit, "")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
