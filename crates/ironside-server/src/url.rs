//! The one form of a request's path on which everything is decided: matched against rules, a proxy's matcher and routes.
//!
//! Two spellings of one path become the same text, so no check can be passed by encoding; what has no clear meaning is
//! refused. Dot segments are resolved, also encoded ones, and never leave the root. Doubled slashes and backslashes are
//! redirected, since a browser would read the first as another host.

use ironside_model::pattern::canonical_segment;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use thiserror::Error;

/// What a request target's path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canonical {
    /// The canonical path; it starts with `/` and keeps a slash at its end.
    Path(String),
    /// Another path that means the same and is unambiguous: redirect there.
    Redirect(String),
}

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlError {
    /// A `%` without two hex digits behind it, or bytes that are no UTF-8.
    #[error("the path has a malformed percent-encoding")]
    Encoding,
    /// It does not start with `/`.
    #[error("the request target is not a path")]
    NotAPath,
}

/// Brings a path into its canonical form.
///
/// # Errors
/// When it can't be read in one way only.
pub fn canonicalise(path: &str) -> Result<Canonical, UrlError> {
    if !path.starts_with('/') && !path.starts_with('\\') {
        return Err(UrlError::NotAPath);
    }
    if is_plain(path) {
        return Ok(Canonical::Path(path.to_owned()));
    }
    let forward = if path.contains('\\') {
        Cow::Owned(path.replace('\\', "/"))
    } else {
        Cow::Borrowed(path)
    };
    let doubled = forward.contains("//");
    let redirect = doubled || matches!(forward, Cow::Owned(_));
    let mut kept: Vec<Cow<'_, str>> = Vec::new();
    let mut ends_with_slash = false;
    for segment in forward.split('/').skip(1) {
        check_encoding(segment)?;
        ends_with_slash = false;
        match canonical_segment(segment) {
            dot if dot == "." => ends_with_slash = true,
            dots if dots == ".." => {
                kept.pop();
                ends_with_slash = true;
            }
            empty if empty.is_empty() => ends_with_slash = true,
            name => kept.push(name),
        }
    }
    let mut path = String::with_capacity(forward.len());
    for segment in &kept {
        path.push('/');
        path.push_str(segment);
    }
    if path.is_empty() || ends_with_slash {
        path.push('/');
    }
    Ok(if redirect {
        Canonical::Redirect(path)
    } else {
        Canonical::Path(path)
    })
}

/// Whether a path is its own canonical form by its characters alone: no encoding, no dot segment, no doubled slash.
fn is_plain(path: &str) -> bool {
    let bytes = path.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.' | b'/');
    path.starts_with('/')
        && bytes.iter().all(plain)
        && !bytes
            .iter()
            .zip(bytes.iter().skip(1))
            .any(|pair| matches!(pair, (b'/', b'/' | b'.')))
}

fn check_encoding(segment: &str) -> Result<(), UrlError> {
    if !segment.contains('%') {
        return Ok(());
    }
    let bytes = segment.as_bytes();
    let digits = |at: usize| {
        bytes
            .get(at..at + 2)
            .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    };
    let well_formed = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .all(|(at, _)| digits(at + 1));
    if !well_formed || percent_decode_str(segment).decode_utf8().is_err() {
        return Err(UrlError::Encoding);
    }
    Ok(())
}

/// The canonical path as text, for comparing with names of files and with what an application passes to
/// `revalidatePath`.
#[must_use]
pub fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

/// The path without `basePath`; `None` if it lies outside.
#[must_use]
pub fn without_base<'a>(path: &'a str, base_path: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(base_path)?;
    match rest {
        "" => Some("/"),
        rest if rest.starts_with('/') => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> Canonical {
        Canonical::Path(text.to_owned())
    }

    #[test]
    fn spellings_of_one_path_become_one() {
        for (given, canonical) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("/%61/b", "/a/b"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a%2fb%20c", "/a%2Fb%20c"),
            ("/a/./b", "/a/b"),
            ("/a/x/../b", "/a/b"),
            ("/a/x/%2e%2E/b", "/a/b"),
            ("/../../a", "/a"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a%25b", "/a%25b"),
            ("/a%2520b", "/a%2520b"),
            ("/it's(fine);a=1,2@x:y", "/it's(fine);a=1,2@x:y"),
        ] {
            assert_eq!(canonicalise(given), Ok(path(canonical)), "{given}");
        }
    }

    #[test]
    fn what_a_browser_would_read_as_a_host_is_redirected() {
        for (given, to) in [
            ("//example.com", "/example.com"),
            ("/\\example.com", "/example.com"),
            ("/a//b", "/a/b"),
            ("/a\\b", "/a/b"),
            ("//", "/"),
            ("///..//x", "/x"),
        ] {
            assert_eq!(canonicalise(given), Ok(Canonical::Redirect(to.to_owned())), "{given}");
        }
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        for given in ["/%", "/%zz", "/%E0%A4%A", "/%ff", "/a%c0%af"] {
            assert_eq!(canonicalise(given), Err(UrlError::Encoding), "{given}");
        }
        assert_eq!(canonicalise("*"), Err(UrlError::NotAPath));
        assert_eq!(canonicalise(""), Err(UrlError::NotAPath));
    }

    #[test]
    fn the_base_path_ends_at_a_segment() {
        assert_eq!(without_base("/docs/a", "/docs"), Some("/a"));
        assert_eq!(without_base("/docs", "/docs"), Some("/"));
        assert_eq!(without_base("/docsx", "/docs"), None);
        assert_eq!(without_base("/a", ""), Some("/a"));
    }

    proptest! {
        #[test]
        fn a_canonical_path_is_its_own_canonical_form(text in "/[a-c%2eEfF./\\\\]{0,24}") {
            if !text.contains('%') {
                let slow = text.replace('a', "%61").replace('b', "%62").replace('c', "%63");
                prop_assert_eq!(canonicalise(&slow), canonicalise(&text), "the short way is the long one");
            }
            if let Ok(Canonical::Path(once) | Canonical::Redirect(once)) = canonicalise(&text) {
                prop_assert_eq!(canonicalise(&once), Ok(Canonical::Path(once.clone())));
                prop_assert!(!once.contains("//") && !once.split('/').any(|segment| decoded(segment) == ".."));
            }
        }
    }
}
