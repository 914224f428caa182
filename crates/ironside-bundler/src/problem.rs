//! What rolldown has to complain about, as plain facts. Remedies are the business of the caller.

use rolldown_error::{BatchedBuildDiagnostic, BuildDiagnostic, DiagnosableResolveError, DiagnosticOptions, EventKind, Severity};
use std::path::Path;

/// The kinds of problems that a caller may want to explain. All others have their text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The text is not JavaScript or TypeScript.
    Syntax,
    /// An import leads nowhere.
    Unresolved,
    /// The imported module has no such export.
    MissingExport,
    /// A module could not be read.
    Unloadable,
    /// Invalid JSON.
    Json,
    /// `tsconfig.json` is wrong.
    TsConfig,
    /// Anything else.
    Other,
}

/// One error or warning.
#[derive(Debug, Clone)]
pub struct Problem {
    /// See [`ProblemKind`].
    pub kind: ProblemKind,
    /// Whether the graph could not be made because of it.
    pub error: bool,
    /// One sentence.
    pub message: String,
    /// The id of the module that it is found in.
    pub file: Option<String>,
    /// Line from 1 and column from 1 (UTF-16 units).
    pub place: Option<(u32, u32)>,
    /// For [`ProblemKind::Unresolved`] the specifier, for [`ProblemKind::MissingExport`] the id of the exporter.
    pub subject: Option<String>,
    /// The resolver's reason, where there is one beyond "not found".
    pub reason: Option<String>,
}

pub(crate) fn from_batch(batch: BatchedBuildDiagnostic, root: &Path) -> Vec<Problem> {
    batch
        .into_vec()
        .into_iter()
        .map(|diagnostic| from_rolldown(diagnostic, root))
        .collect()
}

pub(crate) fn from_rolldown(mut diagnostic: BuildDiagnostic, root: &Path) -> Problem {
    let options = DiagnosticOptions { cwd: root.to_path_buf() };
    let kind = kind_of(diagnostic.kind());
    let rendered = diagnostic.to_diagnostic_with(&options);
    let location = rendered.get_primary_location();
    let place = location
        .as_ref()
        .map(|(_, line, column, _)| (small(*line), small(column + 1)));
    let file = diagnostic
        .id()
        .or_else(|| location.map(|(file, ..)| root.join(file).to_string_lossy().into_owned()));
    let message = diagnostic.to_message_with(&options);
    // A problem that a hook raised has its text only in the rendered form.
    let message = if message.is_empty() {
        rendered.convert_to_string(false)
    } else {
        message
    };
    let subject = diagnostic.exporter();
    let error = diagnostic.severity() == Severity::Error;
    let reason = diagnostic.downcast_mut::<DiagnosableResolveError>().map(|e| e.reason.clone());
    Problem {
        kind,
        error,
        message,
        file,
        place,
        subject,
        reason,
    }
}

fn kind_of(kind: EventKind) -> ProblemKind {
    match kind {
        EventKind::ParseError => ProblemKind::Syntax,
        EventKind::UnresolvedImport | EventKind::UnresolvedEntry | EventKind::ResolveError => ProblemKind::Unresolved,
        EventKind::MissingExportError => ProblemKind::MissingExport,
        EventKind::UnloadableDependencyError | EventKind::FileNotFoundError => ProblemKind::Unloadable,
        EventKind::JsonParseError => ProblemKind::Json,
        EventKind::TsConfigError => ProblemKind::TsConfig,
        _ => ProblemKind::Other,
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
