//! `cargo xtask tidy`: the rules of `CONTRIBUTING.md` that no other tool knows. Each rule is a function from the repository to a
//! list of offences, and each offence names a file and says what to do.

use crate::run::Repository;
use anyhow::{Context as _, Result, bail};
use std::{fs, path::Path};

/// Which crate may depend on which of ours. A new edge is a decision about the architecture: see `ARCHITECTURE.md`.
const EDGES: [(&str, &[&str]); 10] = [
    ("ironside-model", &[]),
    ("ironside-diagnostics", &[]),
    ("ironside-bundler", &["ironside-diagnostics"]),
    (
        "ironside-compiler",
        &["ironside-model", "ironside-diagnostics", "ironside-bundler"],
    ),
    ("ironside-cache", &["ironside-model"]),
    ("ironside-worker", &["ironside-model"]),
    ("ironside-flight", &[]),
    (
        "ironside-server",
        &["ironside-model", "ironside-flight", "ironside-cache", "ironside-worker"],
    ),
    (
        "ironside",
        &[
            "ironside-model",
            "ironside-diagnostics",
            "ironside-bundler",
            "ironside-compiler",
            "ironside-cache",
            "ironside-worker",
            "ironside-flight",
            "ironside-server",
        ],
    ),
    ("xtask", &[]),
];

/// Outside crates that only some of ours may name, because they are walls.
const WALLED: [(&str, &[&str]); 4] = [
    ("rolldown", &["ironside-bundler"]),
    ("oxc", &["ironside-bundler", "ironside-compiler"]),
    ("hyper", &["ironside-server"]),
    ("clap", &["ironside"]),
];

/// Names that say nothing about what is inside.
const BANNED: [&str; 8] = ["utils", "util", "helpers", "common", "core", "misc", "types", "manager"];

/// Lines of code that a file may have, tests not counted.
const LINES: usize = 700;

/// Checks everything and lists all offences.
pub(crate) fn check(repository: &Repository) -> Result<()> {
    let files = tracked(repository)?;
    let mut offences = Vec::new();
    edges(repository, &mut offences)?;
    for file in &files {
        let path = repository.root.join(file);
        if !path.is_file() {
            continue;
        }
        names(file, &mut offences);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        machine_paths(file, &text, &mut offences);
        if is_code(file) {
            module_doc(file, &text, &mut offences);
            size(file, &text, &mut offences);
        }
    }
    if !offences.is_empty() {
        bail!("tidy found {} offences:\n  {}", offences.len(), offences.join("\n  "));
    }
    eprintln!("tidy: {} files, no offence", files.len());
    Ok(())
}

/// What git knows, and what it doesn't ignore.
fn tracked(repository: &Repository) -> Result<Vec<String>> {
    let listed = repository
        .command("git", &["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()?;
    Ok(listed.lines().map(str::to_owned).collect())
}

/// Our own code, tests and fixtures left out.
fn is_code(file: &str) -> bool {
    let source = file.ends_with(".rs") || file.ends_with(".ts") || file.ends_with(".tsx");
    let ours = file.starts_with("crates/") || file.starts_with("packages/") || file.starts_with("xtask/");
    let test = file.contains("/tests/") || file.contains("/test/") || file.ends_with("_test.rs") || file.ends_with("_tests.rs");
    source && ours && file.contains("/src/") && !test && !file.ends_with("generated.ts")
}

fn edges(repository: &Repository, offences: &mut Vec<String>) -> Result<()> {
    for (name, allowed) in EDGES {
        let file = if name == "xtask" {
            "xtask/Cargo.toml".to_owned()
        } else {
            format!("crates/{name}/Cargo.toml")
        };
        let path = repository.root.join(&file);
        let text = fs::read_to_string(&path).with_context(|| file.clone())?;
        for dependency in dependencies(&text) {
            if dependency.starts_with("ironside") && !allowed.contains(&dependency.as_str()) {
                offences.push(format!(
                    "{file}: {name} may not depend on {dependency} (xtask/src/tidy.rs lists the allowed edges)"
                ));
            }
            for (wall, inside) in WALLED {
                let named = dependency == wall || dependency.starts_with(&format!("{wall}_"));
                if named && !inside.contains(&name) {
                    offences.push(format!("{file}: only {} may name {dependency}", inside.join(" and ")));
                }
            }
        }
    }
    for entry in fs::read_dir(repository.root.join("crates"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !EDGES.iter().any(|(known, _)| *known == name) {
            offences.push(format!(
                "crates/{name}: not in the list of allowed edges in xtask/src/tidy.rs"
            ));
        }
    }
    Ok(())
}

/// The names in `[dependencies]` of a manifest; those of tests may be anything.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
        } else if inside && let Some((name, _)) = line.split_once(['.', '=']) {
            found.push(name.trim().to_owned());
        }
    }
    found
}

fn names(file: &str, offences: &mut Vec<String>) {
    if !is_code(file) {
        return;
    }
    let Some((_, inside)) = file.split_once("/src/") else { return };
    for part in Path::new(inside).iter() {
        let part = part.to_string_lossy();
        let stem = part.split('.').next().unwrap_or_default();
        if BANNED.contains(&stem) {
            offences.push(format!(
                "{file}: the name {stem:?} says nothing about what is inside; name the concept"
            ));
        }
    }
}

fn module_doc(file: &str, text: &str, offences: &mut Vec<String>) {
    let first = text.trim_start_matches('\u{feff}').trim_start();
    let first = ["'use client';", "'use server';"]
        .iter()
        .find_map(|directive| first.strip_prefix(directive))
        .unwrap_or(first)
        .trim_start();
    let documented = if file.ends_with(".rs") {
        first.starts_with("//!")
    } else {
        first.starts_with("/**")
    };
    if !documented {
        let form = if file.ends_with(".rs") { "`//! …`" } else { "`/** … */`" };
        offences.push(format!("{file}: begin with {form}: what is here, where its edge is, and why"));
    }
}

fn size(file: &str, text: &str, offences: &mut Vec<String>) {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    let lines = code.lines().count();
    if lines > LINES {
        offences.push(format!("{file}: {lines} lines, at most {LINES}: split it by concept"));
    }
}

/// Paths of somebody's machine have no meaning anywhere else.
fn machine_paths(file: &str, text: &str, offences: &mut Vec<String>) {
    if file == "xtask/src/tidy.rs" {
        return;
    }
    for (number, line) in text.lines().enumerate() {
        let found = ["/home/", "/Users/", "/root/", "/work/"].iter().find(|prefix| {
            line.match_indices(*prefix).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|c| matches!(c, ' ' | '"' | '\'' | '`' | '(' | '='))
            })
        });
        if let Some(prefix) = found {
            offences.push(format!("{file}:{}: a path of some machine ({prefix}…)", number + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_of_dependencies_is_read() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\nironside-model.workspace = true\nserde = \"1\"\n[dev-dependencies]\ntempfile = \"3\"\n";
        assert_eq!(dependencies(manifest), ["ironside-model", "serde"]);
    }

    #[test]
    fn a_vague_name_is_an_offence() {
        let mut offences = Vec::new();
        names("crates/ironside-model/src/utils.rs", &mut offences);
        names("crates/ironside-model/src/route_table.rs", &mut offences);
        assert_eq!(offences.len(), 1);
    }
}
