//! Pages: from the shared answers where there is one, otherwise rendered for this visitor, streamed as it is made.

use crate::exchange::{Exchange, Variant};
use crate::job;
use crate::rejection::{Methods, Rejection};
use crate::response::error_page::{self, Form};
use crate::response::{Answer, HTML, PAYLOAD, PRIVATE, vary};
use crate::shared::seen::Watch;
use crate::shared::{self, Shared};
use crate::site::Site;
use crate::work::Done;
use http::{Method, StatusCode, header};
use ironside_cache::Entry;
use ironside_model::route_table::RouteMatch;
use ironside_worker::JobBody;
use ironside_worker::wire::JobKind;

/// See the module's documentation.
pub async fn answer(exchange: &mut Exchange, site: &Site, matched: &RouteMatch) -> Answer {
    if !exchange.reads() && exchange.method != Method::POST {
        return Rejection::MethodNotAllowed { allow: Methods::READ }.answer();
    }
    if site.deployment.listed.excludes(matched) {
        return super::not_found::answer(exchange, site).await;
    }
    kept_or_rendered(exchange, site, matched).await
}

/// The answer that is shared, where there is one; otherwise it is rendered for this visitor.
pub async fn kept_or_rendered(exchange: &mut Exchange, site: &Site, matched: &RouteMatch) -> Answer {
    match shared::find(exchange, site, matched, JobKind::Page).await {
        // A post that is no action has nobody to read it on a page that is the same for everybody. One that is made for
        // parameters on demand is rendered, as a page that reads the request is (Next behaviour 1.12). So is one that a form
        // of another site posts its visitor to, as banks do (2.8).
        Shared::Found { .. } if !exchange.reads() && is_fixed(site, matched) && !is_plain_form(exchange) => {
            Rejection::MethodNotAllowed { allow: Methods::READ }.answer()
        }
        Shared::Found { entry, state } if exchange.reads() => {
            let serve = |entry: &Entry| shared::serve::page(exchange, site, matched, entry, state);
            match shared::served(&entry, serve).await {
                Some(answer) => answer,
                None => render(exchange, site, matched).await,
            }
        }
        _ => render(exchange, site, matched).await,
    }
}

/// The answer, if it is stored and fresh.
pub fn at_hand(exchange: &mut Exchange, site: &Site, matched: &RouteMatch) -> Option<Answer> {
    if site.deployment.listed.excludes(matched) {
        return None;
    }
    shared::hit(exchange, site, matched, JobKind::Page, |exchange, entry| {
        shared::serve::page(exchange, site, matched, entry, shared::State::Hit)
    })
}

/// A form without files, which is never an action.
fn is_plain_form(exchange: &Exchange) -> bool {
    let content_type = exchange
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

fn is_fixed(site: &Site, matched: &RouteMatch) -> bool {
    site.deployment.router.info(matched).is_some_and(|info| info.is_fixed)
}

/// Renders for this visitor.
pub async fn render(exchange: &mut Exchange, site: &Site, matched: &RouteMatch) -> Answer {
    let deployment = &site.deployment;
    let form = if exchange.wants_document() {
        Form::Document
    } else {
        Form::Text
    };
    let is_payload = exchange.navigation.variant != Variant::Html;
    let info = deployment.router.info(matched);
    let watch = Watch::begin(exchange, site, matched, JobKind::Page);
    let job = job::for_route(exchange, JobKind::Page, Some(matched), info.and_then(|info| info.deadline));
    let mut answer = match site.workers.run(job, JobBody::Empty).await {
        Ok(Done::Response { head, body }) => {
            let body = match watch {
                Some(watch) => watch.over(&head, body),
                None => body,
            };
            job::answer(head, body, &Method::GET, "ok")
        }
        Ok(Done::Finished(outcome)) => {
            tracing::error!(
                request_id = &*exchange.request_id,
                path = exchange.path(),
                result = outcome.result.word(),
                "a page ended without an answer"
            );
            error_page::page(
                StatusCode::INTERNAL_SERVER_ERROR,
                form,
                "no_answer",
                &exchange.request_id,
                None,
            )
        }
        Err(failure) => error_page::failed(exchange, &failure, form, deployment.development),
    };
    let headers = answer.response.headers_mut();
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(if is_payload { PAYLOAD } else { HTML });
    headers.insert(header::CACHE_CONTROL, PRIVATE);
    vary::add(
        headers,
        if info.is_some_and(|info| info.is_intercepted) {
            vary::INTERCEPTED_PAGE
        } else {
            vary::PAGE
        },
    );
    answer
}
