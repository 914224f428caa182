//! What an application says about itself outside of its code: `next.config` and `.env` files, and `package.json` and
//! `tsconfig.json` as far as they must be right.
//!
//! [`read_environment`] reads them, evaluates the configuration in the Node helper, checks it, and gives settings for
//! building and for serving. Everything that is wrong is a diagnostic with its place; defaults take the place of wrong
//! values, so that all mistakes are told at once.

mod alias;
pub(crate) mod byte_size;
mod config_file;
mod config_reader;
mod define;
mod dotenv;
mod known_keys;
mod next_config;
mod project_files;
mod url_rules;

pub use alias::Alias;
pub use define::Side;
pub use dotenv::{EnvFiles, load_env_files};
pub use next_config::{BuildSettings, RemoveConsole};
pub(crate) use project_files::typescript;

use crate::{options::Mode, tool::NodeTools};
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::AppConfig;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// For the manifest.
    pub config: AppConfig,
    /// For the build.
    pub settings: BuildSettings,
    /// Variables of `.env` files, for code that runs while building and for workers.
    pub env_files: EnvFiles,
    /// Files whose change, or appearance, makes this stale.
    pub watched: Vec<PathBuf>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads an application's environment.
pub async fn read_environment(
    root: &Path,
    mode: Mode,
    process_env: &BTreeMap<String, String>,
    tools: &dyn NodeTools,
) -> Environment {
    let mut environment = Environment::default();
    match load_env_files(root, mode.node_env(), process_env) {
        Ok(files) => {
            environment.watched.clone_from(&files.candidates);
            environment.env_files = files;
        }
        Err((path, error)) => {
            let name = path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let diagnostic = Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}"));
            environment
                .diagnostics
                .push(diagnostic.at_file(name).hint("check its permissions, or delete it"));
        }
    }
    let project_files = project_files::check(root, &mut environment.diagnostics);
    environment.watched.extend(project_files);
    let loaded = config_file::load(root, mode, &environment.env_files.values, tools, &mut environment.diagnostics).await;
    environment.watched.extend(loaded.watched);
    if let Some((value, functions, file)) = loaded.config {
        let (config, settings) = next_config::interpret(&value, &functions, &file, &mut environment.diagnostics);
        environment.config = config;
        environment.settings = settings;
    }
    environment
}
