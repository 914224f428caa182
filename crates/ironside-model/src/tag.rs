//! Cache tags: the limits of those that applications name, and the implicit ones by which a path is revalidated.
//!
//! Implicit tags start with a control character that a user's tag cannot have, so no `revalidateTag` call reaches them
//! by accident.

use crate::manifest::{PatternPart, Route};
use crate::pattern::pattern_path;

/// The longest tag, in UTF-16 units as JavaScript counts (Next behaviour 5.8).
pub const MAX_TAG_LENGTH: usize = 256;
/// How many tags one entry may carry.
pub const MAX_TAGS: usize = 128;

const IMPLICIT: char = '\u{1}';

/// Why a tag of an application cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// It is `""`.
    #[error("a cache tag cannot be empty")]
    Empty,
    /// It has too many characters.
    #[error("a cache tag can have {MAX_TAG_LENGTH} characters, this one has {0}")]
    TooLong(usize),
    /// It looks like one of ours.
    #[error("a cache tag cannot start with a control character")]
    Reserved,
}

/// Checks a tag that an application gave.
pub fn check_tag(tag: &str) -> Result<(), TagError> {
    let length = tag.encode_utf16().count();
    if length == 0 {
        Err(TagError::Empty)
    } else if length > MAX_TAG_LENGTH {
        Err(TagError::TooLong(length))
    } else if tag.starts_with(IMPLICIT) {
        Err(TagError::Reserved)
    } else {
        Ok(())
    }
}

/// What `revalidatePath(path, scope)` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathScope {
    /// No second argument: the URL itself.
    Url,
    /// `'page'`: every URL of the page whose pattern is given.
    Page,
    /// `'layout'`: every URL below the pattern.
    Layout,
}

/// The tag that a call of `revalidatePath` expires. A `/` at the end of the path is of no account.
#[must_use]
pub fn path_tag(path: &str, scope: PathScope) -> String {
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = if path.is_empty() { "/" } else { path };
    let word = match scope {
        PathScope::Url => "url",
        PathScope::Page => "page",
        PathScope::Layout => "layout",
    };
    format!("{IMPLICIT}{word}:{path}")
}

/// What [`path_tag`] was made of: the scope's word (`url`, `page`, `layout`) and the path. `None` for a tag of an application.
#[must_use]
pub fn path_of_tag(tag: &str) -> Option<(&str, &str)> {
    tag.strip_prefix(IMPLICIT)?.split_once(':')
}

/// The tags that an answer of this route at this URL carries: the URL, its page, and each layout that may stand
/// around it, by the pattern that `revalidatePath` names it with.
#[must_use]
pub fn implicit_tags(route: &Route, path: &str) -> Vec<String> {
    let mut tags = vec![
        path_tag(path, PathScope::Url),
        path_tag(&pattern_path(&route.pattern), PathScope::Page),
    ];
    for length in 0..=route.pattern.len() {
        let above: &[PatternPart] = route.pattern.get(..length).unwrap_or_default();
        tags.push(path_tag(&pattern_path(above), PathScope::Layout));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_with_or_without_a_slash_at_its_end() {
        assert_eq!(path_tag("/blog/", PathScope::Url), path_tag("/blog", PathScope::Url));
        assert_ne!(path_tag("/blog", PathScope::Page), path_tag("/blog", PathScope::Layout));
        assert_eq!(path_tag("/", PathScope::Layout), path_tag("", PathScope::Layout));
    }

    #[test]
    fn a_path_is_found_in_its_tag() {
        assert_eq!(path_of_tag(&path_tag("/blog", PathScope::Layout)), Some(("layout", "/blog")));
        assert_eq!(path_of_tag("url:/blog"), None);
    }

    #[test]
    fn an_applications_tag_cannot_be_an_implicit_one() {
        assert_eq!(check_tag(&path_tag("/", PathScope::Url)), Err(TagError::Reserved));
        assert_eq!(check_tag(""), Err(TagError::Empty));
        assert_eq!(check_tag(&"a".repeat(257)), Err(TagError::TooLong(257)));
        assert_eq!(check_tag(&"ä".repeat(256)), Ok(()));
    }
}
