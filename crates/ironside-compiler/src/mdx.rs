//! MDX: text with components in it, which the application's own `@mdx-js/mdx` makes into a module in the Node helper.

use crate::{
    file_key::FileKeys,
    tool::{self, NodeTools, ToolError},
};
use ironside_diagnostics::Diagnostic;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What files are compiled with.
#[derive(Clone)]
pub(crate) struct MdxCompiler {
    pub(crate) root: PathBuf,
    pub(crate) keys: FileKeys,
    pub(crate) tools: Arc<dyn NodeTools>,
    /// Variables that plugins see.
    pub(crate) env: BTreeMap<String, String>,
}

impl fmt::Debug for MdxCompiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MdxCompiler")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

pub(crate) fn is_mdx(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "mdx" || ending == "md")
}

impl MdxCompiler {
    /// The module in JavaScript.
    pub(crate) async fn compile(&self, path: &Path) -> Result<String, Diagnostic> {
        let shown = self.keys.shown(&path.to_string_lossy());
        let source = fs::read_to_string(path).map_err(|error| {
            Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}"))
                .at_file(&shown)
                .hint("check that it is UTF-8 text and may be read")
        })?;
        let input = json!({ "root": self.root, "file": path, "source": source, "env": self.env });
        match self.tools.call(tool::MDX, input).await {
            Ok(answer) => match answer.get("code").and_then(Value::as_str) {
                Some(code) => Ok(code.to_owned()),
                None => Err(Diagnostic::error("build-helper", "the answer about MDX is not understood").at_file(shown)),
            },
            Err(ToolError::Thrown { message, place, .. }) => {
                let message = message.lines().next().unwrap_or_default().to_owned();
                let missing = message.contains("not installed");
                let diagnostic = Diagnostic::error("mdx", message).hint(if missing {
                    "npm install @mdx-js/mdx"
                } else {
                    "mend the text, or the plugins that `next.config` gives to MDX"
                });
                Err(match place.filter(|place| Path::new(&place.file) == path) {
                    Some(place) => diagnostic.at_line(shown, place.line, place.column, Some(source.into())),
                    None => diagnostic.at_file(shown),
                })
            }
            Err(error) => Err(Diagnostic::error("build-helper", error.to_string())
                .at_file(shown)
                .hint("MDX is compiled by Node 20.9 or newer: check that `node --version` works here")),
        }
    }
}
