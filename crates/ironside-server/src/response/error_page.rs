//! What a client gets when something failed before there was an answer: HTML for a document, otherwise text. In production
//! it says nothing about the cause but the request's id, by which the log tells the rest.

use super::{Answer, HTML, PRIVATE, TEXT};
use crate::exchange::Exchange;
use http::header::{self, HeaderName};
use http::{HeaderValue, StatusCode};
use ironside_worker::JobFailure;
use std::fmt::Write as _;

/// How a client wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A page.
    Document,
    /// Text.
    Text,
    /// Nothing but the status: a route handler's answer is read by programs.
    Bare,
}

/// The answer to a job that failed before its head.
#[must_use]
pub fn failed(exchange: &Exchange, failure: &JobFailure, form: Form, development: bool) -> Answer {
    let status = status(failure);
    log(exchange, failure);
    let detail = development.then(|| detail(failure));
    let mut answer = page(status, form, failure.reason(), &exchange.request_id, detail.as_deref());
    if let Some(after) = failure.retry_after() {
        answer = answer.with(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    answer
}

/// The status that a failure means.
#[must_use]
pub fn status(failure: &JobFailure) -> StatusCode {
    match failure {
        JobFailure::NotReady
        | JobFailure::QueueFull { .. }
        | JobFailure::QueueTimeout { .. }
        | JobFailure::WorkerStuck
        | JobFailure::Aborted => StatusCode::SERVICE_UNAVAILABLE,
        JobFailure::Deadline => StatusCode::GATEWAY_TIMEOUT,
        JobFailure::TooLarge(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn log(exchange: &Exchange, failure: &JobFailure) {
    let (request_id, path, reason, blame) = (
        &*exchange.request_id,
        exchange.path(),
        failure.reason(),
        failure.blame().word(),
    );
    match failure {
        JobFailure::Thrown(error) => {
            tracing::error!(
                request_id,
                path,
                reason,
                blame,
                digest = error.digest,
                stack = error.stack,
                "{}",
                error.message
            );
        }
        other => tracing::warn!(request_id, path, reason, blame, "{other}"),
    }
}

fn detail(failure: &JobFailure) -> String {
    match failure {
        JobFailure::Thrown(error) if !error.stack.is_empty() => error.stack.clone(),
        JobFailure::Thrown(error) => error.message.clone(),
        other => other.to_string(),
    }
}

/// A document for somebody whose request was refused, with a sentence for them.
#[must_use]
pub fn refusal(status: StatusCode, text: &str, reason: &'static str) -> Answer {
    let title = status.canonical_reason().unwrap_or("Error");
    let html = document(status, title, "", None).replace("</body>", &format!("<p>{}</p></body>", escape(text)));
    Answer::with_body(status, HTML, html, reason).with(header::CACHE_CONTROL, PRIVATE)
}

/// An error answer.
#[must_use]
pub fn page(status: StatusCode, form: Form, reason: &'static str, request_id: &str, detail: Option<&str>) -> Answer {
    let title = status.canonical_reason().unwrap_or("Error");
    let answer = match form {
        Form::Bare if detail.is_none() => Answer::empty(status, reason),
        Form::Bare | Form::Text => Answer::with_body(status, TEXT, detail.unwrap_or(title).to_owned(), reason),
        Form::Document => Answer::with_body(status, HTML, document(status, title, request_id, detail), reason),
    };
    let answer = answer.with(header::CACHE_CONTROL, PRIVATE);
    match HeaderValue::from_str(request_id) {
        Ok(id) => answer.with(HeaderName::from_static("x-request-id"), id),
        Err(_) => answer,
    }
}

fn document(status: StatusCode, title: &str, request_id: &str, detail: Option<&str>) -> String {
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{code} {title}</title><style>body{{font:16px/1.5 system-ui,sans-serif;\
         margin:15vh auto;max-width:46rem;padding:0 1rem;color:#222;background:#fff}}pre{{overflow:auto;font-size:13px}}\
         small{{color:#777}}@media(prefers-color-scheme:dark){{body{{color:#ddd;background:#111}}}}</style></head><body>\
         <h1>{code} {title}</h1>",
        code = status.as_u16()
    );
    // Writing into a string cannot fail.
    let _ = match detail {
        Some(detail) => write!(html, "<pre>{}</pre>", escape(detail)),
        None if status.is_server_error() => write!(html, "<p>The server could not answer this request.</p>"),
        None => Ok(()),
    };
    if status.is_server_error() {
        let _ = write!(html, "<p><small>Request {}</small></p>", escape(request_id));
    }
    html.push_str("</body></html>");
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
