//! Route handlers, and metadata files that are made by code: methods, then a shared answer where there may be one, then the
//! code itself. Bodies stream both ways.

use crate::exchange::Exchange;
use crate::job;
use crate::rejection::Rejection;
use crate::response::error_page::{self, Form};
use crate::response::{Answer, REVALIDATED};
use crate::routes::{RouteInfo, Sharing};
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
    if let Some(answer) = without_code(exchange, info) {
        return answer;
    }
    let kind = if info.kind == RouteKind::Metadata {
        JobKind::Metadata
    } else {
        JobKind::Handler
    };
    if exchange.reads()
        && let Shared::Found { entry, state } = shared::find(exchange, site, matched, kind).await
        && let Some(answer) = shared::serve::handler(exchange, site, &entry, state, kind)
    {
        return answer;
    }
    run(exchange, site, matched, info, kind).await
}

/// What is answered by the list of exported methods alone.
fn without_code(exchange: &Exchange, info: &RouteInfo) -> Option<Answer> {
    let method = exchange.method.as_str();
    let allow = HeaderValue::from_str(&info.allowed().list()).unwrap_or(HeaderValue::from_static(""));
    if !info.allowed().has(method) {
        return Some(Answer::empty(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed").with(header::ALLOW, allow));
    }
    let automatic = exchange.method == Method::OPTIONS && !info.exported.has("OPTIONS");
    automatic.then(|| Answer::empty(StatusCode::NO_CONTENT, "options").with(header::ALLOW, allow))
}

async fn run(exchange: &mut Exchange, site: &Site, matched: &RouteMatch, info: &RouteInfo, kind: JobKind) -> Answer {
    if exchange.body.is_lost() {
        return Rejection::ProxyBodyTooLarge.answer();
    }
    let job = job::for_route(exchange, kind, Some(matched), info.deadline);
    let body = std::mem::take(&mut exchange.body).into_job();
    let mut answer = match site.workers.run(job, body).await {
        Ok(Done::Response { head, body }) => job::answer(head, body, &exchange.method, "ok"),
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
    answer
}

impl RouteInfo {
    /// The methods that are answered. A handler whose answer is shared has no others than reading.
    fn allowed(&self) -> crate::rejection::Methods {
        match (self.kind, self.sharing) {
            (RouteKind::Handler, Sharing::Candidate) => crate::rejection::Methods::READ,
            _ => self.methods,
        }
    }
}
