//! One folder per case in `fixtures/app_dir`: an application's files, and beside them `expected.json` with its routes and
//! what is said about it. `IRONSIDE_UPDATE=1` writes the expectations anew.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and is told by the environment to write anew"
)]

use ironside_compiler::app_dir::{AppDir, AppInput, discover, list_files};
use ironside_diagnostics::{Diagnostics, render};
use ironside_model::{
    manifest::{Route, SegmentNode},
    pattern::pattern_path,
};
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

fn read(root: &Path) -> AppDir {
    let files = match list_files(root) {
        Ok(files) => files,
        Err(diagnostic) => {
            return AppDir {
                diagnostics: vec![diagnostic],
                ..AppDir::default()
            };
        }
    };
    discover(AppInput {
        app: &files.app,
        files: &files.files,
        page_extensions: &["tsx", "ts", "jsx", "js"].map(str::to_owned),
        cache_components: false,
        read: &|file| fs::read(root.join(file)),
    })
}

/// `{"app/layout.tsx": …, "children": {…}}`: short enough to be read.
fn tree(node: &SegmentNode) -> Value {
    let mut object = Map::new();
    let files: Vec<&str> = node.files.values().map(String::as_str).collect();
    object.insert(format!("{:?}", node.segment), files.join(" ").into());
    for (name, slot) in &node.slots {
        object.insert(name.clone(), tree(slot));
    }
    object.into()
}

fn route(route: &Route) -> Value {
    let mut object = json!({ "path": route.path, "kind": route.kind });
    if let Some(from) = &route.intercepts_from {
        object["from"] = pattern_path(from).into();
    }
    if let Some(file) = &route.file {
        object["file"] = file.as_str().into();
    }
    if let Some(node) = &route.tree {
        object["tree"] = tree(node);
    }
    let config: Map<String, Value> = serde_json::from_value::<Map<_, _>>(json!(route.config))
        .unwrap()
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    if !config.is_empty() {
        object["config"] = config.into();
    }
    if route.static_params {
        object["staticParams"] = true.into();
    }
    object
}

fn summary(app: AppDir) -> Value {
    let metadata: Map<String, Value> = app
        .segments
        .iter()
        .filter(|(_, segment)| !segment.metadata_files.is_empty())
        .map(|(file, segment)| {
            let files = segment.metadata_files.iter().map(|file| {
                let hash_is_hex = file.hash.len() == 16 && file.hash.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(hash_is_hex, "{}", file.hash);
                json!([file.kind, file.path, file.content_type, file.size, file.alt, file.module])
            });
            (file.clone(), files.collect())
        })
        .collect();
    let has_copies: Vec<&str> = app.copies().map(|(file, _)| file.as_str()).collect();
    json!({
        "routes": app.routes.iter().map(route).collect::<Vec<_>>(),
        "notFound": app.not_found.as_ref().map(tree),
        "globalError": app.global_error,
        "proxy": app.proxy,
        "instrumentation": [app.instrumentation, app.instrumentation_client],
        "metadata": metadata,
        "copies": has_copies,
        "diagnostics": Diagnostics::new(app.diagnostics).as_slice().iter().map(|diagnostic| {
            Value::Array(render::plain(diagnostic).lines().map(|line| line.trim_end().into()).collect())
        }).collect::<Vec<_>>(),
    })
}

fn check(case: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/app_dir")
        .join(case);
    let actual = summary(read(&root));
    let file = root.join("expected.json");
    if std::env::var_os("IRONSIDE_UPDATE").is_some() {
        fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&actual).unwrap())).unwrap();
    }
    let expected: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(actual, expected, "{}", serde_json::to_string_pretty(&actual).unwrap());
}

macro_rules! cases {
    ($($name:ident)*) => { $(#[test] fn $name() { check(stringify!($name)); })* };
}

cases! {
    routes slots interception metadata
    two_pages page_and_route sibling_params optional_catch_all params no_layout no_layout_in_group exports client_metadata
    config missing_default file_kinds proxies proxy_config interception_place empty middleware_runtime proxy_runtime
}

#[test]
fn every_case_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/app_dir");
    let source = include_str!("app_dir.rs");
    for case in fs::read_dir(folder).unwrap() {
        let name = case.unwrap().file_name().into_string().unwrap();
        assert!(source.contains(&name), "{name} is not in the list of cases");
    }
}

#[test]
fn pages_beside_the_application_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "export default () => null;").unwrap();
    };
    file("src/app/layout.tsx");
    file("src/app/page.tsx");
    file("src/pages/_document.tsx");
    assert!(list_files(folder.path()).unwrap().warnings.is_empty());
    file("src/pages/api/hello.ts");
    let warnings = list_files(folder.path()).unwrap().warnings;
    assert_eq!(warnings[0].code, "pages-folder");
    assert_eq!(warnings[0].place.as_ref().unwrap().file, "src/pages/api/hello.ts");
}

#[test]
fn a_folder_without_an_application_is_told_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let diagnostics = read(folder.path()).diagnostics;
    assert_eq!(diagnostics[0].code, "no-app-folder");
    fs::create_dir(folder.path().join("pages")).unwrap();
    assert!(
        read(folder.path()).diagnostics[0]
            .hint
            .as_ref()
            .unwrap()
            .contains("Pages Router")
    );
}
