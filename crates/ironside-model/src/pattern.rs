//! URL patterns: how they are written, and the one spelling of a URL segment by which static parts are compared.

use crate::manifest::PatternPart;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;
use std::fmt::Write as _;

/// What has to be escaped in a URL segment: everything but RFC 3986's `pchar`.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The one spelling of a percent-encoded URL segment: what need not be escaped isn't, and escapes are in upper case.
/// Segments that mean the same are equal afterwards: `caf%c3%a9` and `café`, `a%40b` and `a@b`. Escapes that don't give
/// UTF-8 stay as they are. What compares URLs with names (matching, a proxy's matchers) has to compare this form.
#[must_use]
pub fn canonical_segment(segment: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    if segment.bytes().all(plain) {
        return Cow::Borrowed(segment);
    }
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) => Cow::Owned(encode_segment(&text)),
        Err(_) => Cow::Borrowed(segment),
    }
}

/// Escapes a decoded name for a URL, in the form of [`canonical_segment`].
#[must_use]
pub fn encode_segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

impl PatternPart {
    /// The parameter that the part binds.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Static(_) => None,
            Self::Dynamic(name) | Self::CatchAll(name) | Self::OptionalCatchAll(name) => Some(name),
        }
    }

    /// Whether it may stand for more than one segment, so that nothing can come after it.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        matches!(self, Self::CatchAll(_) | Self::OptionalCatchAll(_))
    }
}

impl std::fmt::Display for PatternPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Static(text) => f.write_str(text),
            Self::Dynamic(name) => write!(f, "[{name}]"),
            Self::CatchAll(name) => write!(f, "[...{name}]"),
            Self::OptionalCatchAll(name) => write!(f, "[[...{name}]]"),
        }
    }
}

/// A pattern as people write it: `/blog/[slug]`, `/` for the root.
#[must_use]
pub fn pattern_path(pattern: &[PatternPart]) -> String {
    if pattern.is_empty() {
        return "/".to_owned();
    }
    pattern.iter().fold(String::new(), |mut path, part| {
        // Writing into a string cannot fail.
        let _ = write!(path, "/{part}");
        path
    })
}

/// The same with parameters' names left out, so that patterns which match the same URLs are equal.
#[must_use]
pub fn pattern_shape(pattern: &[PatternPart]) -> String {
    let nameless: Vec<_> = pattern
        .iter()
        .map(|part| match part {
            PatternPart::Static(text) => PatternPart::Static(text.clone()),
            PatternPart::Dynamic(_) => PatternPart::Dynamic(String::new()),
            PatternPart::CatchAll(_) => PatternPart::CatchAll(String::new()),
            PatternPart::OptionalCatchAll(_) => PatternPart::OptionalCatchAll(String::new()),
        })
        .collect();
    pattern_path(&nameless)
}

/// The segments of a URL path. `None` if it doesn't start with `/` or has an empty segment inside; one `/` at the end is
/// no segment.
#[must_use]
pub fn path_segments(path: &str) -> Option<Vec<&str>> {
    let inner = path.strip_prefix('/')?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return (path.len() <= 1).then(Vec::new);
    }
    let segments: Vec<&str> = inner.split('/').collect();
    segments.iter().all(|segment| !segment.is_empty()).then_some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_segments_that_mean_the_same() {
        for (segment, canonical) in [
            ("plain", "plain"),
            ("%5Fopen", "_open"),
            ("caf%c3%a9", "caf%C3%A9"),
            ("café", "caf%C3%A9"),
            ("a%40b", "a@b"),
            ("a%2fb", "a%2Fb"),
            ("100%25", "100%25"),
            ("%ff", "%ff"),
            ("a b", "a%20b"),
        ] {
            assert_eq!(canonical_segment(segment), canonical);
        }
    }

    #[test]
    fn patterns_are_written_as_in_the_app_folder() {
        let pattern = [PatternPart::Static("blog".into()), PatternPart::Dynamic("slug".into())];
        assert_eq!(pattern_path(&pattern), "/blog/[slug]");
        assert_eq!(pattern_shape(&pattern), "/blog/[]");
        assert_eq!(pattern_path(&[]), "/");
        assert_eq!(PatternPart::OptionalCatchAll("a".into()).to_string(), "[[...a]]");
    }

    #[test]
    fn empty_segments_are_no_path() {
        assert_eq!(path_segments("/"), Some(vec![]));
        assert_eq!(path_segments("/a/b/"), Some(vec!["a", "b"]));
        assert_eq!(path_segments("/a//b"), None);
        assert_eq!(path_segments("//"), None);
        assert_eq!(path_segments("a"), None);
        assert_eq!(path_segments(""), None);
    }
}
