//! Nothing answers this URL: the application's not-found page for documents, a short text for what a page loads.

use super::page;
use crate::exchange::{Exchange, Variant};
use crate::job;
use crate::response::error_page::{self, Form};
use crate::response::{Answer, PRIVATE};
use crate::site::Site;
use http::{StatusCode, header};

/// The short text.
#[must_use]
pub fn text() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "Not Found", "not_found").with(header::CACHE_CONTROL, PRIVATE)
}

/// See the module's documentation.
pub async fn answer(exchange: &mut Exchange, site: &Site) -> Answer {
    let is_payload = exchange.navigation.variant != Variant::Html;
    if !is_payload && !exchange.wants_document() {
        return text();
    }
    if site.deployment.manifest.not_found.is_none() {
        return error_page::page(StatusCode::NOT_FOUND, Form::Document, "not_found", &exchange.request_id, None);
    }
    // A body that nobody is going to read does not travel.
    exchange.method = job::reading(&exchange.method);
    let mut answer = page::render(exchange, site, None).await;
    if answer.reason == "ok" {
        answer.reason = "not_found";
    }
    answer
}
