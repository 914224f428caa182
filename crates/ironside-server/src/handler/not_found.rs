//! Nothing answers this URL: the application's not-found page for documents, a short text for what a page loads. Where the page
//! is the same for everybody, it is one answer for all such URLs, whatever the method.

use super::page;
use crate::exchange::{Exchange, Variant};
use crate::job;
use crate::response::error_page::{self, Form};
use crate::response::{Answer, PRIVATE};
use crate::site::Site;
use http::{StatusCode, header};
use ironside_model::route_table::RouteMatch;

const REASON: &str = "not_found";

/// The short text.
#[must_use]
pub fn text() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "Not Found", REASON).with(header::CACHE_CONTROL, PRIVATE)
}

/// See the module's documentation.
pub async fn answer(exchange: &mut Exchange, site: &Site) -> Answer {
    if wants_text(exchange) {
        return text();
    }
    if site.deployment.router.not_found.is_none() {
        return error_page::page(StatusCode::NOT_FOUND, Form::Document, REASON, &exchange.request_id, None);
    }
    // A body that nobody is going to read does not travel.
    exchange.method = job::reading(&exchange.method);
    named(page::kept_or_rendered(exchange, site, &RouteMatch::NOT_FOUND).await)
}

/// The answer, if it is stored and fresh.
pub fn at_hand(exchange: &mut Exchange, site: &Site) -> Option<Answer> {
    if wants_text(exchange) || site.deployment.router.not_found.is_none() {
        return None;
    }
    page::at_hand(exchange, site, &RouteMatch::NOT_FOUND).map(named)
}

/// Whether something is asked for that a page loads.
fn wants_text(exchange: &Exchange) -> bool {
    exchange.navigation.variant == Variant::Html && !exchange.wants_document()
}

fn named(mut answer: Answer) -> Answer {
    if answer.reason == "ok" {
        answer.reason = REASON;
    }
    answer
}
