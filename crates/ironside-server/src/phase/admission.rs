//! What is refused by its head alone, before the URL is looked at.
//!
//! A head that can be read in two ways is found by [`crate::framing`]. Its connection is closed after the answer, so
//! nothing can hide behind it.

use crate::exchange::Exchange;
use crate::forwarded;
use crate::pipeline::Step;
use crate::rejection::{METHODS, Rejection};
use crate::site::Site;
use http::{Version, header};

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    match check(exchange, site) {
        Some(rejection) => Step::Reject(rejection),
        None => Step::Continue,
    }
}

fn check(exchange: &mut Exchange, site: &Site) -> Option<Rejection> {
    if let Some(rejection) = by_head(exchange, site) {
        return Some(rejection);
    }
    // A host that was one a moment ago is one still.
    exchange.recalled = exchange
        .arrivals
        .as_ref()
        .and_then(|arrivals| arrivals.recall(&exchange.headers, &exchange.uri));
    if exchange.recalled.is_some() {
        return None;
    }
    by_host(exchange)
}

fn by_head(exchange: &Exchange, site: &Site) -> Option<Rejection> {
    let headers = &exchange.headers;
    if let Some(ambiguity) = exchange.ambiguity {
        return Some(Rejection::Ambiguous(ambiguity));
    }
    if headers
        .get(header::EXPECT)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    {
        return Some(Rejection::Expectation);
    }
    let method = exchange.method.as_str();
    if !METHODS.contains(&method) && !site.deployment.router.has_extension(method) {
        return Some(Rejection::UnknownMethod);
    }
    let length = exchange.uri.path().len() + exchange.uri.query().map_or(0, str::len);
    (length > site.house.limits.url_bytes).then_some(Rejection::UrlTooLong)
}

fn by_host(exchange: &Exchange) -> Option<Rejection> {
    let headers = &exchange.headers;
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Some(Rejection::BadHost);
    }
    // HTTP/1.0 has none; HTTP/2 has it in the target.
    let may_lack_host = exchange.version <= Version::HTTP_10;
    let named = forwarded::requested_host(headers, &exchange.uri);
    if named.is_none() && !(may_lack_host && host.is_none()) {
        return Some(Rejection::BadHost);
    }
    let other = |host: &[u8]| {
        named
            .as_ref()
            .is_some_and(|named| !host.eq_ignore_ascii_case(named.as_bytes()))
    };
    host.is_some_and(|host| other(host.as_bytes()))
        .then_some(Rejection::OtherHost)
}
