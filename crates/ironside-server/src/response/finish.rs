//! The last touch on every answer, whoever made it: headers that configuration and proxy add, encoding, length, and no
//! body where there must be none.

use super::{Answer, Left, compress, vary};
use crate::body::Body;
use crate::exchange::Exchange;
use crate::response::compress::Encoder;
use crate::site::Site;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use ironside_cache::Encoding;

pub(crate) const POWERED_BY: HeaderName = HeaderName::from_static("x-powered-by");
/// Bodies of known length below this are sent as they are.
const WORTH_ENCODING: u64 = 1024;
/// Up to this size the length of what comes out is told.
const ENCODED_AT_ONCE: usize = 64 * 1024;

/// See the module's documentation.
#[must_use]
pub fn finish(exchange: &Exchange, site: &Site, answer: Answer) -> Response<Body> {
    let Answer { mut response, left, .. } = answer;
    if !exchange.edits.is_empty() {
        edit(exchange, response.headers_mut());
    }
    if left == Left::Nothing && exchange.method != Method::HEAD {
        return response;
    }
    if left != Left::Nothing && !matches!(response.body(), Body::Upstream(_)) {
        powered_by(site, response.headers_mut());
    }
    let mut response = if site.deployment.manifest.config.compress && left == Left::All {
        encoded(exchange, response)
    } else {
        response
    };
    let status = response.status();
    let bodiless = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED || status.is_informational();
    if bodiless {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::Empty;
    } else if exchange.method == Method::HEAD {
        if let Some(length) = response.body().length().filter(|length| *length > 0) {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        *response.body_mut() = Body::Empty;
    }
    response
}

/// Says on pages who has made them, unless that is not wanted.
pub(crate) fn powered_by(site: &Site, headers: &mut HeaderMap) {
    let is_html = |value: &HeaderValue| value.as_bytes().starts_with(b"text/html");
    if site.deployment.manifest.config.powered_by_header && headers.get(header::CONTENT_TYPE).is_some_and(is_html) {
        headers.insert(POWERED_BY, HeaderValue::from_static("Ironside"));
    }
}

/// Configuration wins over the application, and the proxy over both, but for cookies. What is for ever stays so.
fn edit(exchange: &Exchange, headers: &mut HeaderMap) {
    let immutable = headers
        .get(header::CACHE_CONTROL)
        .is_some_and(|value| *value == super::IMMUTABLE);
    let mut cookies = Vec::new();
    for edit in &exchange.edits {
        match edit.name {
            header::SET_COOKIE => cookies.push(edit.value.clone()),
            header::CACHE_CONTROL if immutable => {}
            header::VARY => {
                if let Ok(names) = edit.value.to_str() {
                    vary::merge(headers, names);
                }
            }
            _ if edit.append => drop(headers.append(edit.name.clone(), edit.value.clone())),
            _ => drop(headers.insert(edit.name.clone(), edit.value.clone())),
        }
    }
    if !cookies.is_empty() {
        put_cookies_first(headers, cookies);
    }
}

/// Of two cookies with one name a browser keeps the later. The application has run after the proxy and knows better: when it signs
/// somebody out, a session that the proxy has just renewed must not come back.
fn put_cookies_first(headers: &mut HeaderMap, mut cookies: Vec<HeaderValue>) {
    cookies.extend(headers.get_all(header::SET_COOKIE).iter().cloned());
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
}

fn encoded(exchange: &Exchange, mut response: Response<Body>) -> Response<Body> {
    if !may_be_encoded(exchange, &response) {
        return response;
    }
    vary::add(response.headers_mut(), "accept-encoding");
    let Some(encoding) = exchange.accepted.quickest() else {
        return response;
    };
    let body = std::mem::take(response.body_mut());
    let body = match body {
        // The headers are those of the answer to `GET`.
        body if exchange.method == Method::HEAD && body.length() == Some(0) => Body::Empty,
        body => match encode(body, encoding) {
            Ok(encoded) => encoded,
            Err((body, error)) => {
                tracing::warn!(%error, "an answer goes out without encoding");
                *response.body_mut() = body;
                return response;
            }
        },
    };
    *response.body_mut() = body;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_ENCODING, compress::token(encoding));
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::ACCEPT_RANGES);
    weaken_etag(headers);
    response
}

/// Small bodies at once, others on their way.
fn encode(body: Body, encoding: Encoding) -> Result<Body, (Body, std::io::Error)> {
    let encoder = match Encoder::new(encoding) {
        Ok(encoder) => encoder,
        Err(error) => return Err((body, error)),
    };
    match body {
        Body::Full(bytes) if bytes.len() <= ENCODED_AT_ONCE => match encoder.whole(&bytes) {
            Ok(encoded) => Ok(Body::Full(encoded)),
            Err(error) => Err((Body::Full(bytes), error)),
        },
        body => Ok(body.encoded(encoder)),
    }
}

fn may_be_encoded(exchange: &Exchange, response: &Response<Body>) -> bool {
    let status = response.status();
    let whole = status != StatusCode::PARTIAL_CONTENT && status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED;
    let worth = length(exchange, response).is_none_or(|length| length >= WORTH_ENCODING);
    whole && worth && compress::may_encode(response.headers())
}

/// The number of bytes that a `GET` would get, if it is known: an answer to `HEAD` has the headers of that one.
fn length(exchange: &Exchange, response: &Response<Body>) -> Option<u64> {
    match response.body() {
        body if exchange.method == Method::HEAD && body.length() == Some(0) => {
            let told = response.headers().get(header::CONTENT_LENGTH)?;
            told.to_str().ok()?.parse().ok()
        }
        body => body.length(),
    }
}

/// The bytes are others, though they mean the same.
fn weaken_etag(headers: &mut HeaderMap) {
    let Some(etag) = headers
        .get(header::ETAG)
        .and_then(|value| value.to_str().ok())
        .filter(|etag| !etag.starts_with("W/"))
    else {
        return;
    };
    if let Ok(weak) = HeaderValue::from_str(&format!("W/{etag}")) {
        headers.insert(header::ETAG, weak);
    }
}
