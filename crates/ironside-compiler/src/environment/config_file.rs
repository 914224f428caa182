//! Finds `next.config`, makes it something that Node can import, and has it evaluated.

use super::config_reader::ConfigFile;
use crate::{
    options::Mode,
    package::split_specifier,
    tool::{self, BundleError, NodeBundle, NodeTools, Packages, ToolError},
};
use ironside_bundler::Problem;
use ironside_diagnostics::Diagnostic;
use oxc::{allocator::Allocator, parser::Parser, span::SourceType};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use xxhash_rust::xxh3::xxh3_64;

/// A configuration may ask a server for its redirects, but a build must end.
const LONGEST: Duration = Duration::from_secs(60);

const NAMES: [&str; 6] = [
    "next.config.js",
    "next.config.mjs",
    "next.config.cjs",
    "next.config.ts",
    "next.config.mts",
    "next.config.cts",
];

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct LoadedConfig {
    /// The configuration as data, the options that are functions, and the file; `None` if there is no configuration or it
    /// could not be evaluated.
    pub(crate) config: Option<(Value, Vec<String>, ConfigFile)>,
    pub(crate) watched: Vec<PathBuf>,
}

pub(crate) async fn load(
    root: &Path,
    mode: Mode,
    env: &BTreeMap<String, String>,
    tools: &dyn NodeTools,
    diagnostics: &mut Vec<Diagnostic>,
) -> LoadedConfig {
    let mut loaded = LoadedConfig {
        config: None,
        watched: NAMES.iter().map(|name| root.join(name)).collect(),
    };
    let found: Vec<&str> = NAMES.into_iter().filter(|name| root.join(name).is_file()).collect();
    let Some(name) = found.first() else { return loaded };
    if let Some(other) = found.get(1) {
        diagnostics.push(
            Diagnostic::warning(
                "two-next-configs",
                format!("there are several configurations; {name} is used"),
            )
            .at_file(*other)
            .hint("keep one of the files"),
        );
    }
    let path = root.join(name);
    let source: Arc<str> = match fs::read_to_string(&path) {
        Ok(text) => text.into(),
        Err(error) => {
            let diagnostic = Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}")).at_file(*name);
            diagnostics.push(diagnostic.hint("check that it is UTF-8 text and may be read"));
            return loaded;
        }
    };
    let file = ConfigFile {
        name: (*name).to_owned(),
        source,
    };
    let importable = match importable(root, &path, &file, &mut loaded.watched).await {
        Ok(importable) => importable,
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            return loaded;
        }
    };
    let evaluated = tokio::time::timeout(LONGEST, tools.call(tool::LOAD_CONFIG, input(&importable, mode, env)));
    let Ok(evaluated) = evaluated.await else {
        diagnostics.push(never_done(&file));
        return loaded;
    };
    match evaluated {
        Ok(mut answer) => {
            let functions = answer
                .get("functions")
                .and_then(|list| serde_json::from_value(list.clone()).ok())
                .unwrap_or_default();
            loaded.config = Some((answer.get_mut("config").map(Value::take).unwrap_or_default(), functions, file));
        }
        Err(error) => diagnostics.push(failure(&error, root, &importable, &file)),
    }
    loaded
}

fn input(file: &Path, mode: Mode, env: &BTreeMap<String, String>) -> Value {
    let phase = match mode {
        Mode::Production => "phase-production-build",
        Mode::Development => "phase-development-server",
    };
    let default = json!({
        "env": {}, "pageExtensions": ["tsx", "ts", "jsx", "js"], "assetPrefix": "", "basePath": "", "trailingSlash": false,
        "compress": true, "poweredByHeader": true, "generateEtags": true, "reactStrictMode": null, "images": {},
        "productionBrowserSourceMaps": false, "experimental": {},
    });
    let mut env = env.clone();
    // Packages choose by it what they put into the configuration; what they do for webpack could not be used.
    env.entry("TURBOPACK".to_owned()).or_insert_with(|| "1".to_owned());
    env.entry("NODE_ENV".to_owned()).or_insert_with(|| mode.node_env().to_owned());
    json!({ "file": file, "phase": phase, "defaultConfig": default, "env": env })
}

/// A file that this version of Node can import. TypeScript has to be compiled; so has JavaScript with `import` and `export`
/// in a file that Node takes for CommonJS.
async fn importable(root: &Path, path: &Path, file: &ConfigFile, watched: &mut Vec<PathBuf>) -> Result<PathBuf, Box<Diagnostic>> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let typescript = matches!(extension, "ts" | "mts" | "cts");
    let is_module = parse(file, typescript)?;
    if !typescript && (extension != "js" || !is_module || package_is_module(root)) {
        return Ok(path.to_path_buf());
    }
    let hash = xxh3_64(path.to_string_lossy().as_bytes());
    let out = root.join(".ironside/cache").join(format!("next-config-{hash:016x}.mjs"));
    let text = |value: String| Value::from(value).to_string();
    let define = vec![
        ("__dirname".to_owned(), text(root.to_string_lossy().into_owned())),
        ("__filename".to_owned(), text(path.to_string_lossy().into_owned())),
        ("import.meta.dirname".to_owned(), text(root.to_string_lossy().into_owned())),
        ("import.meta.filename".to_owned(), text(path.to_string_lossy().into_owned())),
        (
            "import.meta.url".to_owned(),
            text(format!("file://{}", path.to_string_lossy())),
        ),
    ];
    let bundle = NodeBundle {
        entry: path,
        out: &out,
        root,
        packages: Packages::External,
        define,
    };
    match tool::bundle_for_node(bundle).await {
        Ok(files) => {
            watched.extend(files.into_iter().map(PathBuf::from));
            Ok(out)
        }
        Err(BundleError::Source(problems)) => Err(Box::new(bundling_failed(&problems, root, file))),
        Err(error) => Err(Box::new(
            Diagnostic::error("next-config", error.to_string())
                .at_file(&file.name)
                .hint("make the folder writable"),
        )),
    }
}

/// Whether the file has `import` or `export`. Syntax errors are found here, where their place is known.
fn parse(file: &ConfigFile, typescript: bool) -> Result<bool, Box<Diagnostic>> {
    let source_type = if typescript {
        SourceType::ts()
    } else {
        SourceType::unambiguous()
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &file.source, source_type).parse();
    if let Some(error) = parsed.diagnostics.iter().next() {
        let diagnostic =
            Diagnostic::error("syntax-error", error.message.to_string()).hint("mend the syntax of the configuration");
        let label = error.labels.as_ref().first();
        return Err(Box::new(match label {
            Some(label) => {
                let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let start = offset(label.offset() as usize);
                diagnostic.at(
                    &file.name,
                    Arc::clone(&file.source),
                    start..start.saturating_add(offset(label.len() as usize)),
                )
            }
            None => diagnostic.at_file(&file.name),
        }));
    }
    Ok(parsed.program.body.iter().any(|statement| statement.is_module_declaration()))
}

fn package_is_module(root: &Path) -> bool {
    let package = fs::read(root.join("package.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    package.is_some_and(|package| package.get("type").and_then(Value::as_str) == Some("module"))
}

fn bundling_failed(problems: &[Problem], root: &Path, file: &ConfigFile) -> Diagnostic {
    let problem = problems.first();
    let message = problem.map_or("the configuration cannot be compiled", |problem| {
        problem.message.lines().next().unwrap_or_default()
    });
    let diagnostic = Diagnostic::error("next-config", message).hint("mend the file, or what it imports");
    let Some((problem, (line, column))) = problem.and_then(|problem| Some((problem, problem.place?))) else {
        return diagnostic.at_file(&file.name);
    };
    let path = problem.file.as_deref().map_or_else(|| root.join(&file.name), PathBuf::from);
    at_line(diagnostic, root, &path, line, column)
}

fn at_line(diagnostic: Diagnostic, root: &Path, path: &Path, line: u32, column: u32) -> Diagnostic {
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let source = fs::read_to_string(path).ok().map(Arc::from);
    diagnostic.at_line(name, line, column, source)
}

/// The configuration threw, or there is no Node.
fn failure(error: &ToolError, root: &Path, importable: &Path, file: &ConfigFile) -> Diagnostic {
    if let ToolError::Thrown { message, .. } = error
        && let Some(package) = missing_package(message)
    {
        let diagnostic = Diagnostic::error("module-not-found", format!("cannot find `{package}`"));
        return file.at_specifier(diagnostic, package).hint(format!("npm install {package}"));
    }
    match error {
        ToolError::Thrown { message, name, .. } if name == "WrongConfig" => Diagnostic::error("next-config", message.clone())
            .at_file(&file.name)
            .hint("export the configuration as default: `export default { … }`"),
        ToolError::Thrown {
            message,
            name,
            place,
            stack,
        } => {
            let message = message.lines().next().unwrap_or_default();
            let diagnostic = Diagnostic::error("next-config", format!("the configuration threw {name}: {message}"))
                .hint("the file is run by Node when the application is built; mend what it does");
            let place = place.as_ref().filter(|place| Path::new(&place.file).starts_with(root));
            let diagnostic = match place {
                // In a compiled file lines are others than in the source.
                Some(place) if Path::new(&place.file) == importable && root.join(&file.name) != importable => {
                    diagnostic.at_file(&file.name)
                }
                Some(place) => at_line(diagnostic, root, Path::new(&place.file), place.line, place.column),
                None => diagnostic.at_file(&file.name),
            };
            match stack.as_deref().and_then(|stack| stack.lines().nth(1)) {
                Some(frame) if place.is_none() => diagnostic.note(frame.trim()),
                _ => diagnostic,
            }
        }
        ToolError::Ended(_) => Diagnostic::error("next-config", error.to_string())
            .at_file(&file.name)
            .hint("neither this file nor what it imports may end the process (`process.exit()`), run for ever, or crash it"),
        ToolError::Process(_) | ToolError::Answer { .. } => Diagnostic::error("build-helper", error.to_string())
            .at_file(&file.name)
            .hint("the configuration is evaluated by Node 20.9 or newer: check that `node --version` works here"),
    }
}

fn never_done(file: &ConfigFile) -> Diagnostic {
    let message = format!("the configuration was not done after {} s", LONGEST.as_secs());
    let hint = "it runs for ever, or waits for something that never comes: look for loops, and for `await` at the top of the file and in \
                the functions of the configuration";
    Diagnostic::error("next-config", message).at_file(&file.name).hint(hint)
}

/// The package that Node did not find, in its words for a missing one.
fn missing_package(message: &str) -> Option<&str> {
    let rest = ["Cannot find package '", "Cannot find module '"]
        .iter()
        .find_map(|start| message.strip_prefix(start))?;
    let (specifier, _) = rest.split_once('\'')?;
    split_specifier(specifier).map(|(name, _)| name)
}
