//! Route handlers, and metadata files that are made by code: methods, then a shared answer where there may be one, then the
//! code itself. Bodies stream both ways.

use crate::exchange::Exchange;
use crate::job;
use crate::rejection::Rejection;
use crate::response::error_page::{self, Form};
use crate::response::{Answer, REVALIDATED};
use crate::routes::RouteInfo;
use crate::shared::seen::Watch;
use crate::shared::{self, Shared};
use crate::site::Site;
use crate::work::Done;
use http::{HeaderValue, Method, StatusCode, header};
use ironside_model::manifest::RouteKind;
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;

/// See the module's documentation.
pub async fn answer(exchange: &mut Exchange, site: &Site, matched: &RouteMatch) -> Answer {
    let Some(info) = site.deployment.router.info(matched) else {
        return super::not_found::text();
    };
    if site.deployment.listed.excludes(matched) {
        return super::not_found::answer(exchange, site).await;
    }
    if let Some(answer) = without_code(exchange, info) {
        return answer;
    }
    let kind = kind(info);
    if exchange.reads()
        && let Shared::Found { entry, state } = shared::find(exchange, site, matched, kind).await
        && let Some(answer) = shared::served(&entry, |entry| shared::serve::handler(exchange, site, entry, state, kind)).await
    {
        return answer;
    }
    run(exchange, site, matched, info, kind).await
}

/// The answer, if it is stored and fresh.
pub fn at_hand(exchange: &mut Exchange, site: &Site, matched: &RouteMatch) -> Option<Answer> {
    let info = site.deployment.router.info(matched)?;
    if !info.answers(exchange.method.as_str()) || site.deployment.listed.excludes(matched) {
        return None;
    }
    let kind = kind(info);
    shared::hit(exchange, site, matched, kind, |exchange, entry| {
        shared::serve::handler(exchange, site, entry, shared::State::Hit, kind)
    })
}

fn kind(info: &RouteInfo) -> JobKind {
    if info.kind == RouteKind::Metadata {
        JobKind::Metadata
    } else {
        JobKind::Handler
    }
}

/// What is answered by the list of exported methods alone.
fn without_code(exchange: &Exchange, info: &RouteInfo) -> Option<Answer> {
    let method = exchange.method.as_str();
    let is_answered = info.answers(method);
    let is_automatic = exchange.method == Method::OPTIONS && !info.exported.has("OPTIONS");
    if is_answered && !is_automatic {
        return None;
    }
    let mut allow = info.allow();
    if is_automatic && !allow.contains("OPTIONS") {
        allow.push_str(", OPTIONS");
    }
    let allow = HeaderValue::from_str(&allow).unwrap_or(HeaderValue::from_static(""));
    if !is_answered {
        return Some(Answer::empty(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed").with(header::ALLOW, allow));
    }
    Some(Answer::empty(StatusCode::NO_CONTENT, "options").with(header::ALLOW, allow))
}

async fn run(exchange: &mut Exchange, site: &Site, matched: &RouteMatch, info: &RouteInfo, kind: JobKind) -> Answer {
    if exchange.body.is_lost() {
        return Rejection::ProxyBodyTooLarge.answer();
    }
    let limit = site.house.limits.handler_body;
    if let Some(limit) = limit.filter(|limit| announced(exchange).is_some_and(|length| length > *limit)) {
        return Rejection::HandlerBodyTooLarge { limit }.answer();
    }
    let watch = Watch::begin(exchange, site, matched, kind);
    let job = job::for_route(exchange, kind, Some(matched), info.deadline);
    let (body, over) = std::mem::take(&mut exchange.body).into_limited_job(limit.unwrap_or(u64::MAX));
    let done = site.workers.run(job, body).await;
    if let (Some(limit), Some(rest)) = (limit, over.rest()) {
        // Whatever the code made of the half that it saw: the client is told the reason.
        exchange.body = rest;
        return Rejection::HandlerBodyTooLarge { limit }.answer();
    }
    let mut answer = match done {
        Ok(Done::Response { head, body }) => {
            let body = match watch {
                Some(watch) => watch.over(&head, body),
                None => body,
            };
            job::answer(head, body, &exchange.method, "ok")
        }
        Ok(Done::Finished(_)) => error_page::page(
            StatusCode::INTERNAL_SERVER_ERROR,
            Form::Bare,
            "no_answer",
            &exchange.request_id,
            None,
        ),
        Err(failure) => error_page::failed(exchange, &failure, Form::Bare, site.deployment.development),
    };
    if kind == JobKind::Metadata && answer.response.status().is_success() {
        answer
            .response
            .headers_mut()
            .entry(header::CACHE_CONTROL)
            .or_insert(REVALIDATED);
    }
    if let Some(every) = site.house.limits.heartbeat.filter(|_| is_event_stream(&answer)) {
        let body = std::mem::take(answer.response.body_mut());
        *answer.response.body_mut() = body.with_heartbeat(every);
    }
    answer
}

/// The length that the head tells.
fn announced(exchange: &Exchange) -> Option<u64> {
    let length = exchange.headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn is_event_stream(answer: &Answer) -> bool {
    let content_type = answer.response.headers().get(header::CONTENT_TYPE);
    content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
}
