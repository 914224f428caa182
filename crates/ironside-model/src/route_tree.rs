//! Looking into a page's tree of segments.

use crate::manifest::{FileKey, SegmentKind, SegmentNode};
use crate::segment::FolderName;

/// The name of a leaf that stands for a `page` file.
pub const PAGE_SEGMENT: &str = "__PAGE__";
/// The name of a leaf that stands for a `default` file.
pub const DEFAULT_SEGMENT: &str = "__DEFAULT__";
/// The slot that needs no folder.
pub const CHILDREN_SLOT: &str = "children";

impl SegmentNode {
    /// Whether the node stands for a segment of the URL, and so for one step down. Intercepting folders do, although
    /// the place of their URL is another one.
    #[must_use]
    pub fn is_url_part(&self) -> bool {
        if self.segment.is_empty() || self.segment == PAGE_SEGMENT || self.segment == DEFAULT_SEGMENT {
            return false;
        }
        FolderName::parse(&self.segment).is_ok_and(|name| name.url_part().is_some())
    }

    /// The node itself and everything below it, outer before inner, slots by name.
    pub fn walk(&self) -> impl Iterator<Item = &SegmentNode> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            stack.extend(node.slots.values().rev());
            Some(node)
        })
    }

    /// Every file of the tree, outer before inner.
    pub fn files(&self) -> impl Iterator<Item = (SegmentKind, &FileKey)> {
        self.walk()
            .flat_map(|node| node.files.iter().map(|(kind, file)| (*kind, file)))
    }

    /// The `page` file that the URL is about: the one in the `children` slots.
    #[must_use]
    pub fn page(&self) -> Option<&FileKey> {
        let mut node = self;
        loop {
            if let Some(page) = node.files.get(&SegmentKind::Page) {
                return Some(page);
            }
            node = node.slots.get(CHILDREN_SLOT)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn node(segment: &str, files: &[(SegmentKind, &str)], slots: Vec<(&str, SegmentNode)>) -> SegmentNode {
        SegmentNode {
            segment: segment.into(),
            param: None,
            files: files.iter().map(|(kind, file)| (*kind, (*file).to_owned())).collect(),
            slots: slots
                .into_iter()
                .map(|(name, node)| (name.to_owned(), node))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn outer_files_come_before_inner_ones() {
        let page = node(PAGE_SEGMENT, &[(SegmentKind::Page, "app/page.tsx")], vec![]);
        let modal = node(DEFAULT_SEGMENT, &[(SegmentKind::Default, "app/@modal/default.tsx")], vec![]);
        let tree = node(
            "",
            &[(SegmentKind::Layout, "app/layout.tsx")],
            vec![("modal", modal), (CHILDREN_SLOT, page)],
        );
        let files: Vec<_> = tree.files().map(|(_, file)| file.as_str()).collect();
        assert_eq!(files, ["app/layout.tsx", "app/page.tsx", "app/@modal/default.tsx"]);
        assert_eq!(tree.page().map(String::as_str), Some("app/page.tsx"));
    }

    #[test]
    fn groups_and_leaves_are_no_part_of_the_url() {
        for (name, is) in [
            ("", false),
            (PAGE_SEGMENT, false),
            ("(group)", false),
            ("blog", true),
            ("[id]", true),
            ("(.)photo", true),
        ] {
            assert_eq!(node(name, &[], vec![]).is_url_part(), is, "{name}");
        }
    }
}
