//! Answering from what is shared: ready bytes, ready headers, the best encoding, `304` where the client has it.
//!
//! Everything about an answer that is the same for all visitors is made once and kept with its entry ([`Entry::ready`]). What
//! is left for a visitor: a copy of the headers, the encoding, and whether he has it already. Large encodings are made away from
//! the threads that serve; until then the visitors who want them wait.

use super::State;
use super::fill::REASON;
use crate::body::Body;
use crate::exchange::{Exchange, Variant};
use crate::response::finish::{POWERED_BY, powered_by};
use crate::response::{Answer, HTML, Left, PAYLOAD, PRIVATE, REVALIDATED, compress, conditional, vary};
use crate::site::Site;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::ext::ReasonPhrase;
use ironside_cache::{Answer as Stored, EncodedBody, Encoding, Entry};
use ironside_model::route_table::{RouteId, RouteMatch};
use ironside_worker::wire::JobKind;
use std::sync::{Arc, OnceLock};

const CACHE: HeaderName = HeaderName::from_static("x-nextjs-cache");
const HIT: HeaderValue = HeaderValue::from_static("HIT");
const PRERENDER: HeaderName = HeaderName::from_static("x-nextjs-prerender");
const STALE_TIME: HeaderName = HeaderName::from_static("x-nextjs-stale-time");
/// Seconds that stand for «for ever».
const YEAR: u64 = 31_536_000;
/// Bodies below this size are not worth an encoding.
const WORTH_ENCODING: usize = 1024;

/// Bodies below this size are encoded where they are asked for: it takes less than a millisecond.
const SOON_ENCODED: usize = 16 * 1024;

/// What came of looking at an entry.
#[derive(Debug)]
pub enum Served {
    /// An answer.
    Answer(Answer),
    /// There will be one when [`encode`] has made this.
    Unencoded(Part, Encoding),
    /// It has nothing in the form that was asked for.
    Nothing,
}

/// A part of an entry that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// HTML of a page, or a handler's answer.
    Body,
    /// A page's payload.
    Payload,
}

impl Part {
    fn of(self, stored: &Stored) -> Option<&EncodedBody> {
        match self {
            Self::Body => Some(&stored.body),
            Self::Payload => stored.payload.as_ref(),
        }
    }
}

/// Makes an encoding that [`Served::Unencoded`] asked for.
pub async fn encode(entry: Arc<Entry>, part: Part, encoding: Encoding) {
    let making = tokio::task::spawn_blocking(move || {
        if let Some(body) = entry.answer().and_then(|stored| part.of(stored)) {
            body.encoded(encoding, |plain| compress::encode(encoding, plain));
        }
    });
    if let Err(error) = making.await {
        tracing::warn!(%error, "an answer could not be encoded");
    }
}

/// The forms of an entry that have been asked for so far. An entry belongs to one route of one deployment, so what they are
/// made with never changes.
#[derive(Debug, Default)]
struct Forms {
    /// HTML of a page, or a handler's answer.
    main: OnceLock<Option<Form>>,
    /// A page's payload.
    payload: OnceLock<Option<Form>>,
}

/// An answer without its bytes.
#[derive(Debug)]
struct Form {
    status: StatusCode,
    /// Those of a hit with plain bytes.
    headers: HeaderMap,
    /// Those for a visitor who has it already.
    unchanged: HeaderMap,
    /// Of the plain bytes, with quotes; empty where there is none.
    etag: String,
    may_encode: bool,
}

/// A page in the form that was asked for. Nothing if the shared render has no payload.
#[must_use]
pub fn page(exchange: &Exchange, site: &Site, matched: &RouteMatch, entry: &Entry, state: State) -> Served {
    let is_payload = exchange.navigation.variant != Variant::Html;
    let part = if is_payload { Part::Payload } else { Part::Body };
    let (Some(stored), Some(forms)) = (entry.answer(), entry.ready(Forms::default)) else {
        return Served::Nothing;
    };
    let Some(body) = part.of(stored) else {
        return Served::Nothing;
    };
    let form = if is_payload { &forms.payload } else { &forms.main };
    let form = form.get_or_init(|| page_form(site, matched, entry, stored, body, is_payload));
    form.as_ref()
        .map_or(Served::Nothing, |form| answer(exchange, form, (part, body), state))
}

fn page_form(
    site: &Site,
    matched: &RouteMatch,
    entry: &Entry,
    stored: &Stored,
    body: &EncodedBody,
    is_payload: bool,
) -> Option<Form> {
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
    // It is the same for every URL that nothing answers, but a cache in front of us would keep it once for each of them.
    let control = if matched.route == RouteId::NOT_FOUND {
        PRIVATE
    } else {
        cache_control(entry)
    };
    headers.insert(header::CACHE_CONTROL, control);
    let stale = entry
        .lifetime
        .stale
        .unwrap_or(u64::from(site.deployment.manifest.config.stale_time_static));
    headers.insert(STALE_TIME, HeaderValue::from(stale));
    let intercepted = site.deployment.router.info(matched).is_some_and(|info| info.is_intercepted);
    vary::add(&mut headers, if intercepted { vary::INTERCEPTED_PAGE } else { vary::PAGE });
    let suffix = if is_payload { "-rsc" } else { "" };
    Some(form(site, status, headers, body, &format!("{}{suffix}", stored.etag)))
}

/// The answer of a handler or a metadata route.
#[must_use]
pub fn handler(exchange: &Exchange, site: &Site, entry: &Entry, state: State, kind: JobKind) -> Served {
    let (Some(stored), Some(forms)) = (entry.answer(), entry.ready(Forms::default)) else {
        return Served::Nothing;
    };
    let Some(form) = forms.main.get_or_init(|| handler_form(site, entry, stored, kind)) else {
        return Served::Nothing;
    };
    let mut served = answer(exchange, form, (Part::Body, &stored.body), state);
    if let Served::Answer(answer) = &mut served
        && answer.response.status() == form.status
        && let Some(phrase) = reason_of(stored)
    {
        answer.response.extensions_mut().insert(phrase);
    }
    served
}

fn handler_form(site: &Site, entry: &Entry, stored: &Stored, kind: JobKind) -> Option<Form> {
    let mut headers = headers_of(stored);
    let control = if kind == JobKind::Metadata {
        REVALIDATED
    } else {
        cache_control(entry)
    };
    headers.entry(header::CACHE_CONTROL).or_insert(control);
    let status = StatusCode::from_u16(stored.status).ok()?;
    Some(form(site, status, headers, &stored.body, &stored.etag))
}

/// What pages and handlers have in common. `etag`: without quotes.
fn form(site: &Site, status: StatusCode, mut headers: HeaderMap, body: &EncodedBody, etag: &str) -> Form {
    headers.insert(CACHE, HIT);
    powered_by(site, &mut headers);
    if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_LENGTH);
    }
    let may_encode = may_encode(site, &headers, body);
    if may_encode {
        vary::add(&mut headers, "accept-encoding");
    }
    let etag = if status == StatusCode::OK {
        format!("\"{etag}\"")
    } else {
        String::new()
    };
    if let Ok(value) = HeaderValue::from_str(&etag)
        && !etag.is_empty()
    {
        headers.insert(header::ETAG, value);
    }
    Form {
        status,
        unchanged: unchanged(&headers),
        headers,
        etag,
        may_encode,
    }
}

/// The headers of a `304`: the client has what was told of the body.
fn unchanged(headers: &HeaderMap) -> HeaderMap {
    let of_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH, POWERED_BY];
    let told = headers.iter().filter(|(name, _)| !of_body.contains(name));
    told.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn answer(exchange: &Exchange, form: &Form, (part, body): (Part, &EncodedBody), state: State) -> Served {
    let encoding = exchange.accepted.smallest().filter(|_| form.may_encode);
    if !form.etag.is_empty() && conditional::is_unchanged(&exchange.headers, Some(&form.etag), None) {
        return Served::Answer(headed(
            (StatusCode::NOT_MODIFIED, "not_modified"),
            &form.unchanged,
            form,
            (state, encoding),
        ));
    }
    if let Some(encoding) = encoding
        && body.identity().len() >= SOON_ENCODED
        && body.known(encoding).is_none()
    {
        return Served::Unencoded(part, encoding);
    }
    let mut answer = headed((form.status, "ok"), &form.headers, form, (state, encoding));
    let bytes = match encoding {
        Some(encoding) => {
            let headers = answer.response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, compress::token(encoding));
            body.encoded(encoding, |plain| compress::encode(encoding, plain))
        }
        None => body.identity().clone(),
    };
    *answer.response.body_mut() = Body::Full(bytes);
    Served::Answer(answer)
}

/// An answer with headers that are ready, but for what depends on the visitor.
fn headed(
    (status, reason): (StatusCode, &'static str),
    ready: &HeaderMap,
    form: &Form,
    (state, encoding): (State, Option<Encoding>),
) -> Answer {
    let mut answer = Answer::empty(status, reason);
    answer.left = Left::Nothing;
    let headers = answer.response.headers_mut();
    *headers = ready.clone();
    if state != State::Hit {
        headers.insert(CACHE, HeaderValue::from_static(state.word()));
    }
    if let Some(encoding) = encoding
        && let Some(etag) = encoded_etag(&form.etag, encoding)
    {
        headers.insert(header::ETAG, etag);
    }
    answer
}

/// The ETag of the bytes in an encoding.
fn encoded_etag(etag: &str, encoding: Encoding) -> Option<HeaderValue> {
    let open = etag.strip_suffix('"')?;
    HeaderValue::from_str(&format!("{open}{}\"", compress::etag_suffix(encoding))).ok()
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
