//! Query strings and cookies as lists of pairs. They are read, and written back, without being decoded where nobody asks
//! for it: what the client sent is what the application sees.

use http::{HeaderMap, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Escapes a value for a query, as `encodeURIComponent` does.
#[must_use]
pub fn encode(value: &str) -> String {
    utf8_percent_encode(value, COMPONENT).to_string()
}

/// The decoded pairs of a query.
pub fn pairs(query: &str) -> impl DoubleEndedIterator<Item = (String, String)> + '_ {
    query.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(key), decode(value))
    })
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Two queries as one.
#[must_use]
pub fn join(first: &str, second: &str) -> String {
    match (first.is_empty(), second.is_empty()) {
        (true, _) => second.to_owned(),
        (_, true) => first.to_owned(),
        _ => format!("{first}&{second}"),
    }
}

/// The query of a request with parameters of a rule laid over it: those of the rule stand in place of the request's of the same
/// name, as in Next, so that a visitor can't add to what a rule has set. Everything else stays as it is written.
#[must_use]
pub fn overlay(own: &str, request: &str) -> String {
    if own.is_empty() || request.is_empty() {
        return join(own, request);
    }
    let named = |part: &str| decode(part.split_once('=').map_or(part, |(key, _)| key));
    let mut left: Vec<(String, &str)> = own
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| (named(part), part))
        .collect();
    let set: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
    let mut parts = Vec::new();
    for part in request.split('&').filter(|part| !part.is_empty()) {
        let name = named(part);
        if !set.contains(&name) {
            parts.push(part);
            continue;
        }
        let (here, rest) = left.into_iter().partition(|(own, _)| *own == name);
        left = rest;
        let here: Vec<(String, &str)> = here;
        parts.extend(here.into_iter().map(|(_, part)| part));
    }
    parts.extend(left.into_iter().map(|(_, part)| part));
    parts.join("&")
}

/// The value of the last parameter with this (plain) name, undecoded, and the query without any of them.
#[must_use]
pub fn take(query: &str, name: &str) -> (Option<String>, String) {
    let mut taken = None;
    let mut rest = Vec::new();
    for part in query.split('&') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if key == name {
            taken = Some(value.to_owned());
        } else {
            rest.push(part);
        }
    }
    if taken.is_none() {
        return (None, query.to_owned());
    }
    (taken, rest.join("&"))
}

/// The cookies of a request in order, undecoded.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
}

/// The value of a cookie; of several with one name the last.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    cookies(headers)
        .filter(|(found, _)| *found == name)
        .last()
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn taking_a_parameter_leaves_the_others_as_they_were() {
        assert_eq!(take("a=1&_rsc=x&b=%20", "_rsc"), (Some("x".into()), "a=1&b=%20".into()));
        assert_eq!(take("_rsc", "_rsc"), (Some(String::new()), String::new()));
        assert_eq!(take("a=_rsc", "_rsc"), (None, "a=_rsc".into()));
    }

    #[test]
    fn what_a_rule_sets_stands_in_place_of_what_the_request_says() {
        for (own, request, both) in [
            ("", "x=1", "x=1"),
            ("a=1", "", "a=1"),
            ("from=a", "x=1&from=b", "x=1&from=a"),
            ("a=1", "a=2&b&a=3", "a=1&b"),
            ("y=1", "z=2&q", "z=2&q&y=1"),
            ("a=1&a=2&c", "b=%20&%61=3", "b=%20&a=1&a=2&c"),
        ] {
            assert_eq!(overlay(own, request), both, "{own} over {request}");
        }
    }

    #[test]
    fn pairs_are_decoded_as_forms_are() {
        let all: Vec<_> = pairs("a=1&a=2&b=%20x+y&&=&d&%C3%BC=k").collect();
        let expected = [("a", "1"), ("a", "2"), ("b", " x y"), ("", ""), ("d", ""), ("ü", "k")];
        assert_eq!(all, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn of_two_cookies_with_one_name_the_last_counts() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; b=2;a=3"));
        headers.append(header::COOKIE, HeaderValue::from_static("junk; c = 4"));
        assert_eq!(cookie(&headers, "a").as_deref(), Some("3"));
        assert_eq!(cookie(&headers, "c").as_deref(), Some("4"));
        assert_eq!(cookie(&headers, "d"), None);
    }
}
