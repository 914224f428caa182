//! A place outside of the application: a URL that was read once and is of one meaning, and who chose its host.

use crate::forwarded;
use http::Uri;
use thiserror::Error;

/// Who chose the host of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// It stands in `next.config` as it is.
    Configuration,
    /// A request had a part in it: by a parameter in the host, or because code computed it.
    Request,
}

/// Why a text is no destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExternalError {
    /// It can't be read as a URL with a host.
    #[error("it is not an absolute URL")]
    Unreadable,
    /// It is neither `http` nor `https`.
    #[error("its scheme is neither http nor https")]
    Scheme,
    /// What should be a host is none, or a name and password stand before it.
    #[error("its host is not a host")]
    Host,
    /// The path has `.` or `..` as a segment, plain or encoded.
    #[error("its path has a dot segment")]
    DotSegment,
}

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// `scheme://host[:port]/path[?query]`.
    pub uri: Uri,
    /// In lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port, also where the URL leaves it out.
    pub port: u16,
    /// Whether by TLS.
    pub https: bool,
    /// Who chose the host.
    pub chosen_by: ChosenBy,
}

impl External {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it can't be read in one way only.
    pub fn new(url: &str, chosen_by: ChosenBy) -> Result<Self, ExternalError> {
        let url = url.split('#').next().unwrap_or_default();
        let uri: Uri = url.parse().map_err(|_| ExternalError::Unreadable)?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(ExternalError::Scheme),
            None => return Err(ExternalError::Unreadable),
        };
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        if !forwarded::is_authority(authority) {
            return Err(ExternalError::Host);
        }
        let (host, port) = forwarded::split_port(authority);
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(ExternalError::Host)?,
            None => 0,
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        if host.ends_with('.') || host.starts_with('.') || host.contains("..") {
            return Err(ExternalError::Host);
        }
        if uri.path().split('/').any(is_dots) {
            return Err(ExternalError::DotSegment);
        }
        Ok(Self {
            host,
            port: match (port, https) {
                (0, true) => 443,
                (0, false) => 80,
                (port, _) => port,
            },
            https,
            chosen_by,
            uri: rooted(&uri).ok_or(ExternalError::Unreadable)?,
        })
    }

    /// `host[:port]`, as the URL writes it.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.uri.authority().map(http::uri::Authority::as_str).unwrap_or_default()
    }

    /// The same place with more behind the query.
    #[must_use]
    pub fn with_query(&self, more: &str) -> Self {
        let mark = if self.uri.query().is_some_and(|query| !query.is_empty()) {
            "&"
        } else if self.uri.query().is_some() {
            ""
        } else {
            "?"
        };
        let uri = format!("{}{mark}{more}", self.uri)
            .parse()
            .unwrap_or_else(|_| self.uri.clone());
        Self { uri, ..self.clone() }
    }
}

/// A URL may leave the path out before a query; a request can't.
fn rooted(uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    if rest.starts_with('/') {
        return Some(uri.clone());
    }
    format!("{}://{}/{rest}", uri.scheme_str()?, uri.authority()?).parse().ok()
}

/// Whether a segment means this folder or the one above, however its dots are written.
fn is_dots(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    while !rest.is_empty() {
        let after = rest
            .strip_prefix('.')
            .or_else(|| rest.strip_prefix("%2e"))
            .or_else(|| rest.strip_prefix("%2E"));
        match after {
            Some(after) => (rest, dots) = (after, dots + 1),
            None => return false,
        }
    }
    dots == 1 || dots == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<(String, u16, String), ExternalError> {
        External::new(url, ChosenBy::Request).map(|found| (found.host, found.port, found.uri.to_string()))
    }

    #[test]
    fn urls_are_read() {
        assert_eq!(
            read("http://API.example:8080/a?b#c"),
            Ok(("api.example".into(), 8080, "http://API.example:8080/a?b".into()))
        );
        assert_eq!(
            read("https://x.example"),
            Ok(("x.example".into(), 443, "https://x.example/".into()))
        );
        assert_eq!(
            read("http://x.example?q=1"),
            Ok(("x.example".into(), 80, "http://x.example/?q=1".into()))
        );
        assert_eq!(read("http://[::1]:3/"), Ok(("::1".into(), 3, "http://[::1]:3/".into())));
        let more = External::new("http://h/a?b=1", ChosenBy::Request).unwrap().with_query("c=2");
        assert_eq!(more.uri.to_string(), "http://h/a?b=1&c=2");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (url, why) in [
            ("/path", ExternalError::Unreadable),
            ("ftp://h/", ExternalError::Scheme),
            ("http://user@h/", ExternalError::Host),
            ("http://user:pw@h/", ExternalError::Host),
            ("http://h:0/", ExternalError::Host),
            ("http://h:99999/", ExternalError::Host),
            ("http://h./", ExternalError::Host),
            ("http://.h/", ExternalError::Host),
            ("http://a..b/", ExternalError::Host),
            ("http://h/a/../b", ExternalError::DotSegment),
            ("http://h/a/%2e%2E/b", ExternalError::DotSegment),
            ("http://h/a/.%2e", ExternalError::DotSegment),
            ("http://h/./b", ExternalError::DotSegment),
        ] {
            assert_eq!(read(url), Err(why), "{url}");
        }
        assert!(read("http://h/.../..a/.b").is_ok());
    }
}
