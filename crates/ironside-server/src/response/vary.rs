//! `Vary`: what a cache between us and the client has to tell apart.

use http::{HeaderMap, HeaderValue, header};

/// What every variant of a page depends on (Next's names, and ours).
pub const PAGE: &str = "rsc, next-router-state-tree, next-router-prefetch, next-router-segment-prefetch";
/// The same where an intercepting route may be shown.
pub const INTERCEPTED_PAGE: &str =
    "rsc, next-router-state-tree, next-router-prefetch, next-router-segment-prefetch, next-url, ironside-from";

/// Adds names that are not there yet.
pub fn add(headers: &mut HeaderMap, names: &'static str) {
    if !headers.contains_key(header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static(names));
        return;
    }
    merge(headers, names);
}

/// The same with names that are known at run time.
pub fn merge(headers: &mut HeaderMap, names: &str) {
    if !headers.contains_key(header::VARY) {
        if let Ok(value) = HeaderValue::from_str(names) {
            headers.insert(header::VARY, value);
        }
        return;
    }
    let present: Vec<String> = headers
        .get_all(header::VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    if present.iter().any(|name| name == "*") {
        return;
    }
    let missing = names
        .split(',')
        .map(str::trim)
        .filter(|name| !present.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let all: Vec<&str> = present.iter().map(String::as_str).chain(missing).collect();
    if let Ok(value) = HeaderValue::from_str(&all.join(", ")) {
        headers.insert(header::VARY, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_added_once() {
        let mut headers = HeaderMap::new();
        headers.append(header::VARY, HeaderValue::from_static("Accept, RSC"));
        headers.append(header::VARY, HeaderValue::from_static("cookie"));
        add(&mut headers, "rsc, accept-encoding");
        assert_eq!(headers.get_all(header::VARY).iter().count(), 1);
        assert_eq!(headers[header::VARY], "accept, rsc, cookie, accept-encoding");
        headers.insert(header::VARY, HeaderValue::from_static("*"));
        add(&mut headers, "rsc");
        assert_eq!(headers[header::VARY], "*");
    }
}
