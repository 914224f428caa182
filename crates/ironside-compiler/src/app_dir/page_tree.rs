//! The tree of segments that a URL shows: the folders on the way to its page, and in every parallel slot beside them the
//! slot's page at that URL, else its default, else nothing (Next behaviour 7.8).

use super::folder::{Folder, UrlPlace};
use ironside_diagnostics::Diagnostic;
use ironside_model::{
    manifest::{FileKey, PatternPart, SegmentKind, SegmentNode},
    pattern::pattern_path,
    route_tree::{CHILDREN_SLOT, DEFAULT_SEGMENT, PAGE_SEGMENT},
    segment::FolderName,
};
use std::collections::BTreeMap;

/// A page file and how to get there from the root folder.
#[derive(Debug, Clone)]
pub(crate) struct PageRef {
    /// Indices into [`Folder::folders`].
    pub(crate) chain: Vec<usize>,
    pub(crate) file: FileKey,
    pub(crate) place: UrlPlace,
}

/// Builds the tree of one route.
pub(crate) struct TreeBuilder<'a> {
    pub(crate) pattern: &'a [PatternPart],
    pub(crate) intercepting: bool,
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
    /// Slots that have nothing to show at this URL. A route that a catch-all gave rise to is then no route; for others
    /// it is a mistake.
    pub(crate) missing: Vec<Diagnostic>,
}

/// Where the builder is.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    /// Folders below the root.
    depth: usize,
    /// URL segments used up.
    url: usize,
    inside_interception: bool,
}

impl TreeBuilder<'_> {
    pub(crate) fn build(&mut self, root: &Folder, pages: &[PageRef]) -> SegmentNode {
        let pages: Vec<&PageRef> = pages.iter().collect();
        self.folder(root, &pages, &[], Position::default())
    }

    fn folder(&mut self, folder: &Folder, pages: &[&PageRef], chain: &[usize], at: Position) -> SegmentNode {
        let param = match folder.meaning.url_part() {
            Some(part) if part.param().is_some() => Some(part),
            _ => None,
        };
        let files = folder
            .files
            .iter()
            .filter(|(kind, _)| is_around(**kind))
            .map(|(kind, file)| (*kind, file.clone()))
            .collect();
        let mut slots = BTreeMap::new();
        let here = pages.iter().find(|page| page.chain.len() == at.depth);
        let mut below: BTreeMap<usize, Vec<&PageRef>> = BTreeMap::new();
        for page in pages {
            if let Some(&next) = page.chain.get(at.depth) {
                below.entry(next).or_default().push(page);
            }
        }
        if let Some(page) = here {
            slots.insert(
                CHILDREN_SLOT.to_owned(),
                leaf(PAGE_SEGMENT, SegmentKind::Page, Some(&page.file)),
            );
        }
        for (index, pages) in &below {
            let Some(child) = folder.folders.get(*index) else { continue };
            let slot = match &child.meaning {
                FolderName::Slot(name) => name.as_str(),
                _ => CHILDREN_SLOT,
            };
            if let Some(taken) = slots.get(slot) {
                self.two_pages(taken, pages);
                continue;
            }
            let node = self.child(child, pages, &extend(chain, *index), at);
            slots.insert(slot.to_owned(), node);
        }
        let host = self.intercepting && !at.inside_interception && intercepts_in_slot(folder, &below);
        self.fill_slots(folder, chain, at, host, &mut slots);
        SegmentNode {
            segment: folder.name.clone(),
            param,
            files,
            slots,
        }
    }

    fn child(&mut self, child: &Folder, pages: &[&PageRef], chain: &[usize], at: Position) -> SegmentNode {
        let part = child.meaning.url_part();
        let next = Position {
            depth: at.depth + 1,
            url: at.url + usize::from(part.is_some()),
            inside_interception: at.inside_interception || matches!(child.meaning, FolderName::Intercept(..)),
        };
        self.folder(child, pages, chain, next)
    }

    /// What slots show that the URL's own pages are not in.
    fn fill_slots(
        &mut self,
        folder: &Folder,
        chain: &[usize],
        at: Position,
        host: bool,
        slots: &mut BTreeMap<String, SegmentNode>,
    ) {
        for (index, child) in folder.folders.iter().enumerate() {
            let FolderName::Slot(name) = &child.meaning else { continue };
            if slots.contains_key(name) {
                continue;
            }
            let default = child.files.get(&SegmentKind::Default);
            let node = if host {
                leaf(DEFAULT_SEGMENT, SegmentKind::Default, None)
            } else if let Some(page) = self.covering(child, &extend(chain, index), at) {
                self.child(child, &[&page], &extend(chain, index), at)
            } else {
                if default.is_none() {
                    self.missing_default(&child.key, &format!("the slot `@{name}`"));
                }
                leaf(DEFAULT_SEGMENT, SegmentKind::Default, default)
            };
            slots.insert(name.clone(), node);
        }
        // A folder that holds nothing but slots has no children of its own.
        if slots.contains_key(CHILDREN_SLOT) || !folder.has_ordinary_page() {
            return;
        }
        let default = folder.files.get(&SegmentKind::Default);
        let node = if host {
            leaf(DEFAULT_SEGMENT, SegmentKind::Default, None)
        } else if let Some(page) = self.covering(folder, chain, at) {
            let index = page.chain.get(at.depth).copied();
            match index.and_then(|index| Some((index, folder.folders.get(index)?))) {
                Some((index, child)) => self.child(child, &[&page], &extend(chain, index), at),
                None => leaf(PAGE_SEGMENT, SegmentKind::Page, Some(&page.file)),
            }
        } else {
            if default.is_none() {
                self.missing_default(&folder.key, "`children`");
            }
            leaf(DEFAULT_SEGMENT, SegmentKind::Default, default)
        };
        slots.insert(CHILDREN_SLOT.to_owned(), node);
    }

    /// A catch-all page below the folder that covers the rest of the URL.
    fn covering(&self, slot: &Folder, chain: &[usize], at: Position) -> Option<PageRef> {
        let rest = self.pattern.get(at.url..).filter(|_| !self.intercepting)?;
        let (found, file) = cover(slot, rest)?;
        Some(PageRef {
            chain: chain.iter().chain(&found).copied().collect(),
            file,
            place: UrlPlace::default(),
        })
    }

    fn missing_default(&mut self, folder: &str, what: &str) {
        if self.intercepting {
            return;
        }
        let url = pattern_path(self.pattern);
        self.missing.push(
            Diagnostic::error("slot-without-default", format!("nothing says what {what} shows at {url}"))
                .at_file(folder)
                .hint(format!(
                    "add {folder}/default.tsx, which may return null, or a page for {url}"
                )),
        );
    }

    fn two_pages(&mut self, taken: &SegmentNode, pages: &[&PageRef]) {
        let (Some(page), Some(other)) = (
            pages.first(),
            taken.walk().find_map(|node| node.files.get(&SegmentKind::Page)),
        ) else {
            return;
        };
        let url = pattern_path(self.pattern);
        self.diagnostics.push(
            Diagnostic::error(
                "two-pages-at-one-path",
                format!("two pages answer {url}: {other} and {}", page.file),
            )
            .at_file(&page.file)
            .hint("route groups are not part of the URL; delete one of the pages or move it to another path"),
        );
    }
}

fn is_around(kind: SegmentKind) -> bool {
    matches!(
        kind,
        SegmentKind::Layout
            | SegmentKind::Template
            | SegmentKind::Loading
            | SegmentKind::Error
            | SegmentKind::NotFound
            | SegmentKind::Forbidden
            | SegmentKind::Unauthorized
    )
}

pub(crate) fn leaf(segment: &str, kind: SegmentKind, file: Option<&FileKey>) -> SegmentNode {
    SegmentNode {
        segment: segment.to_owned(),
        param: None,
        files: file.map(|file| (kind, file.clone())).into_iter().collect(),
        slots: BTreeMap::new(),
    }
}

fn extend(chain: &[usize], index: usize) -> Vec<usize> {
    chain.iter().copied().chain([index]).collect()
}

/// Whether an interception starts below one of the folder's slots, or right here.
fn intercepts_in_slot(folder: &Folder, below: &BTreeMap<usize, Vec<&PageRef>>) -> bool {
    fn starts(folder: &Folder) -> bool {
        matches!(folder.meaning, FolderName::Intercept(..))
            || matches!(folder.meaning, FolderName::Slot(_) | FolderName::Group(_)) && folder.folders.iter().any(starts)
    }
    below.keys().filter_map(|index| folder.folders.get(*index)).any(starts)
}

/// The way to a catch-all page below the folder that covers the rest of a pattern. Only what is before the catch-all is
/// compared, and it has to be equal.
fn cover(folder: &Folder, rest: &[PatternPart]) -> Option<(Vec<usize>, FileKey)> {
    let folders = || folder.folders.iter().enumerate();
    let exact = folders().find_map(|(index, child)| {
        let found = match &child.meaning {
            FolderName::Group(_) => cover(child, rest),
            FolderName::Static(_) | FolderName::Param(PatternPart::Dynamic(_)) => {
                let (first, rest) = rest.split_first()?;
                (child.meaning.url_part().as_ref() == Some(first))
                    .then(|| cover(child, rest))
                    .flatten()
            }
            _ => None,
        };
        Some((index, found?))
    });
    let found = exact.or_else(|| {
        folders().find_map(|(index, child)| match &child.meaning {
            FolderName::Param(PatternPart::CatchAll(_)) if !rest.is_empty() => Some((index, page_here(child)?)),
            FolderName::Param(PatternPart::OptionalCatchAll(_)) => Some((index, page_here(child)?)),
            _ => None,
        })
    });
    found.map(|(index, (chain, file))| ([index].into_iter().chain(chain).collect(), file))
}

/// The folder's page, which may stand in a group.
fn page_here(folder: &Folder) -> Option<(Vec<usize>, FileKey)> {
    if let Some(page) = folder.files.get(&SegmentKind::Page) {
        return Some((Vec::new(), page.clone()));
    }
    folder
        .folders
        .iter()
        .enumerate()
        .find_map(|(index, child)| match child.meaning {
            FolderName::Group(_) => page_here(child).map(|(chain, file)| ([index].into_iter().chain(chain).collect(), file)),
            _ => None,
        })
}
