//! Stylesheets in Sass, which the application's own package compiles in the Node helper.

use super::StyleOptions;
use crate::tool::{self, ToolError};
use ironside_diagnostics::Diagnostic;
use serde::Deserialize;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a stylesheet has become.
#[derive(Debug, Deserialize)]
pub(super) struct CompiledSass {
    pub(super) css: String,
    /// Files that it uses.
    pub(super) dependencies: Vec<PathBuf>,
}

pub(super) fn is_sass(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "scss" || ending == "sass")
}

/// Compiles it. `shown` is the file as the user knows it.
pub(super) async fn compile(options: &StyleOptions, path: &Path, shown: &str, text: &str) -> Result<CompiledSass, Diagnostic> {
    let input = json!({ "root": options.root, "file": path, "css": text, "options": options.sass, "env": options.env });
    let answer = options.tools.call(tool::SASS, input).await;
    let answer = answer.map_err(|error| failure(options, &error, path, shown, text))?;
    serde_json::from_value(answer).map_err(|error| {
        Diagnostic::error("build-helper", format!("the answer of Sass is not understood: {error}")).at_file(shown)
    })
}

fn failure(options: &StyleOptions, error: &ToolError, path: &Path, shown: &str, text: &str) -> Diagnostic {
    let ToolError::Thrown { message, place, .. } = error else {
        return Diagnostic::error("build-helper", error.to_string())
            .at_file(shown)
            .hint("Sass is run by Node 20.9 or newer: check that `node --version` works here");
    };
    let message = message.lines().next().unwrap_or_default();
    if message.contains("not installed") {
        return Diagnostic::error("sass", message)
            .at_file(shown)
            .hint("npm install --save-dev sass");
    }
    let diagnostic = Diagnostic::error("stylesheet", message).hint("mend the stylesheet");
    match place {
        Some(place) if Path::new(&place.file) == path => {
            diagnostic.at_line(shown, place.line, place.column, Some(Arc::from(text)))
        }
        Some(place) => {
            let other = Path::new(&place.file);
            let name = other
                .strip_prefix(&options.root)
                .unwrap_or(other)
                .to_string_lossy()
                .into_owned();
            diagnostic.at_line(name, place.line, place.column, fs::read_to_string(other).ok().map(Arc::from))
        }
        None => diagnostic.at_file(shown),
    }
}
