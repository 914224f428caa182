//! Methods beyond the usual ones that a handler may export by name: `PROPFIND`, `QUERY`, `PURGE`, `"M-SEARCH"`. HTTP lets
//! methods be any token (RFC 9110, 9.1); so that a constant beside the handlers isn't taken for one, capital letters, digits,
//! `-` and `_` are asked for.

/// Methods that no application gets: `TRACE` sends headers back that scripts must not see, `CONNECT` asks for a tunnel, `PRI`
/// is the first word of HTTP/2, and `TRACK` is another name of `TRACE`.
const NEVER: [&str; 4] = ["CONNECT", "PRI", "TRACE", "TRACK"];

/// Whether an export of this name answers a method of this name.
#[must_use]
pub fn is_extension(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || matches!(letter, b'-' | b'_'))
        && name.len() > 1
        && !NEVER.contains(&name)
        && !crate::rejection::METHODS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::is_extension;

    #[test]
    fn names_in_capitals_are_methods_and_nothing_that_http_keeps_for_itself() {
        for method in ["PROPFIND", "QUERY", "M-SEARCH", "PURGE", "VERSION-CONTROL"] {
            assert!(is_extension(method), "{method}");
        }
        for other in [
            "GET",
            "TRACE",
            "CONNECT",
            "PRI",
            "TRACK",
            "dynamic",
            "Get",
            "propfind",
            "maxDuration",
            "",
            "A",
            "2D",
        ] {
            assert!(!is_extension(other), "{other}");
        }
    }
}
