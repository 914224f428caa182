//! For tools: `--format json`.

use super::frame::{FrameLine, frame_lines};
use crate::Diagnostic;
use serde::Serialize;

/// A diagnostic and the lines of its frame.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(flatten)]
    diagnostic: &'a Diagnostic,
    frame: Vec<FrameLine>,
}

/// One diagnostic as a JSON object on one line.
pub fn json(diagnostic: &Diagnostic) -> String {
    let message = Message {
        diagnostic,
        frame: frame_lines(diagnostic),
    };
    // Every field is a string, a number or a list of them, so this cannot fail; an empty object would say so.
    serde_json::to_string(&message).unwrap_or_else(|_| "{}".to_owned())
}

/// Diagnostics as JSON, one on each line.
pub fn json_lines<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    diagnostics.into_iter().map(|diagnostic| json(diagnostic) + "\n").collect()
}
