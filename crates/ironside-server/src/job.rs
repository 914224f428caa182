//! Making jobs out of exchanges, and answers out of what comes back. What a worker is told about a request is decided here.

use crate::body::Body;
use crate::exchange::{ActionCall, Exchange, Variant};
use crate::response::Answer;
use crate::router;
use crate::work::Pieces;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use hyper::ext::ReasonPhrase;
use ironside_model::route_table::{RouteId, RouteMatch};
use ironside_worker::wire::{JobKind, JobVariant, Scheme};
use ironside_worker::{Head, Job};
use std::time::Duration;

/// The job that runs the proxy. The application's own run comes after it, so the headers stay.
#[must_use]
pub fn for_proxy(exchange: &Exchange) -> Job {
    Job {
        headers: exchange.headers.clone(),
        ..base(exchange, JobKind::Proxy)
    }
}

/// The job that renders a page, runs a handler or makes a metadata file. Takes the headers.
#[must_use]
pub fn for_route(exchange: &mut Exchange, kind: JobKind, matched: Option<&RouteMatch>, deadline: Option<Duration>) -> Job {
    let mut job = base(exchange, kind);
    job.variant = variant(exchange);
    if kind == JobKind::Page {
        exchange.routed_query().clone_into(&mut job.query);
    }
    job.route = matched.and_then(number);
    job.params = matched.map(router::params).unwrap_or_default();
    job.deadline = deadline;
    job.headers = std::mem::take(&mut exchange.headers);
    job
}

/// The job that runs an action. Takes the headers.
#[must_use]
pub fn for_action(exchange: &mut Exchange, call: &ActionCall, matched: Option<&RouteMatch>, deadline: Option<Duration>) -> Job {
    let mut job = for_route(exchange, JobKind::Action, matched, deadline);
    exchange.routed_query().clone_into(&mut job.query);
    (job.variant, job.target) = match call {
        ActionCall::Fetch { id } => (JobVariant::Rsc, id.clone()),
        ActionCall::Form => (JobVariant::Html, String::new()),
    };
    job
}

const TRACE: HeaderName = HeaderName::from_static("traceparent");
/// The host that shared answers are made for, whoever asks first: as Next does it for static handlers (behaviour 4.29).
const NOBODY: &str = "localhost:3000";

/// The job whose answer is shared. It is made for nobody in particular: nothing of the request that happens to come first
/// is in it, no query, cookie, address or host, so nothing of it can get into what others are shown.
#[must_use]
pub fn for_everybody(kind: JobKind, path: &str, matched: &RouteMatch, request_id: &str, deadline: Option<Duration>) -> Job {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static(NOBODY));
    // A page that is kept has no loading states in it: it is there as a whole.
    let kind = if kind == JobKind::Page { JobKind::Prerender } else { kind };
    Job {
        authority: NOBODY.into(),
        path: path.to_owned(),
        route: number(matched),
        params: router::params(matched),
        request_id: request_id.to_owned(),
        deadline,
        headers,
        ..Job::new(kind)
    }
}

/// A route as a job names it. It names none for the not-found page.
fn number(matched: &RouteMatch) -> Option<u32> {
    (matched.route != RouteId::NOT_FOUND).then_some(matched.route.0)
}

fn base(exchange: &Exchange, kind: JobKind) -> Job {
    let mut path = exchange.path.clone();
    if exchange.ends_with_slash {
        path.push('/');
    }
    let trace = exchange
        .headers
        .get(TRACE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Job {
        method: exchange.method.clone(),
        scheme: if exchange.client.https { Scheme::Https } else { Scheme::Http },
        authority: exchange.client.authority.clone(),
        path,
        query: exchange.query.clone(),
        client_address: exchange.client.written.clone(),
        counts_for: exchange.client.counts_for,
        request_id: exchange.request_id.to_string(),
        trace: trace.to_owned(),
        ..Job::new(kind)
    }
}

fn variant(exchange: &Exchange) -> JobVariant {
    match exchange.navigation.variant {
        Variant::Html => JobVariant::Html,
        Variant::Payload => JobVariant::Rsc,
        Variant::Prefetch => JobVariant::Prefetch,
    }
}

/// A method that a page is rendered for: others were refused, or post something that no action is asked to read.
#[must_use]
pub fn reading(method: &Method) -> Method {
    if *method == Method::HEAD { Method::HEAD } else { Method::GET }
}

/// The answer that a worker gives. It has its length if all of it is here; one that the code made up must not cut the body
/// off, but is all there is where the body isn't sent.
#[must_use]
pub fn answer(head: Head, mut pieces: Pieces, method: &Method, reason: &'static str) -> Answer {
    let mut answer = Answer::empty(head.status, reason);
    *answer.response.headers_mut() = head.headers;
    if *method != Method::HEAD {
        answer.response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    if let Some(phrase) = head.reason.and_then(|phrase| ReasonPhrase::try_from(phrase).ok()) {
        answer.response.extensions_mut().insert(phrase);
    }
    *answer.response.body_mut() = match pieces.take_complete() {
        Some(bytes) => Body::Full(bytes),
        None => Body::Pieces(pieces),
    };
    answer
}
