//! The hosts that a request may choose: `[rewrites] allow` of `ironside.toml`.

use super::options::RewriteOptionsError;
use crate::forwarded;

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub(super) struct AllowList(Vec<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    /// `*.`: any host below, not the host itself.
    below: bool,
    host: String,
    /// `None`: the scheme's own.
    port: Option<u16>,
}

/// How a host stands in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    /// By its name.
    ByName,
    /// Below a name.
    Below,
}

impl AllowList {
    /// Reads the list.
    pub(super) fn new(entries: &[String]) -> Result<Self, RewriteOptionsError> {
        entries
            .iter()
            .map(|text| entry(text).ok_or_else(|| RewriteOptionsError::Host(text.clone())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How the host stands in it, if it does. `host` is in lower case.
    pub(super) fn find(&self, host: &str, port: u16, https: bool) -> Option<Listed> {
        let own = if https { 443 } else { 80 };
        let fits = |entry: &&Entry| {
            let name = if entry.below {
                host.strip_suffix(entry.host.as_str())
                    .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            } else {
                host == entry.host
            };
            name && port == entry.port.unwrap_or(own)
        };
        let mut found = self.0.iter().filter(fits).peekable();
        found.peek()?;
        let by_name = found.any(|entry| !entry.below);
        Some(if by_name { Listed::ByName } else { Listed::Below })
    }
}

fn entry(text: &str) -> Option<Entry> {
    let text = text.trim();
    let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
    if !forwarded::is_authority(rest) {
        return None;
    }
    let (host, port) = forwarded::split_port(rest);
    let port = match port {
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port > 0)?),
        None => None,
    };
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    (!host.starts_with('.') && !host.ends_with('.')).then_some(Entry { below, host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_wildcards_and_ports() {
        let list = AllowList::new(&["api.example".into(), "*.shops.example".into(), "x.example:8080".into()]).unwrap();
        let find = |host: &str, port| list.find(host, port, true);
        assert_eq!(find("api.example", 443), Some(Listed::ByName));
        assert_eq!(list.find("api.example", 80, false), Some(Listed::ByName));
        assert_eq!(find("a.shops.example", 443), Some(Listed::Below));
        assert_eq!(find("a.b.shops.example", 443), Some(Listed::Below));
        assert_eq!(find("x.example", 8080), Some(Listed::ByName));
        for (host, port) in [
            ("api.example", 80),
            ("api.example", 22),
            ("shops.example", 443),
            ("evilshops.example", 443),
            (".shops.example", 443),
            ("api.example.evil", 443),
            ("x.example", 443),
            ("", 443),
        ] {
            assert_eq!(find(host, port), None, "{host}:{port}");
        }
    }

    #[test]
    fn entries_with_mistakes_are_refused() {
        for text in [
            "",
            "*",
            "*.",
            "https://a.example",
            "a.example/x",
            "a b",
            "*.*.example",
            "h:0",
            "h:x",
            ".example",
        ] {
            assert!(AllowList::new(&[text.into()]).is_err(), "{text}");
        }
    }
}
