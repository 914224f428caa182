//! Answering from what is shared: ready bytes, ready headers, the best encoding, `304` where the client has it.

use super::State;
use super::fill::REASON;
use crate::body::Body;
use crate::exchange::{Exchange, Variant};
use crate::response::{Answer, HTML, PAYLOAD, REVALIDATED, compress, conditional, vary};
use crate::site::Site;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::ext::ReasonPhrase;
use ironside_cache::{Answer as Stored, EncodedBody, Entry};
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;

const CACHE: HeaderName = HeaderName::from_static("x-nextjs-cache");
const PRERENDER: HeaderName = HeaderName::from_static("x-nextjs-prerender");
const STALE_TIME: HeaderName = HeaderName::from_static("x-nextjs-stale-time");
/// Seconds that stand for «for ever».
const YEAR: u64 = 31_536_000;
/// Bodies below this size are not worth an encoding.
const WORTH_ENCODING: usize = 1024;

/// A page in the form that was asked for. `None` if the shared render has no payload.
#[must_use]
pub fn page(exchange: &Exchange, site: &Site, matched: &RouteMatch, entry: &Entry, state: State) -> Option<Answer> {
    let stored = entry.answer()?;
    let is_payload = exchange.navigation.variant != Variant::Html;
    let body = if is_payload { stored.payload.as_ref()? } else { &stored.body };
    let status = StatusCode::from_u16(stored.status).ok()?;
    // A payload carries a redirect as data.
    let status = if is_payload && status.is_redirection() {
        StatusCode::OK
    } else {
        status
    };
    let mut headers = headers_of(stored);
    headers.insert(PRERENDER, HeaderValue::from_static("1"));
    if is_payload {
        headers.remove(header::LOCATION);
        headers.insert(header::CONTENT_TYPE, PAYLOAD);
    } else {
        headers.entry(header::CONTENT_TYPE).or_insert(HTML);
    }
    headers.insert(header::CACHE_CONTROL, cache_control(entry));
    let stale = entry
        .lifetime
        .stale
        .unwrap_or(u64::from(site.deployment.manifest.config.stale_time_static));
    headers.insert(STALE_TIME, HeaderValue::from(stale));
    let intercepted = site.deployment.router.info(matched).is_some_and(|info| info.is_intercepted);
    vary::add(&mut headers, if intercepted { vary::INTERCEPTED_PAGE } else { vary::PAGE });
    let etag = if is_payload {
        format!("{}-rsc", stored.etag)
    } else {
        stored.etag.to_string()
    };
    Some(finish(
        exchange,
        site,
        Made {
            status,
            headers,
            body,
            etag: &etag,
        },
        state,
    ))
}

/// The answer of a handler or a metadata route.
#[must_use]
pub fn handler(exchange: &Exchange, site: &Site, entry: &Entry, state: State, kind: JobKind) -> Option<Answer> {
    let stored = entry.answer()?;
    let mut headers = headers_of(stored);
    let control = if kind == JobKind::Metadata {
        REVALIDATED
    } else {
        cache_control(entry)
    };
    headers.entry(header::CACHE_CONTROL).or_insert(control);
    let status = StatusCode::from_u16(stored.status).ok()?;
    let mut answer = finish(
        exchange,
        site,
        Made {
            status,
            headers,
            body: &stored.body,
            etag: &stored.etag,
        },
        state,
    );
    if let Some(phrase) = reason_of(stored).filter(|_| answer.response.status() == status) {
        answer.response.extensions_mut().insert(phrase);
    }
    Some(answer)
}

struct Made<'a> {
    status: StatusCode,
    headers: HeaderMap,
    body: &'a EncodedBody,
    etag: &'a str,
}

fn finish(exchange: &Exchange, site: &Site, made: Made<'_>, state: State) -> Answer {
    let Made {
        status,
        mut headers,
        body,
        etag,
    } = made;
    headers.insert(CACHE, HeaderValue::from_static(state.word()));
    let may_encode = may_encode(site, &headers, body);
    if may_encode {
        vary::add(&mut headers, "accept-encoding");
    }
    let encoding = may_encode.then(|| exchange.accepted.smallest()).flatten();
    let suffix = encoding.map(compress::etag_suffix).unwrap_or_default();
    let quoted = format!("\"{etag}{suffix}\"");
    if status == StatusCode::OK
        && let Ok(value) = HeaderValue::from_str(&quoted)
    {
        headers.insert(header::ETAG, value);
    }
    let unchanged = status == StatusCode::OK && conditional::is_unchanged(&exchange.headers, Some(&format!("\"{etag}\"")), None);
    if unchanged {
        headers.remove(header::CONTENT_TYPE);
        let mut answer = Answer::empty(StatusCode::NOT_MODIFIED, "not_modified");
        *answer.response.headers_mut() = headers;
        return answer;
    }
    let bytes = match encoding {
        Some(encoding) => {
            headers.insert(header::CONTENT_ENCODING, compress::token(encoding));
            body.encoded(encoding, |plain| compress::encode(encoding, plain))
        }
        None => body.identity().clone(),
    };
    let mut answer = Answer::empty(status, "ok");
    *answer.response.headers_mut() = headers;
    *answer.response.body_mut() = Body::Full(bytes);
    answer
}

fn may_encode(site: &Site, headers: &HeaderMap, body: &EncodedBody) -> bool {
    site.deployment.manifest.config.compress && body.identity().len() >= WORTH_ENCODING && compress::may_encode(headers)
}

/// The status text that the code gave.
fn reason_of(stored: &Stored) -> Option<ReasonPhrase> {
    let (_, phrase) = stored.headers.iter().find(|(name, _)| &**name == REASON)?;
    ReasonPhrase::try_from(phrase.clone()).ok()
}

fn headers_of(stored: &Stored) -> HeaderMap {
    let pairs = stored.headers.iter().filter_map(|(name, value)| {
        Some((
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_maybe_shared(value.clone()).ok()?,
        ))
    });
    let mut headers = HeaderMap::with_capacity(stored.headers.len() + 8);
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}

/// For how long caches in front of us may keep it (Next behaviour 5.46, 5.47).
fn cache_control(entry: &Entry) -> HeaderValue {
    let text = match (entry.lifetime.revalidate, entry.lifetime.expire) {
        (None, _) => format!("s-maxage={YEAR}"),
        (Some(revalidate), Some(expire)) if expire > revalidate => {
            format!("s-maxage={revalidate}, stale-while-revalidate={}", expire - revalidate)
        }
        (Some(revalidate), _) => format!("s-maxage={revalidate}"),
    };
    HeaderValue::from_str(&text).unwrap_or(crate::response::PRIVATE)
}
