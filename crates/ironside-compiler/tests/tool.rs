//! The build helper's script, made from the runtime's sources.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use ironside_compiler::tool::{NodeBundle, Packages, ToolError, bundle_for_node, open_answer, prepare};
use serde_json::json;
use std::{fs, path::Path, process::Command};

#[tokio::test]
async fn the_script_is_made_once_and_node_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = folder.path().canonicalize().unwrap().join("runtime");
    let packages = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../packages")
        .canonicalize()
        .unwrap();
    fs::create_dir_all(runtime.join("node_modules/@ironside")).unwrap();
    for name in ["protocol", "runtime"] {
        std::os::unix::fs::symlink(packages.join(name), runtime.join("node_modules/@ironside").join(name)).unwrap();
    }
    let cache = folder.path().join("app/.ironside/cache");
    let script = prepare(&runtime, &cache).await.unwrap();
    assert!(Command::new("node").arg("--check").arg(&script).status().unwrap().success());
    assert_eq!(
        fs::read_to_string(folder.path().join("app/.ironside/.gitignore")).unwrap(),
        "*\n"
    );
    let made = fs::metadata(&script).unwrap().modified().unwrap();
    assert_eq!(prepare(&runtime, &cache).await.unwrap(), script);
    assert_eq!(
        fs::metadata(&script).unwrap().modified().unwrap(),
        made,
        "it is not made again"
    );
}

#[tokio::test]
async fn a_bundle_has_the_applications_files_and_leaves_packages_to_node() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for (name, text) in [
        (
            "a.ts",
            "import { b } from './b';\nimport { c } from '@/lib/c';\nimport pkg from 'pkg';\nconsole.log(JSON.stringify([b, c, pkg] satisfies unknown[]));",
        ),
        ("b.ts", "export const b: string = 'b';"),
        ("lib/c.ts", "export const c = 'c' as const;"),
        ("tsconfig.json", r#"{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }"#),
        ("node_modules/pkg/package.json", r#"{ "name": "pkg", "main": "index.js" }"#),
        (
            "node_modules/pkg/index.js",
            "module.exports = __filename.endsWith('node_modules/pkg/index.js');",
        ),
    ] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), text).unwrap();
    }
    let out = root.join(".ironside/cache/a.mjs");
    let bundle = NodeBundle {
        entry: &root.join("a.ts"),
        out: &out,
        root: &root,
        packages: Packages::External,
        define: Vec::new(),
    };
    let files = bundle_for_node(bundle).await.unwrap();
    assert!(
        files.contains(&root.join("lib/c.ts").to_string_lossy().into_owned()),
        "{files:?}"
    );
    let output = Command::new("node").arg(&out).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), r#"["b","c",true]"#);
}

#[test]
fn an_answer_is_a_result_or_what_was_thrown() {
    assert_eq!(open_answer("x", json!({ "ok": { "a": 1 } })).unwrap(), json!({ "a": 1 }));
    let thrown = open_answer(
        "x",
        json!({ "error": { "name": "TypeError", "message": "m", "place": { "file": "/a", "line": 2, "column": 3 } } }),
    );
    assert!(matches!(thrown, Err(ToolError::Thrown { place: Some(place), .. }) if place.line == 2));
    assert!(matches!(open_answer("x", json!({})), Err(ToolError::Answer { .. })));
}
