//! From ordered lists of stylesheets to files: `@import`s are put in place, and stylesheets that always come one after the
//! other become one file.

use super::{StyleCompiler, compiled::Import};
use crate::asset::MediaFile;
use futures_util::future::BoxFuture;
use ironside_diagnostics::Diagnostic;
use ironside_model::manifest::AssetPath;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use xxhash_rust::xxh3::xxh3_64;

/// The files of a build's stylesheets.
#[derive(Debug, Clone, Default)]
pub struct StyleBundle {
    /// Contents by their place in the build folder: `static/css/….css`.
    pub files: BTreeMap<String, String>,
    /// Pictures and fonts that they refer to, by their place in the build folder.
    pub media: BTreeMap<String, MediaFile>,
    urls: BTreeMap<PathBuf, AssetPath>,
    fonts: BTreeMap<PathBuf, Vec<AssetPath>>,
}

impl StyleBundle {
    /// The URLs for a list of stylesheets, in order, each once.
    #[must_use]
    pub fn urls(&self, list: &[PathBuf]) -> Vec<AssetPath> {
        let mut urls: Vec<AssetPath> = Vec::new();
        for url in list.iter().filter_map(|path| self.urls.get(path)) {
            if !urls.contains(url) {
                urls.push(url.clone());
            }
        }
        urls
    }

    /// The fonts of a list of stylesheets that are to be loaded ahead of their use, each once.
    #[must_use]
    pub fn fonts(&self, list: &[PathBuf]) -> Vec<AssetPath> {
        let mut fonts: Vec<AssetPath> = Vec::new();
        for font in list.iter().filter_map(|path| self.fonts.get(path)).flatten() {
            if !fonts.contains(font) {
                fonts.push(font.clone());
            }
        }
        fonts
    }
}

impl StyleCompiler {
    /// Makes files of the stylesheets in `lists`: one list for each segment and client file, in the order in which its
    /// rules have to apply. That order holds in every list.
    ///
    /// # Errors
    /// What is wrong with stylesheets; all of them are looked at.
    pub async fn bundle(&self, lists: &[Vec<PathBuf>]) -> Result<StyleBundle, Vec<Diagnostic>> {
        let mut bundle = StyleBundle::default();
        let mut problems = Vec::new();
        for group in groups(lists) {
            let mut text = Assembled::default();
            for path in &group {
                if let Err(problem) = self.assemble(path, &mut Vec::new(), &mut text).await {
                    problems.push(problem);
                }
            }
            let content = text.finish();
            if content.trim().is_empty() {
                continue;
            }
            let file = format!("static/css/{:016x}.css", xxh3_64(content.as_bytes()));
            bundle
                .urls
                .extend(group.into_iter().map(|path| (path, format!("/_next/{file}"))));
            bundle.media.extend(text.media);
            bundle.fonts.extend(text.fonts);
            bundle.files.insert(file, content);
        }
        if problems.is_empty() { Ok(bundle) } else { Err(problems) }
    }

    /// Adds a stylesheet with everything that it imports. `open` has the files around it: imports may go in circles.
    fn assemble<'a>(
        &'a self,
        path: &'a Path,
        open: &'a mut Vec<PathBuf>,
        into: &'a mut Assembled,
    ) -> BoxFuture<'a, Result<(), Diagnostic>> {
        Box::pin(async move {
            if open.iter().any(|outer| outer == path) {
                return Ok(());
            }
            open.push(path.to_path_buf());
            let sheet = self.compiled(path).await?;
            into.push(&sheet.before);
            for import in &sheet.imports {
                match import {
                    Import::Public(rule) => into.public.push(rule.clone()),
                    Import::File { path, around } => {
                        let mut inner = Assembled::default();
                        self.assemble(path, open, &mut inner).await?;
                        into.wrap(inner, around);
                    }
                }
            }
            into.push(&sheet.rest);
            into.media.extend(sheet.media.clone());
            if !sheet.preload.is_empty() {
                into.fonts.insert(path.to_path_buf(), sheet.preload.clone());
            }
            open.pop();
            Ok(())
        })
    }
}

/// A stylesheet's text while it is put together.
#[derive(Default)]
struct Assembled {
    /// Rules that the browser has to see first.
    public: Vec<String>,
    text: String,
    media: BTreeMap<String, MediaFile>,
    /// What is loaded ahead, by stylesheet.
    fonts: BTreeMap<PathBuf, Vec<AssetPath>>,
}

impl Assembled {
    fn push(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.text.push_str(text);
            self.text.push('\n');
        }
    }

    fn wrap(&mut self, inner: Self, around: &[String]) {
        self.media.extend(inner.media);
        // Conditions around a rule that the browser loads can't be added to it in general; its own still hold.
        self.public.extend(inner.public);
        let open: String = around.iter().map(|condition| format!("{condition}{{")).collect();
        if !inner.text.trim().is_empty() {
            self.push(&format!("{open}{}{}", inner.text.trim_end(), "}".repeat(around.len())));
        }
    }

    fn finish(&self) -> String {
        let mut seen = BTreeSet::new();
        let public: String = self
            .public
            .iter()
            .filter(|rule| seen.insert(*rule))
            .map(|rule| format!("{}\n", rule.trim()))
            .collect();
        public + &self.text
    }
}

/// Stylesheets that stand one right after the other in every list that has one of them. A list may name a stylesheet
/// twice; the first time counts.
fn groups(lists: &[Vec<PathBuf>]) -> Vec<Vec<PathBuf>> {
    // The one neighbour on each side, or none if lists differ.
    let mut after: BTreeMap<&Path, Option<&Path>> = BTreeMap::new();
    let mut before: BTreeMap<&Path, Option<&Path>> = BTreeMap::new();
    let mut order: Vec<&Path> = Vec::new();
    for list in lists {
        let mut seen = BTreeSet::new();
        let list: Vec<&Path> = list.iter().map(PathBuf::as_path).filter(|path| seen.insert(*path)).collect();
        for (index, path) in list.iter().enumerate() {
            let next = list.get(index + 1).copied();
            let previous = index.checked_sub(1).and_then(|index| list.get(index)).copied();
            let known = after.contains_key(path);
            after
                .entry(path)
                .and_modify(|old| *old = old.filter(|old| Some(*old) == next))
                .or_insert(next);
            before
                .entry(path)
                .and_modify(|old| *old = old.filter(|old| Some(*old) == previous))
                .or_insert(previous);
            if !known {
                order.push(path);
            }
        }
    }
    let mut groups: Vec<Vec<PathBuf>> = Vec::new();
    let mut placed = BTreeSet::new();
    for path in &order {
        let joined = before
            .get(path)
            .copied()
            .flatten()
            .is_some_and(|previous| after.get(previous).copied().flatten() == Some(*path));
        if joined || !placed.insert(*path) {
            continue;
        }
        let mut group = vec![path.to_path_buf()];
        let mut current = *path;
        while let Some(next) = after.get(current).copied().flatten() {
            if before.get(next).copied().flatten() != Some(current) || !placed.insert(next) {
                break;
            }
            group.push(next.to_path_buf());
            current = next;
        }
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(lists: &[&[&str]]) -> Vec<String> {
        let lists: Vec<Vec<PathBuf>> = lists.iter().map(|list| list.iter().map(PathBuf::from).collect()).collect();
        let name = |group: Vec<PathBuf>| {
            group
                .iter()
                .map(|path| path.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
                .join("+")
        };
        groups(&lists).into_iter().map(name).collect()
    }

    #[test]
    fn what_always_comes_together_is_one_file() {
        assert_eq!(grouped(&[&["a", "b", "c"], &["d"]]), ["a+b+c", "d"]);
        assert_eq!(grouped(&[&["a", "b", "c"], &["b", "c", "d"]]), ["a", "b+c", "d"]);
        assert_eq!(grouped(&[&["a", "b"], &["b", "a"]]), ["a", "b"]);
        assert_eq!(grouped(&[&["a", "b", "a"], &["a", "b"]]), ["a+b"]);
        assert_eq!(grouped(&[&["a", "b"], &["b", "c"], &["c", "a"]]), ["a", "b", "c"]);
    }
}
