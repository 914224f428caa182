//! Stylesheets from files to the build: what modules see of them, which files they become, and what is said about mistakes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ironside_compiler::{
    file_key::FileKeys,
    package::Packages,
    style::{StyleBundle, StyleCompiler, StyleOptions},
};
use ironside_diagnostics::{Diagnostic, render};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use support::{Tools, folder};

struct App {
    root: PathBuf,
    styles: StyleCompiler,
    _folder: tempfile::TempDir,
}

impl App {
    async fn new(files: &[(&str, &str)]) -> Self {
        let folder = folder(files);
        let root = folder.path().canonicalize().unwrap();
        let packages = Arc::new(Packages::default());
        let styles = StyleCompiler::new(StyleOptions {
            sass: serde_json::Value::Null,
            keys: FileKeys::new(root.clone(), Arc::clone(&packages)),
            packages,
            tools: Arc::new(Tools::start(&root).await),
            env: BTreeMap::from([("NODE_ENV".to_owned(), "production".to_owned())]),
            minify: true,
            root: root.clone(),
        });
        Self {
            root,
            styles,
            _folder: folder,
        }
    }

    fn list(&self, files: &[&str]) -> Vec<PathBuf> {
        files.iter().map(|file| self.root.join(file)).collect()
    }

    async fn bundle(&self, lists: &[&[&str]]) -> Result<StyleBundle, Vec<Diagnostic>> {
        self.styles
            .bundle(&lists.iter().map(|list| self.list(list)).collect::<Vec<_>>())
            .await
    }

    /// The text of the one file that a stylesheet becomes.
    async fn css(&self, file: &str) -> String {
        let bundle = self.bundle(&[&[file]]).await.unwrap();
        assert_eq!(bundle.files.len(), 1);
        bundle.files.into_values().next().unwrap().trim().to_owned()
    }

    async fn stub(&self, file: &str) -> String {
        let root = self.root.to_string_lossy().into_owned();
        self.styles
            .stub(&self.root.join(file))
            .await
            .unwrap()
            .code
            .replace(&root, "ROOT")
    }

    async fn mistake(&self, file: &str) -> String {
        let problems = self.bundle(&[&[file]]).await.unwrap_err();
        problems.iter().map(render::plain).collect::<Vec<_>>().join("\n")
    }
}

fn put(root: &Path, file: &str, content: &[u8]) {
    std::fs::write(root.join(file), content).unwrap();
}

#[tokio::test]
async fn nesting_and_new_notations_are_lowered_and_space_is_left_out() {
    let app = App::new(&[(
        "a.css",
        "/* note */\n.a {\n  color: oklch(50% 0.1 200);\n  & .b { inset: 0; }\n}\n",
    )])
    .await;
    let css = app.css("a.css").await;
    assert!(css.contains(".a .b{inset:0}"), "{css}");
    assert!(!css.contains("note") && css.contains("color:#"), "{css}");
    assert_eq!(app.stub("a.css").await, "export {};\n");
}

#[tokio::test]
async fn classes_of_modules_are_their_files_own() {
    let app = App::new(&[
        ("app/one.module.css", ".box { color: red } .title-bar { animation: spin 1s } @keyframes spin { to { rotate: 1turn } } :global(.plain) { top: 0 }"),
        ("app/two.module.css", ".box { color: blue }"),
    ])
    .await;
    let (one, two) = (app.css("app/one.module.css").await, app.css("app/two.module.css").await);
    let class = |css: &str| css.split('{').next().unwrap().trim_start_matches('.').to_owned();
    assert_ne!(class(&one), class(&two));
    assert!(class(&one).starts_with("one-module_box__"), "{one}");
    assert!(one.contains(".plain{top:0}") && !one.contains("keyframes spin{"), "{one}");
    let keyframes = one.split("@keyframes ").nth(1).unwrap().split('{').next().unwrap();
    assert!(one.contains(&format!("animation:1s {keyframes}")), "{one}");
    let stub = app.stub("app/one.module.css").await;
    assert!(stub.contains(&format!("export const box = \"{}\";", class(&one))), "{stub}");
    assert!(stub.contains("\"title-bar\":\"one-module_title-bar__"), "{stub}");
    assert!(!stub.contains("export const title-bar"), "{stub}");
}

#[tokio::test]
async fn class_names_are_the_same_wherever_the_application_is() {
    let files = [("app/x.module.css", ".a { top: 0 }")];
    let (first, second) = (App::new(&files).await, App::new(&files).await);
    assert_ne!(first.root, second.root);
    assert_eq!(first.stub("app/x.module.css").await, second.stub("app/x.module.css").await);
}

#[tokio::test]
async fn classes_are_composed_from_the_same_file_other_files_and_globals() {
    let app = App::new(&[
        ("a.module.css", ".all { composes: base from './b.module.css'; composes: local; composes: reset from global; top: 0 } .local { left: 0 }"),
        ("b.module.css", ".base { composes: root from './c.module.css'; color: red }"),
        ("c.module.css", ".root { composes: base from './b.module.css'; margin: 0 }"),
    ])
    .await;
    let stub = app.stub("a.module.css").await;
    assert!(stub.contains("import \"ROOT/b.module.css\";"), "{stub}");
    let line = stub.lines().find(|line| line.starts_with("export const all")).unwrap();
    let classes: Vec<&str> = line
        .split('"')
        .nth(1)
        .unwrap()
        .split(' ')
        .map(|class| class.split("__").next().unwrap())
        .collect();
    assert_eq!(
        classes,
        ["a-module_all", "b-module_base", "c-module_root", "a-module_local", "reset"]
    );
}

#[tokio::test]
async fn imports_are_put_in_place_with_their_conditions() {
    let app = App::new(&[
        ("a.css", "@layer base, ui;\n@import './b.css' layer(base);\n@import url('sub/c.css') print;\n@import 'https://fonts.test/f.css';\n@import 'pkg/theme.css' supports(display: grid);\n.a { top: 0 }"),
        ("b.css", "@import './a.css';\n.b { top: 1px }"),
        ("sub/c.css", "@import '../b.css';\n.c { background: url(../dot.png) }"),
        ("node_modules/pkg/package.json", r#"{"name":"pkg","version":"1.0.0","exports":{"./theme.css":{"style":"./dist/t.css"}}}"#),
        ("node_modules/pkg/dist/t.css", ".t { top: 2px }"),
    ])
    .await;
    put(&app.root, "dot.png", b"picture");
    let bundle = app.bundle(&[&["a.css"]]).await.unwrap();
    let css = bundle.files.values().next().unwrap();
    let media = bundle.media.keys().next().unwrap();
    let picture = media.rsplit('/').next().unwrap();
    let expected = format!(
        "@import \"https://fonts.test/f.css\";\n@layer base,ui;\n@layer base{{.b{{top:1px}}}}\n@media print{{.b{{top:1px}}\n.c{{background:url(\"../media/{picture}\")}}}}\n\
         @supports (display: grid){{.t{{top:2px}}}}\n.a{{top:0}}\n"
    );
    assert_eq!(css, &expected);
    let (watched, _) = app.styles.watched();
    for file in [
        "a.css",
        "sub/c.css",
        "dot.png",
        "node_modules/pkg/dist/t.css",
        "postcss.config.mjs",
    ] {
        assert!(watched.contains(&app.root.join(file)), "{file}");
    }
}

#[tokio::test]
async fn urls_of_files_are_hashed_and_others_stay() {
    let app = App::new(&[(
        "css/a.css",
        ".a { background: url(dot.png), url('./dot.png#x'), url(/public.png), url(data:image/png;base64,AA), url(#id), url(https://a.test/b.png) }\
         @font-face { font-family: F; src: url('../my font.woff2?v=1') format('woff2') }",
    )])
    .await;
    put(&app.root, "css/dot.png", b"picture");
    put(&app.root, "my font.woff2", b"font");
    let bundle = app.bundle(&[&["css/a.css"]]).await.unwrap();
    let css = bundle.files.values().next().unwrap();
    assert_eq!(css.matches("../media/dot.").count(), 2, "{css}");
    for kept in [
        "url(\"/public.png\")",
        "url(\"data:image/png;base64,AA\")",
        "url(\"#id\")",
        "url(\"https://a.test/b.png\")",
        ".woff2?v=1\"",
    ] {
        assert!(css.contains(kept), "{kept}: {css}");
    }
    let names: Vec<&str> = bundle.media.values().map(|file| file.url.as_str()).collect();
    assert!(
        names.len() == 2 && names.iter().all(|url| url.starts_with("/_next/static/media/")),
        "{names:?}"
    );
}

#[tokio::test]
async fn segments_get_their_files_in_order_and_share_them() {
    let app = App::new(&[
        ("a.css", ".a{top:0}"),
        ("b.css", ".b{top:0}"),
        ("c.css", ".c{top:0}"),
        ("empty.css", "/* nothing */"),
    ])
    .await;
    let bundle = app
        .bundle(&[&["a.css", "b.css", "empty.css"], &["b.css", "c.css"]])
        .await
        .unwrap();
    let texts = |files: &[&str]| -> Vec<String> {
        bundle
            .urls(&app.list(files))
            .iter()
            .map(|url| bundle.files[url.strip_prefix("/_next/").unwrap()].trim().to_owned())
            .collect()
    };
    assert_eq!(texts(&["a.css", "b.css", "empty.css"]), [".a{top:0}", ".b{top:0}"]);
    assert_eq!(texts(&["b.css", "c.css"]), [".b{top:0}", ".c{top:0}"]);
    let one = app.bundle(&[&["a.css", "b.css"], &["c.css"]]).await.unwrap();
    assert_eq!(one.urls(&app.list(&["a.css", "b.css"])).len(), 1);
}

#[tokio::test]
async fn mistakes_are_told_with_their_line() {
    let app = App::new(&[
        ("import.css", ".a { top: 0 }\n"),
        ("url.css", ".a {\n  background: url(./none.png);\n}\n"),
        ("missing.css", "\n@import './none.css';\n"),
        ("compose.module.css", ".a { composes: nope from './b.module.css' }\n"),
        ("b.module.css", ".b { top: 0 }\n"),
        ("odd.css", ".a { top: 0 }\n.b { color: red; ??? }\n.c { top: 0 }\n"),
    ])
    .await;
    let url = app.mistake("url.css").await;
    assert!(url.contains("url.css:2:19") && url.contains("`./none.png`"), "{url}");
    let missing = app.mistake("missing.css").await;
    assert!(
        missing.contains("missing.css:2:") && missing.contains("@import leads to `./none.css`"),
        "{missing}"
    );
    let compose = app.styles.stub(&app.root.join("compose.module.css")).await.unwrap_err();
    assert!(
        compose.message.contains("the class `nope`, which b.module.css does not have"),
        "{}",
        compose.message
    );
    let odd = app.css("odd.css").await;
    assert!(odd.contains(".c{top:0}"), "what is understood stays: {odd}");
    let warning = app
        .styles
        .warnings()
        .into_iter()
        .find(|warning| warning.place.as_ref().unwrap().file == "odd.css")
        .unwrap();
    assert_eq!(warning.place.unwrap().line, 2);
}

const PLUGIN: &str = "module.exports = (options = {}) => ({ postcssPlugin: 'shout', Declaration(node, { result }) {\n\
    if (node.value === 'quiet') node.value = options.word;\n\
    if (node.value === 'broken') throw node.error('this is broken');\n\
    result.messages.push({ type: 'dependency', file: '/somewhere/theme.json' }, { type: 'dir-dependency', dir: '/somewhere/src', glob: '**/*.tsx' }); } });\n\
    module.exports.postcss = true;";

#[tokio::test]
async fn postcss_plugins_are_run_if_there_is_a_configuration() {
    let postcss = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../node_modules")
        .canonicalize()
        .unwrap();
    for (name, text) in [
        (
            "postcss.config.mjs",
            "export default { plugins: { './shout.cjs': { word: 'loud' } } };",
        ),
        (
            "postcss.config.js",
            "module.exports = { plugins: [['./shout.cjs', { word: 'loud' }]] };",
        ),
        (
            "postcss.config.cjs",
            "module.exports = (context) => ({ plugins: [context.env === 'production' && require('./shout.cjs')({ word: 'loud' })] });",
        ),
        (
            "postcss.config.ts",
            "const word: string = 'loud';\nexport default { plugins: { './shout.cjs': { word } } };",
        ),
        (".postcssrc.json", r#"{ "plugins": { "./shout.cjs": { "word": "loud" } } }"#),
        (
            "package.json",
            r#"{ "postcss": { "plugins": { "./shout.cjs": { "word": "loud" } } } }"#,
        ),
    ] {
        let app = App::new(&[("a.css", ".a { voice-family: quiet }"), ("shout.cjs", PLUGIN), (name, text)]).await;
        std::os::unix::fs::symlink(&postcss, app.root.join("node_modules")).unwrap();
        assert_eq!(app.css("a.css").await, ".a{voice-family:loud}", "{name}");
        let (files, folders) = app.styles.watched();
        assert!(files.contains(&PathBuf::from("/somewhere/theme.json")));
        assert_eq!(
            (folders[0].folder.to_str(), folders[0].glob.as_deref()),
            (Some("/somewhere/src"), Some("**/*.tsx"))
        );
    }
}

#[tokio::test]
async fn failures_of_postcss_name_the_stylesheet_or_the_configuration() {
    let postcss = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../node_modules")
        .canonicalize()
        .unwrap();
    let config = ("postcss.config.mjs", "export default { plugins: { './shout.cjs': {}, } };");
    let app = App::new(&[
        ("a.css", ".a {\n  top: broken\n}"),
        ("b.css", ".a {\n  top: 0;\n"),
        ("shout.cjs", PLUGIN),
        config,
    ])
    .await;
    std::os::unix::fs::symlink(&postcss, app.root.join("node_modules")).unwrap();
    let thrown = app.mistake("a.css").await;
    assert!(thrown.contains("a.css:2:3") && thrown.contains("this is broken"), "{thrown}");
    let syntax = app.mistake("b.css").await;
    assert!(syntax.contains("b.css:1:1") && syntax.contains("Unclosed block"), "{syntax}");
    let missing = App::new(&[
        ("a.css", ".a {}"),
        ("postcss.config.mjs", "export default { plugins: { 'not-there': {} } };"),
    ])
    .await;
    let missing = missing.mistake("a.css").await;
    assert!(
        missing.contains("postcss.config.mjs") && missing.contains("npm install"),
        "{missing}"
    );
}
