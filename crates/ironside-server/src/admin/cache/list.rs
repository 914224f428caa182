//! What is in the cache.

use super::{EntryView, Refusal};
use crate::site::Site;
use serde::{Deserialize, Serialize};

/// What entries are of, in the order in which they are listed.
pub const KINDS: [&str; 6] = ["page", "handler", "metadata", "fetch", "function", "use-cache"];

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct List {
    /// Those with this tag.
    pub tag: Option<String>,
    /// Those that answer this path or one below it, or whose route is it.
    pub path: Option<String>,
    /// Those of this kind.
    pub kind: Option<String>,
    /// Most entries; all of them if it is missing.
    pub limit: Option<usize>,
}

/// The entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// As many as were wanted, sorted by kind and name.
    pub entries: Vec<EntryView>,
    /// How many there are.
    pub total: usize,
}

pub(super) async fn list(site: &Site, asked: List) -> Result<Listing, Refusal> {
    if let Some(kind) = asked.kind.as_deref().filter(|kind| !KINDS.contains(kind)) {
        return Err(
            Refusal::new(format!("there are no entries of the kind {kind:?}")).hint(format!("there are {}", KINDS.join(", ")))
        );
    }
    if let Some(path) = asked.path.as_deref().filter(|path| !path.starts_with('/')) {
        return Err(Refusal::new(format!("{path:?} is not a path")).hint("a path begins with /, such as /blog"));
    }
    let manifest = &site.deployment.manifest;
    let inventory = site.deployment.cache.inventory().await;
    let views = inventory.iter().map(|inspected| EntryView::of(inspected, manifest));
    let mut entries: Vec<EntryView> = views.filter(|entry| asked.wants(entry)).collect();
    let rank = |entry: &EntryView| KINDS.iter().position(|kind| *kind == entry.kind);
    entries.sort_by(|a, b| (rank(a), &a.name).cmp(&(rank(b), &b.name)));
    let total = entries.len();
    entries.truncate(asked.limit.unwrap_or(usize::MAX));
    Ok(Listing { entries, total })
}

impl List {
    fn wants(&self, entry: &EntryView) -> bool {
        self.tag.as_ref().is_none_or(|tag| entry.tags.contains(tag))
            && self.kind.as_ref().is_none_or(|kind| entry.kind == *kind)
            && self.path.as_ref().is_none_or(|path| {
                let of_route = entry.route.as_ref().is_some_and(|route| route == path);
                of_route || (entry.route.is_some() && is_below(&entry.name, path))
            })
    }
}

/// Whether a path is another one, or lies below it.
fn is_below(path: &str, above: &str) -> bool {
    let above = above.strip_suffix('/').unwrap_or(above);
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_below_another_by_whole_segments() {
        for (path, above, expected) in [
            ("/blog/a", "/blog", true),
            ("/blog", "/blog/", true),
            ("/blogger", "/blog", false),
            ("/", "/", true),
            ("/blog", "/", true),
        ] {
            assert_eq!(is_below(path, above), expected, "{path} below {above}");
        }
    }
}
