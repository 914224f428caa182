//! Directives: one folder of `fixtures/directive` for each rule.
//!
//! A folder has `input.tsx` (or `.ts`, `.js`) and what becomes of it: `rsc.js`, `client.js` (missing if the program stays as it
//! is) and `diagnostics.txt` (missing if there are none). `UPDATE_FIXTURES=1 cargo test` writes the expectations; read the
//! difference before committing it. Names that begin with `package-` are files of a package.
//!
//! A folder with `check.mjs` is run as well: with Node, on the code for `rsc`, against `references.mjs`, which stands in for
//! the runtime.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "whether to write the expectations is asked of the environment"
)]

use ironside_compiler::directive::{CacheRules, Directives, FileFacts, Graph, apply};
use ironside_diagnostics::render;
use oxc::{
    allocator::Allocator,
    codegen::{Codegen, CodegenOptions},
    parser::{ParseOptions, Parser},
    semantic::SemanticBuilder,
    span::SourceType,
};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/directive")
}

/// The folders with an input, in order.
fn cases() -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    list.sort();
    assert!(list.len() > 30, "the fixtures are missing");
    list
}

fn input(case: &Path) -> PathBuf {
    let names = ["input.tsx", "input.ts", "input.js", "input.mjs"];
    names
        .map(|name| case.join(name))
        .into_iter()
        .find(|path| path.exists())
        .unwrap()
}

struct Output {
    directives: Directives,
    code: String,
}

fn transform(source: &str, name: &str, path: &Path, graph: Graph, preserve_parens: bool) -> Output {
    let allocator = Allocator::default();
    let source_type = SourceType::from_path(path).unwrap();
    let options = ParseOptions {
        preserve_parens,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(&allocator, source, source_type).with_options(options).parse();
    assert!(parsed.diagnostics.is_empty(), "{name}: {:?}", parsed.diagnostics);
    let mut program = parsed.program;
    let file = format!("app/{name}.tsx");
    let is_package = name.starts_with("package-");
    let handlers = ["sessions".to_owned()];
    let facts = FileFacts {
        file_key: &file,
        file: &file,
        source,
        graph,
        is_package,
        cache: CacheRules {
            enabled: name.contains("cache-") && !name.contains("disabled"),
            handlers: &handlers,
        },
        star_names: &[],
    };
    let directives = apply(&mut program, &allocator, &facts);
    let code = Codegen::new().build(&program).code;
    if directives.changed {
        check_valid(name, &code, source_type);
    } else {
        let untouched = Parser::new(&allocator, source, source_type)
            .with_options(options)
            .parse()
            .program;
        assert_eq!(
            code,
            Codegen::new().build(&untouched).code,
            "{name} was changed without saying so"
        );
    }
    Output { directives, code }
}

/// What comes out has to be a program, with nothing declared twice.
fn check_valid(name: &str, code: &str, source_type: SourceType) {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, source_type).parse();
    assert!(parsed.diagnostics.is_empty(), "{name}: {:?}\n{code}", parsed.diagnostics);
    let semantic = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    assert!(semantic.diagnostics.is_empty(), "{name}: {:?}\n{code}", semantic.diagnostics);
}

/// What is said about a module. That client code can't have inline actions is said of almost every fixture about them, and
/// shown for those alone that are about it.
fn diagnostics(name: &str, output: &Output) -> String {
    let shown = output
        .directives
        .diagnostics
        .iter()
        .filter(|item| !["inline-action-in-client", "cache-in-client"].contains(&&*item.code) || name.contains("client"));
    let list = shown.map(|diagnostic| render::plain(diagnostic) + "\n");
    list.collect::<Vec<_>>().join("\n")
}

/// The code, and what was found in it as comments.
fn described(output: &Output) -> Option<String> {
    if !output.directives.changed {
        return None;
    }
    let mut text = output.code.clone();
    if let Some(client) = &output.directives.client {
        writeln!(text, "// client {} {:?} {:?}", client.id, client.exports, client.star_exports).unwrap();
    }
    for cached in &output.directives.cached {
        let (name, line, column, id) = (&cached.name, cached.line, cached.column, &cached.id);
        let captures = if cached.captures { " captures" } else { "" };
        writeln!(
            text,
            "// cached {name} at {line}:{column} {id} {}{captures}",
            cached.variant.word()
        )
        .unwrap();
    }
    for action in &output.directives.actions {
        let kind = [(action.inline, " inline"), (action.sealed, " sealed")];
        let kind: String = kind.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        let (name, export, line, column, id) = (&action.name, &action.export, action.line, action.column, &action.id);
        let options = action
            .options
            .as_ref()
            .map(|options| format!(" {options:?}"))
            .unwrap_or_default();
        writeln!(text, "// action {name} at {line}:{column} as {export} {id}{kind}{options}").unwrap();
    }
    Some(text)
}

/// Compares with a file, or writes it.
fn expect(path: &Path, actual: Option<&str>, failures: &mut Vec<String>) {
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        match actual {
            Some(text) => fs::write(path, text).unwrap(),
            None => drop(fs::remove_file(path)),
        }
        return;
    }
    let expected = fs::read_to_string(path).ok();
    if expected.as_deref() != actual {
        let (expected, actual) = (expected.unwrap_or_default(), actual.unwrap_or_default());
        failures.push(format!("{}\n--- expected\n{expected}\n--- actual\n{actual}", path.display()));
    }
}

#[test]
fn every_rule_gives_what_its_fixture_says() {
    let mut failures = Vec::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap();
        let path = input(&case);
        let source = fs::read_to_string(&path).unwrap();
        let rsc = transform(&source, name, &path, Graph::Rsc, false);
        let client = transform(&source, name, &path, Graph::Browser, false);
        expect(&case.join("rsc.js"), described(&rsc).as_deref(), &mut failures);
        expect(&case.join("client.js"), described(&client).as_deref(), &mut failures);
        let (in_rsc, in_client) = (diagnostics(name, &rsc), diagnostics(name, &client));
        let both = if in_rsc == in_client {
            in_rsc
        } else {
            let part = |graph: &str, text: &str| {
                if text.is_empty() {
                    String::new()
                } else {
                    format!("== {graph}\n{text}")
                }
            };
            part("rsc", &in_rsc) + &part("client", &in_client)
        };
        expect(
            &case.join("diagnostics.txt"),
            (!both.is_empty()).then_some(both.as_str()),
            &mut failures,
        );
    }
    assert!(
        failures.is_empty(),
        "{} differences\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

#[test]
fn both_graphs_of_client_code_agree_and_parentheses_in_the_tree_change_nothing() {
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap();
        let path = input(&case);
        let source = fs::read_to_string(&path).unwrap();
        for graph in [Graph::Rsc, Graph::Browser] {
            let plain = transform(&source, name, &path, graph, false);
            let with_parentheses = transform(&source, name, &path, graph, true);
            assert_eq!(plain.directives, with_parentheses.directives, "{name}");
        }
        let browser = transform(&source, name, &path, Graph::Browser, false);
        let ssr = transform(&source, name, &path, Graph::Ssr, false);
        assert_eq!((browser.code, browser.directives), (ssr.code, ssr.directives), "{name}");
    }
}

/// Ids in the client graphs are the ids of the `rsc` graph, and equal sources give equal ids.
#[test]
fn proxies_and_registrations_agree_on_ids() {
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap();
        let path = input(&case);
        let source = fs::read_to_string(&path).unwrap();
        let rsc = transform(&source, name, &path, Graph::Rsc, false).directives;
        let client = transform(&source, name, &path, Graph::Browser, false).directives;
        let exports: Vec<_> = rsc.actions.iter().filter(|action| !action.inline).collect();
        assert_eq!(exports, client.actions.iter().collect::<Vec<_>>(), "{name}");
        let mut ids: Vec<_> = rsc.actions.iter().map(|action| &action.id).collect();
        ids.extend(rsc.cached.iter().map(|cached| &cached.id));
        ids.sort();
        ids.dedup();
        assert_eq!(
            ids.len(),
            rsc.actions.len() + rsc.cached.len(),
            "{name}: two actions with one id"
        );
    }
}

/// Runs the fixtures that have a `check.mjs`.
#[test]
fn moved_actions_do_what_the_source_says() {
    let mut count = 0;
    for case in cases().iter().filter(|case| case.join("check.mjs").exists()) {
        let name = case.file_name().unwrap().to_str().unwrap();
        let source = fs::read_to_string(input(case)).unwrap();
        let output = transform(&source, name, Path::new("input.mjs"), Graph::Rsc, false);
        assert!(output.directives.changed, "{name}: {}", diagnostics(name, &output));
        let folder = tempfile::tempdir().unwrap();
        let code = output.code.replace("ironside:references", "./references.mjs");
        fs::write(folder.path().join("module.mjs"), code).unwrap();
        fs::copy(fixtures().join("references.mjs"), folder.path().join("references.mjs")).unwrap();
        fs::copy(case.join("check.mjs"), folder.path().join("check.mjs")).unwrap();
        let run = Command::new("node")
            .arg("check.mjs")
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{name}\n{}\n{}",
            String::from_utf8_lossy(&run.stderr),
            output.code
        );
        count += 1;
    }
    assert!(count >= 8, "only {count} fixtures were run");
}

/// The lines of the source that each line of the output comes from.
fn mapped_lines(source: &str, graph: Graph) -> Vec<(u32, u32)> {
    let allocator = Allocator::default();
    let mut program = Parser::new(&allocator, source, SourceType::tsx()).parse().program;
    let facts = FileFacts {
        file_key: "a.tsx",
        file: "a.tsx",
        source,
        graph,
        is_package: false,
        cache: CacheRules::default(),
        star_names: &[],
    };
    assert!(apply(&mut program, &allocator, &facts).changed);
    let options = CodegenOptions {
        source_map_path: Some("a.tsx".into()),
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(&program);
    let map = printed.map.unwrap();
    let mut lines: Vec<_> = map
        .get_tokens()
        .map(|token| (token.get_dst_line(), token.get_src_line()))
        .collect();
    lines.dedup();
    lines
}

#[test]
fn moved_code_keeps_its_positions_and_made_code_has_none() {
    let source = fs::read_to_string(fixtures().join("inline-basic/input.tsx")).unwrap();
    let printed = fs::read_to_string(fixtures().join("inline-basic/rsc.js")).unwrap();
    let line_of = |text: &str, part: &str| u32::try_from(text.lines().position(|line| line.contains(part)).unwrap()).unwrap();
    let lines = mapped_lines(&source, Graph::Rsc);
    let expected = (line_of(&printed, "await db.save"), line_of(&source, "await db.save"));
    assert!(lines.contains(&expected), "{lines:?} has no {expected:?}");
    let made = line_of(&printed, "const $$action_Page_rename");
    assert!(lines.iter().all(|(line, _)| *line != made), "{lines:?}");

    for (source, graph) in [
        ("'use client';\nexport const A = 1;", Graph::Rsc),
        ("'use server';\nexport async function a() {}", Graph::Ssr),
    ] {
        assert_eq!(
            mapped_lines(source, graph),
            [],
            "a replaced program has positions of its snippet"
        );
    }
}
