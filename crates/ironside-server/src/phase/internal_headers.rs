//! Headers that only the server itself, or the framework that we are compatible with, may set are taken away from every
//! request, so that a client can't pose as a part of the server (CVE-2025-29927 and its kin); and so are query parameters
//! by which that framework hands parameters of a route from one of its parts to another (CVE-2026-44574).

use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::site::Site;
use http::header::{HeaderMap, HeaderName};

const PREFIXES: [&str; 4] = ["x-middleware-", "x-nextjs-", "x-ironside-", "x-invoke-"];
/// Query parameters: a route's parameter, and the marker of an intercepting one.
const QUERY_PREFIXES: [&str; 2] = ["nxtP", "nxtI"];
/// Names one by one where the rest of a family is free for applications: `x-action-seen` may well be somebody's own.
const NAMES: [&str; 14] = [
    "x-action-forwarded",
    "x-action-redirect",
    "x-action-revalidated",
    "x-now-route-matches",
    "x-matched-path",
    "next-resume",
    "x-next-resume-state-length",
    "x-prerender-revalidate",
    "x-prerender-revalidate-if-generated",
    "x-next-revalidated-tags",
    "x-next-revalidate-tag-token",
    "x-next-cache-tags",
    "x-next-cache-soft-tags",
    "next-hmr-refresh",
];

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, _site: &Site) -> Step {
    strip(&mut exchange.headers);
    if let Some(query) = without_internal(&exchange.query) {
        exchange.query = query;
    }
    Step::Continue
}

/// The query without internal parameters, if it has any. Names are compared decoded, as applications see them.
fn without_internal(query: &str) -> Option<String> {
    if !query.contains("nxt") && !query.contains('%') {
        return None;
    }
    let is_internal = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        QUERY_PREFIXES
            .iter()
            .any(|prefix| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
    };
    let kept: Vec<&str> = query.split('&').filter(|part| !is_internal(part)).collect();
    (kept.len() < query.split('&').count()).then(|| kept.join("&"))
}

/// Takes them away.
pub fn strip(headers: &mut HeaderMap) {
    let found: Vec<HeaderName> = headers.keys().filter(|name| is_internal(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

/// Whether only the server may set it.
#[must_use]
pub fn is_internal(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn internal_names_are_gone_and_others_stay() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-middleware-subrequest",
            "x-action-forwarded",
            "x-action-seen",
            "x-matched-path",
            "next-resume",
            "next-action",
            "x-request-id",
            "x-my-header",
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("2"));
        }
        strip(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["next-action", "x-action-seen", "x-my-header", "x-request-id"]);
    }

    #[test]
    fn internal_parameters_are_gone_however_they_are_spelt() {
        for (query, rest) in [
            ("a=1&nxtPid=2&b=3", Some("a=1&b=3")),
            ("nxtIid=x", Some("")),
            ("n%78tPid=2&a", Some("a")),
            ("%6Ext%50id=2&a", Some("a")),
            ("nxtP=1&nxt=2&a=nxtPid", None),
            ("a=%20", None),
            ("", None),
        ] {
            assert_eq!(without_internal(query).as_deref(), rest, "{query}");
        }
    }
}
