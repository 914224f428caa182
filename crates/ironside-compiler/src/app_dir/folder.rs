//! The folders below `app` with what the conventions make of their files. Nothing is judged here but the names.

use super::metadata_file::{MetadataSource, recognise};
use ironside_diagnostics::Diagnostic;
use ironside_model::{
    manifest::{FileKey, PatternPart, SegmentKind},
    segment::{FolderName, InterceptMarker},
};
use std::collections::BTreeMap;

/// A folder and everything below it that the router looks at.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// As on disk; `""` for the root.
    pub(crate) name: String,
    pub(crate) meaning: FolderName,
    /// `app/blog/[slug]`.
    pub(crate) key: FileKey,
    pub(crate) files: BTreeMap<SegmentKind, FileKey>,
    pub(crate) metadata: Vec<MetadataSource>,
    /// Sorted by name.
    pub(crate) folders: Vec<Folder>,
}

/// Where a folder is in the URL space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UrlPlace {
    pub(crate) pattern: Vec<PatternPart>,
    /// The pattern of the place that an intercepting folder stands in.
    pub(crate) from: Option<Vec<PatternPart>>,
}

/// Why a folder has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceError {
    /// More levels up than there are.
    AboveRoot(InterceptMarker),
    /// An interception inside of another one.
    Nested,
}

impl UrlPlace {
    pub(crate) fn enter(&self, name: &FolderName) -> Result<Self, PlaceError> {
        let mut place = self.clone();
        match name {
            FolderName::Intercept(marker, part) => {
                if place.from.is_some() {
                    return Err(PlaceError::Nested);
                }
                place.from = Some(self.pattern.clone());
                let kept = match marker.levels_up() {
                    Some(levels) => self.pattern.len().checked_sub(levels).ok_or(PlaceError::AboveRoot(*marker))?,
                    None => 0,
                };
                place.pattern.truncate(kept);
                place.pattern.push(part.clone());
            }
            other => place.pattern.extend(other.url_part()),
        }
        Ok(place)
    }
}

/// What is needed to read a listing.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    /// `app` or `src/app`.
    pub(crate) app: &'a str,
    pub(crate) files: &'a [FileKey],
    pub(crate) page_extensions: &'a [String],
}

impl Listing<'_> {
    /// The root folder.
    pub(crate) fn read(&self, diagnostics: &mut Vec<Diagnostic>) -> Folder {
        let mut root = Folder::new("", FolderName::Group(String::new()), self.app.to_owned());
        let mut files: Vec<&str> = self.files.iter().map(String::as_str).collect();
        files.sort_unstable();
        // The same folder is reached through each of its files, but a wrong name is told once.
        let mut bad_names = Vec::new();
        for file in &files {
            let Some(inner) = file.strip_prefix(self.app).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let (folders, name) = inner.rsplit_once('/').unwrap_or(("", inner));
            if let Some(folder) = root.reach(folders, &mut bad_names) {
                self.add_file(folder, name, file, diagnostics);
            }
        }
        diagnostics.extend(bad_names.into_iter().map(|(_, diagnostic)| diagnostic));
        root.link_alt_texts(&files);
        root
    }

    fn add_file(&self, folder: &mut Folder, name: &str, file: &str, diagnostics: &mut Vec<Diagnostic>) {
        if let Some(source) = recognise(folder, name, file, self.page_extensions) {
            folder.metadata.push(source);
            return;
        }
        let Some((stem, extension)) = split_extension(name, self.page_extensions) else {
            diagnostics.extend(self.unused_convention(name, file));
            return;
        };
        let Some(kind) = convention(stem, folder.name.is_empty()) else {
            return;
        };
        if let Some(first) = folder.files.get(&kind) {
            let better = |key: &str| self.page_extensions.iter().position(|e| key.ends_with(&format!(".{e}")));
            let keep_new = better(file) < better(first);
            let (kept, left) = if keep_new {
                (file, first.as_str())
            } else {
                (first.as_str(), file)
            };
            diagnostics.push(
                Diagnostic::warning(
                    "duplicate-convention-file",
                    format!("the folder has two `{stem}` files; {kept} is used"),
                )
                .at_file(left)
                .hint("delete one of them"),
            );
            if !keep_new {
                return;
            }
        }
        debug_assert!(!extension.is_empty());
        folder.files.insert(kind, file.to_owned());
    }

    /// `page.mdx` and the like look like convention files and are none.
    fn unused_convention(&self, name: &str, file: &str) -> Option<Diagnostic> {
        let (stem, extension) = name.split_once('.')?;
        convention(stem, true)?;
        if !["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts", "md", "mdx"].contains(&extension) {
            return None;
        }
        Some(
            Diagnostic::warning(
                "unused-convention-file",
                format!("this file is no `{stem}`, because of its extension"),
            )
            .at_file(file)
            .hint(format!(
                "use one of {}, or add \"{extension}\" to `pageExtensions` in next.config",
                self.page_extensions
                    .iter()
                    .map(|e| format!(".{e}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        )
    }
}

impl Folder {
    fn new(name: &str, meaning: FolderName, key: FileKey) -> Self {
        Self {
            name: name.to_owned(),
            meaning,
            key,
            files: BTreeMap::new(),
            metadata: Vec::new(),
            folders: Vec::new(),
        }
    }

    /// The folder at a relative path, made if needed; `None` if the router doesn't look there.
    fn reach(&mut self, path: &str, bad_names: &mut Vec<(FileKey, Diagnostic)>) -> Option<&mut Folder> {
        let Some((first, rest)) = path.split_once('/').or_else(|| (!path.is_empty()).then_some((path, ""))) else {
            return Some(self);
        };
        let at = match self.folders.iter().position(|folder| folder.name == first) {
            Some(at) => at,
            None => {
                let key = format!("{}/{first}", self.key);
                match FolderName::parse(first) {
                    Ok(FolderName::Private) => return None,
                    Ok(meaning) => self.folders.push(Folder::new(first, meaning, key)),
                    Err(error) => {
                        if bad_names.iter().all(|(known, _)| *known != key) {
                            let message = format!("`{first}` cannot be a folder of a route: {error}");
                            let diagnostic = Diagnostic::error("folder-name", message).at_file(&key).hint(error.hint());
                            bad_names.push((key, diagnostic));
                        }
                        return None;
                    }
                }
                self.folders.len() - 1
            }
        };
        self.folders.get_mut(at)?.reach(rest, bad_names)
    }

    fn link_alt_texts(&mut self, files: &[&str]) {
        for source in &mut self.metadata {
            let alt = format!("{}/{}.alt.txt", self.key, source.stem);
            if !source.code && files.binary_search(&alt.as_str()).is_ok() {
                source.alt = Some(alt);
            }
        }
        for folder in &mut self.folders {
            folder.link_alt_texts(files);
        }
    }

    /// Whether a page can be found here without going through a slot or an interception.
    pub(crate) fn has_ordinary_page(&self) -> bool {
        self.files.contains_key(&SegmentKind::Page)
            || self.folders.iter().any(|folder| {
                !matches!(folder.meaning, FolderName::Slot(_) | FolderName::Intercept(..)) && folder.has_ordinary_page()
            })
    }
}

/// The name without one of the extensions (which may have dots themselves: `page.tsx` with `pageExtensions: ['page.tsx']`).
pub(crate) fn split_extension<'a>(name: &'a str, extensions: &[String]) -> Option<(&'a str, &'a str)> {
    extensions
        .iter()
        .filter_map(|extension| {
            let stem = name.strip_suffix(extension.as_str())?.strip_suffix('.')?;
            Some((stem, &name[stem.len() + 1..]))
        })
        .max_by_key(|(_, extension)| extension.len())
}

fn convention(stem: &str, in_root: bool) -> Option<SegmentKind> {
    Some(match stem {
        "layout" => SegmentKind::Layout,
        "template" => SegmentKind::Template,
        "page" => SegmentKind::Page,
        "default" => SegmentKind::Default,
        "loading" => SegmentKind::Loading,
        "error" => SegmentKind::Error,
        "global-error" if in_root => SegmentKind::GlobalError,
        "not-found" => SegmentKind::NotFound,
        "forbidden" => SegmentKind::Forbidden,
        "unauthorized" => SegmentKind::Unauthorized,
        "route" => SegmentKind::Route,
        _ => return None,
    })
}
