//! Paths that are known in part, and the files that they may be.

use crate::{app_dir::module_facts::literal, asset::is_asset, environment, package::NODE_MODULES};
use oxc::{allocator::Allocator, parser::Parser, span::SourceType};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Endings of modules. The first ones may be left out by who imports them.
const MODULES: &[&str] = &["tsx", "ts", "jsx", "js", "mjs", "json", "cjs", "mts", "cts", "mdx", "css"];
const OMITTED: usize = 6;
/// Folders in folders; more are a circle of links.
const DEEPEST: usize = 24;

/// A part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// Whatever the code gives.
    Any,
}

/// `paths` of `tsconfig.json`: specifiers that begin so are files of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathAlias {
    /// What the specifier begins with.
    start: String,
    folder: PathBuf,
}

impl PathAlias {
    /// Both end with `*`.
    pub(crate) fn new(specifier: &str, target: PathBuf) -> Self {
        let target = target.to_string_lossy();
        Self {
            start: specifier.trim_end_matches('*').to_owned(),
            folder: PathBuf::from(target.trim_end_matches('*')),
        }
    }

    /// Those of the application's own file. What it extends is not looked at.
    pub(crate) fn read(root: &Path) -> Vec<Self> {
        let Some((_, text)) = environment::typescript(root) else {
            return Vec::new();
        };
        let allocator = Allocator::default();
        // JSON with comments and trailing commas is an expression of JavaScript.
        let source = format!("({}\n)", text.trim_start_matches('\u{feff}'));
        let parsed = Parser::new(&allocator, &source, SourceType::cjs()).parse_expression();
        let Some(file) = parsed.ok().as_ref().and_then(literal) else {
            return Vec::new();
        };
        let options = &file["compilerOptions"];
        let base = root.join(options["baseUrl"].as_str().unwrap_or("."));
        let Value::Object(paths) = &options["paths"] else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (specifier, targets) in paths.iter().filter(|(specifier, _)| specifier.ends_with('*')) {
            for target in targets.as_array().into_iter().flatten().filter_map(Value::as_str) {
                if target.ends_with('*') {
                    found.push(Self::new(specifier, base.join(target)));
                }
            }
        }
        found
    }
}

/// A path that is known in part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// What it begins with, as far as its last slash.
    base: String,
    /// Its known parts in their order; anything may stand between two of them.
    texts: Vec<String>,
}

impl Pattern {
    /// `None` for a path that is known whole, or of which no folder is known.
    pub(super) fn new(parts: Vec<Part>) -> Option<Self> {
        if !parts.contains(&Part::Any) {
            return None;
        }
        let mut texts = vec![String::new()];
        let mut after_any = false;
        for part in parts {
            match part {
                Part::Text(text) => {
                    if let Some(last) = texts.last_mut() {
                        last.push_str(&text);
                    }
                    after_any = after_any && text.is_empty();
                }
                Part::Any if after_any => {}
                Part::Any => {
                    texts.push(String::new());
                    after_any = true;
                }
            }
        }
        let first = texts.first()?;
        let base = first.get(..=first.rfind('/')?)?.to_owned();
        Some(Self { base, texts })
    }

    /// Names that the path may have when the code runs, and what is to be imported for each. `None` if it leads to no folder of the
    /// application.
    pub(super) fn specifiers(&self, folder: &Path, aliases: &[PathAlias]) -> Option<BTreeMap<String, String>> {
        let folder = if self.base.starts_with("./") || self.base.starts_with("../") {
            folder.join(&self.base)
        } else {
            aliases
                .iter()
                .filter_map(|alias| Some(alias.folder.join(self.base.strip_prefix(&alias.start)?)))
                .find(|folder| folder.is_dir())?
        };
        let mut files = Vec::new();
        list(&folder, "", 0, &mut files);
        let mut found = BTreeMap::new();
        for file in files {
            let specifier = format!("{}{file}", self.base);
            if let Some((bare, ending)) = specifier.rsplit_once('.')
                && MODULES[..OMITTED].contains(&ending)
                && self.matches(bare)
            {
                found.entry(bare.to_owned()).or_insert_with(|| specifier.clone());
            }
            if self.matches(&specifier) {
                found.insert(specifier.clone(), specifier);
            }
        }
        Some(found)
    }

    fn matches(&self, specifier: &str) -> bool {
        let [first, between @ .., last] = &self.texts[..] else {
            return false;
        };
        let Some(mut rest) = specifier
            .strip_prefix(first.as_str())
            .and_then(|rest| rest.strip_suffix(last.as_str()))
        else {
            return false;
        };
        for text in between {
            let Some(at) = rest.find(text.as_str()) else { return false };
            rest = &rest[at + text.len()..];
        }
        true
    }
}

/// Files that can be imported, relative to a folder.
fn list(folder: &Path, path: &str, depth: usize, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') || name == NODE_MODULES {
            continue;
        }
        let (here, path) = (entry.path(), format!("{path}{name}"));
        if here.is_dir() {
            if depth < DEEPEST {
                list(&here, &format!("{path}/"), depth + 1, files);
            }
        } else if is_importable(&name) {
            files.push(path);
        }
    }
}

fn is_importable(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    let types = [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| name.ends_with(end));
    !types && (MODULES.contains(&ending) || is_asset(Path::new(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_parts_have_to_be_there_in_their_order() {
        let text = |text: &str| Part::Text(text.to_owned());
        let pattern = Pattern::new(vec![text("./a-"), Part::Any, text("/x"), Part::Any, text(".json")]).expect("a pattern");
        assert_eq!(pattern.base, "./");
        for name in ["./a-1/x.json", "./a-/xx.json"] {
            assert!(pattern.matches(name), "{name}");
        }
        for name in ["./a-1.json", "./b-1/x.json", "./a-1/x.js"] {
            assert!(!pattern.matches(name), "{name}");
        }
        assert_eq!(Pattern::new(vec![text("./a"), text("b")]), None);
        assert_eq!(Pattern::new(vec![Part::Any, text("/b.json")]), None);
    }

    #[test]
    fn aliases_are_read_with_comments_and_a_base() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let text = "{ // aliases\n \"compilerOptions\": { \"baseUrl\": \"src\", \"paths\": { \"~/*\": [\"./*\"], \"one\": [\"./one.ts\"], }, }, }";
        fs::write(folder.path().join("tsconfig.json"), text).expect("file");
        assert_eq!(
            PathAlias::read(folder.path()),
            [PathAlias::new("~/*", folder.path().join("src/./*"))]
        );
    }
}
