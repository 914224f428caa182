//! The handshake by which a connection becomes a WebSocket's (RFC 6455, 4; RFC 9110, 7.8), passed on to another site. Only this
//! protocol is: with `Upgrade: h2c` a client would get a connection to the other site on which no rule of ours holds. Whatever
//! else is offered is not answered, as the RFC allows, and the request is an ordinary one.

use super::failure::UpstreamFailure;
use super::hop_by_hop;
use super::request::{NAME, append};
use super::tunnel::Tunnel;
use crate::exchange::Exchange;
use crate::response::Answer;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode, Version};
use hyper::body::Incoming;
use std::time::Duration;

const WEBSOCKET: &str = "websocket";

/// Whether the client asks for a WebSocket in a way that HTTP/1.1 allows.
pub(super) fn is_wanted(exchange: &Exchange) -> bool {
    exchange.method == Method::GET
        && exchange.version == Version::HTTP_11
        && exchange.body.is_empty()
        && has_token(&exchange.headers, &header::CONNECTION, "upgrade")
        && has_token(&exchange.headers, &header::UPGRADE, WEBSOCKET)
}

/// Puts into a head what makes it one half of the handshake.
pub(super) fn mark(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(WEBSOCKET));
}

/// The answer of a site that agrees; the tunnel is in its extensions.
pub(super) fn answer(mut response: Response<Incoming>, is_wanted: bool, idle: Duration) -> Result<Answer, UpstreamFailure> {
    if !is_wanted || !has_token(response.headers(), &header::UPGRADE, WEBSOCKET) {
        return Err(UpstreamFailure::Switched);
    }
    let tunnel = Tunnel::new(hyper::upgrade::on(&mut response), idle);
    let (mut head, _) = response.into_parts();
    hop_by_hop::strip(&mut head.headers);
    head.headers.remove(header::ALT_SVC);
    if append(&mut head.headers, header::VIA, &format!("1.1 {NAME}")).is_err() {
        head.headers.remove(header::VIA);
    }
    mark(&mut head.headers);
    let mut answer = Answer::empty(StatusCode::SWITCHING_PROTOCOLS, "upgraded");
    *answer.response.headers_mut() = head.headers;
    answer.response.extensions_mut().insert(tunnel);
    Ok(answer)
}

/// Whether a list header has an element, in whatever case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|element| element.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_lists_are_found_whole_and_in_any_case() {
        let mut headers = HeaderMap::new();
        headers.append("connection", HeaderValue::from_static("keep-alive, UPGRADE"));
        headers.append("upgrade", HeaderValue::from_static("h2c"));
        headers.append("upgrade", HeaderValue::from_static("x, WebSocket"));
        assert!(has_token(&headers, &header::CONNECTION, "upgrade"));
        assert!(has_token(&headers, &header::UPGRADE, WEBSOCKET));
        assert!(!has_token(&headers, &header::UPGRADE, "web"));
    }
}
