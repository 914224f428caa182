//! What the other site learns of a request: everything the client sent that is meant for the application, where it came from,
//! and nothing of what goes on in here.

use super::external::External;
use super::failure::UpstreamFailure;
use super::hop_by_hop;
use super::request_body::OutgoingBody;
use crate::exchange::Exchange;
use crate::phase::internal_headers;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Version};

/// Our name in `Via`.
pub(super) const NAME: &str = "ironside";
/// So many servers like this one may stand behind each other; more is a rewrite that leads to itself.
const MOST_HOPS: usize = 8;

/// Makes the request. Takes headers and body of the exchange.
pub(super) fn make(exchange: &mut Exchange, external: &External) -> Result<Request<OutgoingBody>, UpstreamFailure> {
    let mut headers = std::mem::take(&mut exchange.headers);
    if hops(&headers) >= MOST_HOPS {
        return Err(UpstreamFailure::Loop);
    }
    hop_by_hop::strip(&mut headers);
    internal_headers::strip(&mut headers);
    headers.remove(header::EXPECT);
    // The length is told by the body itself.
    headers.remove(header::CONTENT_LENGTH);
    headers.extend(std::mem::take(&mut exchange.navigation.sent));
    introduce(&mut headers, exchange, external)?;
    let body = std::mem::take(&mut exchange.body);
    let writes = matches!(exchange.method, Method::POST | Method::PUT | Method::PATCH);
    if body.is_empty() && writes {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let place = match &exchange.navigation.key {
        Some(key) => &external.with_query(&format!("_rsc={key}")),
        None => external,
    };
    let mut request = Request::new(OutgoingBody::new(body));
    *request.method_mut() = exchange.method.clone();
    *request.uri_mut() = place.uri.clone();
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    Ok(request)
}

/// The same request again; only for one whose body is empty.
pub(super) fn copy_without_body(request: &Request<OutgoingBody>) -> Option<Request<OutgoingBody>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return None;
    }
    let mut copy = Request::new(OutgoingBody::new(crate::request_body::RequestBody::default()));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    Some(copy)
}

/// How often a server like this one has passed the request on.
fn hops(headers: &HeaderMap) -> usize {
    headers
        .get_all(header::VIA)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|hop| hop.split_whitespace().nth(1) == Some(NAME))
        .count()
}

/// Who asks, whom it asked, and who passes it on.
fn introduce(headers: &mut HeaderMap, exchange: &Exchange, external: &External) -> Result<(), UpstreamFailure> {
    let peer = exchange.peer.ip().to_canonical();
    let client = &exchange.client;
    let proto = if client.https { "https" } else { "http" };
    let written = |text: &str| HeaderValue::from_str(text).map_err(|_| UpstreamFailure::Unsendable);
    headers.insert(header::HOST, written(external.authority())?);
    headers.insert("x-forwarded-host", written(&client.authority)?);
    headers.insert("x-forwarded-port", written(client.port())?);
    headers.insert("x-forwarded-proto", HeaderValue::from_static(proto));
    headers.insert("x-request-id", written(&exchange.request_id)?);
    // What a proxy before us wrote ends with its own client; its own address is ours to add.
    let before = listed(headers, "x-forwarded-for");
    let addresses = match &before {
        Some(list) if list.rsplit(',').next().is_some_and(|last| last.trim() == peer.to_string()) => list.clone(),
        Some(list) => format!("{list}, {peer}"),
        None => peer.to_string(),
    };
    headers.insert("x-forwarded-for", written(&addresses)?);
    let node = if peer.is_ipv6() {
        format!("\"[{peer}]\"")
    } else {
        peer.to_string()
    };
    let element = format!("for={node};host=\"{}\";proto={proto}", client.authority);
    append(headers, header::FORWARDED, &element)?;
    let version = match exchange.version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    };
    append(headers, header::VIA, &format!("{version} {NAME}"))
}

/// Adds an element to a list that may be there.
pub(super) fn append(headers: &mut HeaderMap, name: HeaderName, element: &str) -> Result<(), UpstreamFailure> {
    let list = match listed(headers, name.as_str()) {
        Some(before) => format!("{before}, {element}"),
        None => element.to_owned(),
    };
    headers.insert(name, HeaderValue::from_str(&list).map_err(|_| UpstreamFailure::Unsendable)?);
    Ok(())
}

/// All values of a header as one list.
fn listed(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_counted_by_our_name_only() {
        let mut headers = HeaderMap::new();
        headers.append("via", HeaderValue::from_static("1.1 ironside, 2 other, 1.1 ironside-like"));
        headers.append("via", HeaderValue::from_static("2 ironside"));
        assert_eq!(hops(&headers), 2);
    }
}
