//! Where a redirect or rewrite leads: a URL with `:names` in it, which the captures of the rule's pattern fill.
//!
//! A captured value comes from the client. It is put in percent-encoded, so it can't end a path or begin a query; and in
//! a host only if it consists of letters, digits, `-` and `.`, so it can't name another site than the rule's author meant.

use super::pattern::Captures;
use crate::query;
use ironside_model::pattern::encode_segment;
use percent_encoding::percent_decode_str;

/// A destination, cut into its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// `https://host:port` or empty.
    origin: String,
    path: String,
    query: String,
    hash: String,
}

/// A destination that has been filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// `https://host:port`, or empty for this application.
    pub origin: String,
    /// The path; starts with `/` unless the destination has an origin and no path.
    pub path: String,
    /// Without `?`.
    pub query: String,
    /// With `#`, or empty.
    pub hash: String,
}

impl Destination {
    /// Cuts a destination up.
    ///
    /// # Errors
    /// When it is neither a path nor an absolute `http` URL; the text says what to write.
    pub fn new(text: &str) -> Result<Self, String> {
        let (rest, hash) = text
            .split_once('#')
            .map_or((text, String::new()), |(rest, hash)| (rest, format!("#{hash}")));
        let (origin, rest) = if rest.starts_with('/') && !rest.starts_with("//") {
            ("", rest)
        } else if rest.starts_with("http://") || rest.starts_with("https://") {
            let host = rest.find("://").map_or(0, |at| at + 3);
            rest.split_at(
                rest.get(host..)
                    .and_then(|tail| tail.find(['/', '?']))
                    .map_or(rest.len(), |at| host + at),
            )
        } else {
            return Err(format!(
                "the destination {text:?} has to begin with \"/\", \"http://\" or \"https://\""
            ));
        };
        // A `?` behind a name or a bracket is its modifier.
        let (path, query) = split_query(rest);
        Ok(Self {
            origin: origin.into(),
            path: path.into(),
            query: query.into(),
            hash,
        })
    }

    /// Whether it leads out of the application.
    #[must_use]
    pub fn is_external(&self) -> bool {
        !self.origin.is_empty()
    }

    /// Whether a filled origin is the one that is written, so that the request had no part in it.
    #[must_use]
    pub fn has_written_origin(&self, filled: &Filled) -> bool {
        self.origin == filled.origin
    }

    /// Puts the captures in. `None` if one of them can't stand where the destination wants it.
    #[must_use]
    pub fn fill(&self, captures: &Captures) -> Option<Filled> {
        let origin = substitute(&self.origin, captures, |value| {
            let plain = value
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.');
            plain.then(|| value.to_owned())
        })?;
        let path = substitute(&self.path, captures, |value| Some(encode_path(value)))?;
        let path = tidy_slashes(&path, self.path.ends_with('/'));
        let query = substitute(&self.query, captures, |value| Some(query::encode(&decode(value))))?;
        let hash = substitute(&self.hash, captures, |value| Some(encode_path(value)))?;
        Some(Filled {
            origin,
            path,
            query,
            hash,
        })
    }

    /// Whether any name stands in the path or host (then the captures are not added to the query of a rewrite).
    #[must_use]
    pub fn uses_captures(&self, captures: &Captures) -> bool {
        captures.iter().any(|(name, _)| {
            [&self.path, &self.origin, &self.query]
                .iter()
                .any(|part| names(part).any(|(_, found, _)| found == name))
        })
    }
}

fn split_query(text: &str) -> (&str, &str) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('?')).map(|at| from + at) {
        let after_name = names(text).any(|(start, name, _)| start + 1 + name.len() == at);
        let next = text.as_bytes().get(at + 1);
        if !(after_name && matches!(next, None | Some(b'/' | b'?' | b'#'))) {
            return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        }
        from = at + 1;
    }
    (text, "")
}

/// `:name` in a text: where the colon stands, the name, and the length with modifier.
fn names(text: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    text.match_indices(':').filter_map(move |(at, _)| {
        let rest = text.get(at + 1..)?;
        let length = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let name = rest.get(..length).filter(|name| !name.is_empty())?;
        let modifier = matches!(rest.as_bytes().get(length), Some(b'*' | b'+' | b'?'));
        Some((at, name, 1 + length + usize::from(modifier)))
    })
}

/// Puts values in for names; a name that nothing is bound to stays as it is (a port, for one).
pub fn substitute(text: &str, captures: &Captures, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut done = 0;
    for (at, name, length) in names(text) {
        let Some((_, bound)) = captures.iter().rev().find(|(known, _)| known == name) else {
            continue;
        };
        filled.push_str(text.get(done..at)?);
        filled.push_str(&value(bound)?);
        done = at + length;
    }
    filled.push_str(text.get(done..)?);
    Some(filled)
}

fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

/// Values of the path are percent-encoded already and may hold `/` where the pattern takes several segments.
fn encode_path(value: &str) -> String {
    value
        .split('/')
        .map(|segment| encode_segment(&decode(segment)))
        .collect::<Vec<_>>()
        .join("/")
}

/// An empty value leaves no slash behind.
fn tidy_slashes(path: &str, keep_last: bool) -> String {
    let mut out = String::with_capacity(path.len());
    for letter in path.chars() {
        if !(letter == '/' && out.ends_with('/')) {
            out.push(letter);
        }
    }
    if out.len() > 1 && out.ends_with('/') && !keep_last {
        out.pop();
    }
    out
}

impl Filled {
    /// The URL, with its own query laid over that of the request.
    #[must_use]
    pub fn url(&self, base_path: &str, request_query: &str) -> String {
        let query = query::overlay(&self.query, request_query);
        let base = if self.origin.is_empty() { base_path } else { "" };
        let path = if self.origin.is_empty() && self.path == "/" && !base.is_empty() {
            ""
        } else {
            &self.path
        };
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{base}{path}{mark}{query}{}", self.origin, self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(destination: &str, captures: &[(&str, &str)]) -> Option<String> {
        let captures: Captures = captures
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        Destination::new(destination)
            .unwrap()
            .fill(&captures)
            .map(|filled| filled.url("", ""))
    }

    #[test]
    fn names_are_filled_in_path_query_and_hash() {
        assert_eq!(fill("/new/:id", &[("id", "7")]).as_deref(), Some("/new/7"));
        assert_eq!(fill("/catch/:rest*", &[("rest", "a/b")]).as_deref(), Some("/catch/a/b"));
        assert_eq!(fill("/catch/:rest*", &[("rest", "")]).as_deref(), Some("/catch"));
        assert_eq!(
            fill("/echo?first=:a&second=:b#:a", &[("a", "1"), ("b", "x y")]).as_deref(),
            Some("/echo?first=1&second=x%20y#1")
        );
        assert_eq!(fill("/:lang?/about", &[("lang", "de")]).as_deref(), Some("/de/about"));
        assert_eq!(
            fill("http://localhost:4000/:x", &[("x", "y")]).as_deref(),
            Some("http://localhost:4000/y")
        );
    }

    #[test]
    fn a_captured_value_can_not_break_out() {
        assert_eq!(fill("/to/:dest", &[("dest", "a?b#c")]).as_deref(), Some("/to/a%3Fb%23c"));
        assert_eq!(fill("/:dest", &[("dest", "/evil.example")]).as_deref(), Some("/evil.example"));
        assert_eq!(fill("/x?q=:v", &[("v", "1&admin=1")]).as_deref(), Some("/x?q=1%26admin%3D1"));
        assert_eq!(fill("https://:sub.example.com/", &[("sub", "evil.example/")]), None);
        assert_eq!(
            fill("https://:sub.example.com/", &[("sub", "shop")]).as_deref(),
            Some("https://shop.example.com/")
        );
    }

    #[test]
    fn other_schemes_are_refused() {
        for text in ["javascript:alert(1)", "//evil.example", "about", "ftp://x"] {
            assert!(Destination::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_base_path_goes_before_paths_only() {
        let filled = |text: &str| Destination::new(text).unwrap().fill(&Captures::new()).unwrap();
        assert_eq!(filled("/a").url("/docs", "q=1"), "/docs/a?q=1");
        assert_eq!(filled("/").url("/docs", ""), "/docs");
        assert_eq!(filled("https://x.example/a").url("/docs", ""), "https://x.example/a");
    }
}
