//! The application's PostCSS configuration, and running it in the Node helper. Without a configuration no stylesheet sees
//! Node at all.

use crate::tool::{self, BundleError, NodeBundle, NodeTools, Packages, ToolError};
use ironside_diagnostics::Diagnostic;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::OnceCell;
use xxhash_rust::xxh3::xxh3_64;

const NAMES: [&str; 13] = [
    "postcss.config.mjs",
    "postcss.config.js",
    "postcss.config.cjs",
    "postcss.config.ts",
    "postcss.config.mts",
    "postcss.config.cts",
    "postcss.config.json",
    ".postcssrc",
    ".postcssrc.json",
    ".postcssrc.js",
    ".postcssrc.mjs",
    ".postcssrc.cjs",
    ".postcssrc.ts",
];

/// A configuration and the way to run it.
pub(crate) struct Postcss {
    root: PathBuf,
    /// The configuration as it is on disk.
    config: PathBuf,
    tools: Arc<dyn NodeTools>,
    env: BTreeMap<String, String>,
    /// What Node imports, and a version that changes with its content.
    importable: OnceCell<Result<(PathBuf, String), Diagnostic>>,
}

impl fmt::Debug for Postcss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postcss")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// A stylesheet that plugins have changed.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Processed {
    pub(crate) css: String,
    pub(crate) dependencies: Vec<PathBuf>,
    pub(crate) folders: Vec<WatchedFolder>,
    warnings: Vec<Warning>,
}

/// A folder in which files may change the result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct WatchedFolder {
    /// The folder.
    pub folder: PathBuf,
    /// Which files in it, as a pattern relative to it; all of them without.
    pub glob: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Warning {
    message: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl Postcss {
    /// The configuration of an application, if it has one.
    pub(crate) fn find(root: &Path, tools: Arc<dyn NodeTools>, env: BTreeMap<String, String>) -> Option<Self> {
        let file = NAMES.iter().map(|name| root.join(name)).find(|path| path.is_file());
        let config = file.or_else(|| in_package_json(root))?;
        Some(Self {
            root: root.to_path_buf(),
            config,
            tools,
            env,
            importable: OnceCell::new(),
        })
    }

    /// Files whose appearance or change makes another configuration.
    pub(crate) fn candidates(root: &Path) -> Vec<PathBuf> {
        NAMES.iter().chain(&["package.json"]).map(|name| root.join(name)).collect()
    }

    fn shown(&self) -> String {
        self.config
            .strip_prefix(&self.root)
            .unwrap_or(&self.config)
            .to_string_lossy()
            .into_owned()
    }

    /// Runs the plugins over a stylesheet. `shown` is the file as the user knows it.
    pub(crate) async fn run(&self, path: &Path, shown: &str, css: &str) -> Result<(Processed, Vec<Diagnostic>), Diagnostic> {
        let (config, version) = self
            .importable
            .get_or_init(|| self.prepare())
            .await
            .as_ref()
            .map_err(Clone::clone)?;
        let input = json!({
            "root": self.root, "config": config, "version": version, "file": path, "css": css, "env": self.env,
        });
        let answer = self
            .tools
            .call(tool::POSTCSS, input)
            .await
            .map_err(|error| self.failure(&error, path, shown, css))?;
        let processed: Processed = serde_json::from_value(answer).map_err(|error| {
            Diagnostic::error("build-helper", format!("the answer of PostCSS is not understood: {error}")).at_file(shown)
        })?;
        let warnings = processed.warnings.iter().map(|warning| {
            let diagnostic = Diagnostic::warning("postcss", warning.message.clone());
            match (warning.line, warning.column) {
                (Some(line), Some(column)) => diagnostic.at_line(shown, line, column, Some(Arc::from(css))),
                _ => diagnostic.at_file(shown),
            }
        });
        let warnings = warnings.collect();
        Ok((processed, warnings))
    }

    async fn prepare(&self) -> Result<(PathBuf, String), Diagnostic> {
        let content = fs::read(&self.config).map_err(|error| {
            Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}")).at_file(self.shown())
        })?;
        let version = format!("{:016x}", xxh3_64(&content));
        let extension = self.config.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("ts" | "mts" | "cts")) {
            return Ok((self.config.clone(), version));
        }
        let out = self
            .root
            .join(".ironside/cache")
            .join(format!("postcss-config-{version}.mjs"));
        let bundle = NodeBundle {
            entry: &self.config,
            out: &out,
            root: &self.root,
            packages: Packages::External,
            define: Vec::new(),
        };
        tool::bundle_for_node(bundle).await.map_err(|error| {
            let place = match &error {
                BundleError::Source(problems) => problems.first().and_then(|problem| problem.place),
                BundleError::Write { .. } => None,
            };
            let diagnostic =
                Diagnostic::error("postcss-config", error.to_string()).hint("mend the file, or write it in JavaScript");
            match place {
                Some((line, column)) => {
                    diagnostic.at_line(self.shown(), line, column, String::from_utf8(content).ok().map(Arc::from))
                }
                None => diagnostic.at_file(self.shown()),
            }
        })?;
        Ok((out, version))
    }

    fn failure(&self, error: &ToolError, path: &Path, shown: &str, css: &str) -> Diagnostic {
        let ToolError::Thrown {
            message, name, place, ..
        } = error
        else {
            return Diagnostic::error("build-helper", error.to_string())
                .at_file(shown)
                .hint("PostCSS is run by Node 20.9 or newer: check that `node --version` works here");
        };
        let first_line = message.lines().next().unwrap_or_default();
        // An error that knows its line belongs to the stylesheet, any other to the configuration.
        match place
            .as_ref()
            .filter(|place| name == "CssSyntaxError" || Path::new(&place.file) == path)
        {
            Some(place) => {
                let diagnostic = Diagnostic::error("stylesheet", first_line).hint("mend the stylesheet");
                if Path::new(&place.file) == path {
                    return diagnostic.at_line(shown, place.line, place.column, Some(Arc::from(css)));
                }
                let other = Path::new(&place.file);
                let name = other.strip_prefix(&self.root).unwrap_or(other).to_string_lossy().into_owned();
                diagnostic.at_line(name, place.line, place.column, fs::read_to_string(other).ok().map(Arc::from))
            }
            None => {
                let hint = if first_line.contains("not installed") {
                    "install it: npm install --save-dev followed by the name"
                } else {
                    "mend the configuration, or the stylesheet that it is run over"
                };
                Diagnostic::error("postcss", first_line)
                    .at_file(self.shown())
                    .note(format!("while processing {shown}"))
                    .hint(hint)
            }
        }
    }
}

fn in_package_json(root: &Path) -> Option<PathBuf> {
    let path = root.join("package.json");
    let package: Value = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    package.get("postcss").is_some_and(Value::is_object).then_some(path)
}
