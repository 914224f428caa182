//! The build helper's operations in a Node process, without the frame protocol: one JSON text a line.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may panic, and uses what it needs")]

use futures_util::future::BoxFuture;
use ironside_compiler::tool::{NodeBundle, NodeTools, Packages, ToolError, bundle_for_node, open_answer};
use serde_json::{Value, json};
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Mutex,
};

const DRIVER: &str = "import { operations } from './operations.mjs';
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const { operation, input } = JSON.parse(line);
  let answer;
  try { answer = { ok: (await operations[operation](input)) ?? null }; }
  catch (error) { answer = { error: { name: error.name, message: error.message, stack: error.stack, place: error.place } }; }
  process.stdout.write(JSON.stringify(answer) + '\\n');
}
";

pub(crate) struct Tools {
    process: Mutex<(ChildStdin, Lines<BufReader<ChildStdout>>)>,
    _child: Child,
    _scripts: tempfile::TempDir,
}

impl Tools {
    /// A process whose current folder is `root`.
    pub(crate) async fn start(root: &Path) -> Self {
        let scripts = tempfile::tempdir().unwrap();
        let packages = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../packages")
            .canonicalize()
            .unwrap();
        bundle_for_node(NodeBundle {
            entry: &packages.join("runtime/src/tool/operations.ts"),
            out: &scripts.path().join("operations.mjs"),
            root: &packages,
            packages: Packages::Bundled,
            define: Vec::new(),
        })
        .await
        .unwrap();
        let driver = scripts.path().join("driver.mjs");
        std::fs::write(&driver, DRIVER).unwrap();
        let mut child = Command::new("node")
            .arg(&driver)
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self {
            process: Mutex::new((input, BufReader::new(output).lines())),
            _child: child,
            _scripts: scripts,
        }
    }
}

impl NodeTools for Tools {
    fn call<'a>(&'a self, operation: &'a str, input: Value) -> BoxFuture<'a, Result<Value, ToolError>> {
        Box::pin(async move {
            let mut process = self.process.lock().await;
            let line = format!("{}\n", json!({ "operation": operation, "input": input }));
            process.0.write_all(line.as_bytes()).await.unwrap();
            let answer = process.1.next_line().await.unwrap().expect("the process answers");
            open_answer(operation, serde_json::from_str(&answer).unwrap())
        })
    }
}

/// Writes files below a new folder.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}
