//! Tells documents from payloads and prefetches. A payload is asked for by the header `RSC`, and the query parameter
//! `_rsc` has to be a hash of the headers that the answer depends on: so a cache that ignores `Vary` can't serve a payload
//! for a document. A wrong one is redirected to the right one. The headers and the parameter end here: what follows, the
//! application's code included, reads [`Navigation`].

use super::canonical_url::with_query;
use crate::exchange::{Exchange, Navigation, Variant};
use crate::pipeline::Step;
use crate::query;
use crate::response::{Answer, vary};
use crate::site::Site;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use sha2::{Digest, Sha256};

const RSC: HeaderName = HeaderName::from_static("rsc");
const PREFETCH: HeaderName = HeaderName::from_static("next-router-prefetch");
const SEGMENT: HeaderName = HeaderName::from_static("next-router-segment-prefetch");
const STATE_TREE: HeaderName = HeaderName::from_static("next-router-state-tree");
const NEXT_URL: HeaderName = HeaderName::from_static("next-url");
const ACTION: HeaderName = HeaderName::from_static("next-action");
const FROM: HeaderName = HeaderName::from_static("ironside-from");
const KEY: &str = "_rsc";

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, _site: &Site) -> Step {
    let headers = &exchange.headers;
    if !headers.keys().any(is_ours) {
        // What nearly every request is: a look at each name costs less than six look-ups.
        exchange.navigation = Navigation::default();
        return Step::Continue;
    }
    // A call that asks for a payload of the page is no call (Next behaviour 1.7): no client writes both.
    let is_payload = headers.get(RSC).is_some_and(|value| value == "1") && (exchange.reads() || calls_action(exchange));
    let mut key_given = None;
    if is_payload {
        let (given, rest) = query::take(&exchange.query, KEY);
        let key = cache_key(headers);
        if !given
            .as_deref()
            .is_some_and(|given| given == key || given == legacy_key(headers))
        {
            return Step::answer(to_right_key(&exchange.full_path, &rest, &key));
        }
        exchange.query = rest;
        key_given = given;
    }
    let from = headers
        .get(FROM)
        .or_else(|| headers.get(NEXT_URL))
        .filter(|_| is_payload || calls_action(exchange))
        .and_then(|value| value.to_str().ok());
    let variant = match (is_payload, headers.get(PREFETCH).is_some_and(|value| value == "1")) {
        (false, _) => Variant::Html,
        // Other values stand for prefetches that bring a page with its data, or for nothing (Next behaviour 6.3).
        (true, false) => Variant::Payload,
        (true, true) => Variant::Prefetch,
    };
    exchange.navigation = Navigation {
        variant,
        from: from.map(|from| from.split(['?', '#']).next().unwrap_or_default().to_owned()),
        sent: HeaderMap::new(),
        key: key_given,
    };
    for name in [RSC, PREFETCH, SEGMENT, STATE_TREE, NEXT_URL, FROM] {
        if let Some(value) = exchange.headers.remove(&name) {
            exchange.navigation.sent.insert(name, value);
        }
    }
    Step::Continue
}

/// Whether a header may be one that this phase reads.
fn is_ours(name: &HeaderName) -> bool {
    let name = name.as_str();
    name == "rsc" || name.starts_with("next-") || name.starts_with("ironside-")
}

/// An action is called on what is shown, which may be an intercepting route: then that is what has to be shown anew.
fn calls_action(exchange: &Exchange) -> bool {
    exchange.method == Method::POST && exchange.headers.contains_key(ACTION)
}

fn to_right_key(path: &str, rest: &str, key: &str) -> Answer {
    let parameter = if key.is_empty() {
        KEY.to_owned()
    } else {
        format!("{KEY}={key}")
    };
    let mut answer = Answer::redirect(
        StatusCode::TEMPORARY_REDIRECT,
        &with_query(path, &query::join(rest, &parameter)),
        "rsc_key",
    );
    vary::add(answer.response.headers_mut(), vary::PAGE);
    answer
}

/// The headers that count, in their order; `None` if there are none of them.
fn material(headers: &HeaderMap) -> Option<String> {
    let values = [PREFETCH, SEGMENT, STATE_TREE, NEXT_URL].map(|name| headers.get(name).and_then(|value| value.to_str().ok()));
    values
        .iter()
        .any(Option::is_some)
        .then(|| values.map(|value| value.unwrap_or("0")).join(","))
}

/// The right value of `_rsc` (Next behaviour 6.2).
fn cache_key(headers: &HeaderMap) -> String {
    material(headers)
        .map(|text| URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..12]))
        .unwrap_or_default()
}

/// What earlier versions of Next send: the first five digits of a short hash in base 36.
fn legacy_key(headers: &HeaderMap) -> String {
    let Some(text) = material(headers) else { return String::new() };
    let mut hash = text
        .encode_utf16()
        .fold(5381u32, |hash, unit| hash.wrapping_mul(33).wrapping_add(u32::from(unit)));
    let mut digits = Vec::new();
    while hash > 0 {
        digits.extend(char::from_digit(hash % 36, 36));
        hash /= 36;
    }
    digits.iter().rev().take(5).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_key_is_empty_without_headers_and_a_hash_with_them() {
        let mut headers = HeaderMap::new();
        assert_eq!(cache_key(&headers), "");
        headers.insert(PREFETCH, HeaderValue::from_static("1"));
        // node -e "console.log(require('crypto').createHash('sha256').update('1,0,0,0').digest().subarray(0,12).toString('base64url'))"
        assert_eq!(cache_key(&headers), "HEAvJdHAQJrUAe2K");
        assert_eq!(legacy_key(&headers).len(), 5);
    }
}
