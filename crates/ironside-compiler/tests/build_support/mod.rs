//! Applications in temporary folders, built with a runtime that only has the shape of the real one.

use futures_util::future::BoxFuture;
use ironside_compiler::{
    build::build,
    error::BuildFailure,
    options::{BuildOptions, Mode},
    report::BuildReport,
    tool::{NodeTools, ToolError},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use tempfile::TempDir;

/// A copy of a fixture, with its packages installed.
pub(crate) struct App {
    folder: TempDir,
}

/// Where the binary lays out the runtime, too.
const RUNTIME: &str = ".ironside/runtime/stub";

/// The fixtures of these tests have no `next.config`.
struct NoTools;

impl NodeTools for NoTools {
    fn call<'a>(&'a self, operation: &'a str, _: Value) -> BoxFuture<'a, Result<Value, ToolError>> {
        Box::pin(async move { Err(ToolError::Process(format!("nobody should call {operation}"))) })
    }
}

impl App {
    /// Copies the fixture. Its `packages` folder becomes `node_modules`.
    pub(crate) fn new(fixture: &str) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/build");
        let app = Self {
            folder: tempfile::tempdir().expect("folder"),
        };
        copy(&fixtures.join(fixture), app.folder.path());
        let packages = app.folder.path().join("packages");
        if packages.is_dir() {
            fs::rename(packages, app.folder.path().join("node_modules")).expect("packages");
        }
        copy(&fixtures.join("runtime"), &app.path(RUNTIME).join("node_modules"));
        app.write(&format!("{RUNTIME}/package.json"), "{}");
        app
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(path, text).expect("file");
    }

    pub(crate) async fn build(&self) -> Result<BuildReport, BuildFailure> {
        self.build_as(Mode::Production).await
    }

    pub(crate) async fn build_as(&self, mode: Mode) -> Result<BuildReport, BuildFailure> {
        build(&BuildOptions {
            root: self.folder.path().to_path_buf(),
            runtime_dir: self.path(RUNTIME),
            mode,
            process_env: BTreeMap::from([("NEXT_PUBLIC_LABEL".into(), "label-of-the-build".into())]),
            tools: Arc::new(NoTools),
            progress: Arc::new(|_| {}),
            threads: 2,
        })
        .await
    }

    /// Builds and gives what is wrong, as it is shown.
    pub(crate) async fn failure(&self) -> String {
        let failure = self.build().await.expect_err("the build fails");
        failure
            .diagnostics
            .as_slice()
            .iter()
            .map(ironside_diagnostics::render::plain)
            .collect()
    }

    /// All files of the build and their contents.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(".ironside/build"), "", &mut files);
        files
    }

    /// The text of all JavaScript below a folder of the build.
    pub(crate) fn code(&self, folder: &str) -> String {
        let files = self.files();
        let code = files
            .iter()
            .filter(|(file, _)| file.starts_with(folder) && (file.ends_with("js") || file.ends_with(".mjs")));
        code.map(|(_, text)| String::from_utf8_lossy(text)).collect()
    }

    /// Runs a module in the build folder and gives what it prints.
    pub(crate) fn node(&self, code: &str) -> String {
        let output = Command::new("node")
            .args(["--input-type=module", "-e", code])
            .current_dir(self.path(".ironside/build"))
            .output()
            .expect("node runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("fixture") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("build folder") {
        let entry = entry.expect("entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).expect("file"));
        }
    }
}
