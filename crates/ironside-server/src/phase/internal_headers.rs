//! Headers that only the server itself, or the framework that we are compatible with, may set are taken away from every
//! request, so that a client can't pose as a part of the server (CVE-2025-29927 and its kin).

use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::site::Site;
use http::header::{HeaderMap, HeaderName};

const PREFIXES: [&str; 4] = ["x-middleware-", "x-nextjs-", "x-ironside-", "x-invoke-"];
/// Names one by one where the rest of a family is free for applications: `x-action-seen` may well be somebody's own.
const NAMES: [&str; 11] = [
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
];

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, _site: &Site) -> Step {
    strip(&mut exchange.headers);
    Step::Continue
}

/// Takes them away.
pub fn strip(headers: &mut HeaderMap) {
    let found: Vec<HeaderName> = headers.keys().filter(|name| is_internal(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

fn is_internal(name: &str) -> bool {
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
}
