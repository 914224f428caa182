//! Answering with a file: validators, one stretch of it, and no other methods than reading.

use crate::body::{Body, FileBody};
use crate::build_files::Opened;
use crate::exchange::Exchange;
use crate::rejection::{Methods, Rejection};
use crate::response::range::{Wanted, wanted};
use crate::response::{Answer, conditional};
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use std::io::{Seek, SeekFrom};
use std::time::SystemTime;

/// What is known about a file besides its bytes.
#[derive(Debug)]
pub struct FileFacts {
    /// Its media type.
    pub content_type: HeaderValue,
    /// How long it may be kept.
    pub cache_control: HeaderValue,
    /// Strong or weak, with quotes.
    pub etag: Option<String>,
    /// When it was changed.
    pub modified: Option<SystemTime>,
    /// The encoding of the bytes, if they are not plain; then stretches are not given.
    pub encoding: Option<HeaderValue>,
}

/// The refusal of every method but `GET` and `HEAD`.
#[must_use]
pub fn refuses(exchange: &Exchange) -> Option<Answer> {
    (!exchange.reads()).then(|| Rejection::MethodNotAllowed { allow: Methods::READ }.answer())
}

/// The answer.
#[must_use]
pub fn answer(request: &HeaderMap, facts: &FileFacts, opened: Opened) -> Answer {
    if conditional::is_unchanged(request, facts.etag.as_deref(), facts.modified) {
        return describe(Answer::empty(StatusCode::NOT_MODIFIED, "not_modified"), facts);
    }
    let length = opened.length();
    let part = match facts.encoding {
        Some(_) => Wanted::Whole,
        None if conditional::range_is_current(request, facts.etag.as_deref().unwrap_or_default(), facts.modified) => {
            wanted(request, length)
        }
        None => Wanted::Whole,
    };
    let answer = match part {
        Wanted::Whole => with_bytes(StatusCode::OK, opened, 0, length),
        Wanted::Part { first, last } => content_range(
            with_bytes(StatusCode::PARTIAL_CONTENT, opened, first, last - first + 1),
            &format!("bytes {first}-{last}/{length}"),
        ),
        Wanted::Unsatisfiable => {
            return content_range(
                Answer::empty(StatusCode::RANGE_NOT_SATISFIABLE, "range"),
                &format!("bytes */{length}"),
            );
        }
    };
    describe(answer, facts).with(header::CONTENT_TYPE, facts.content_type.clone())
}

fn content_range(answer: Answer, text: &str) -> Answer {
    match HeaderValue::from_str(text) {
        Ok(value) => answer.with(header::CONTENT_RANGE, value),
        Err(_) => answer,
    }
}

fn with_bytes(status: StatusCode, opened: Opened, first: u64, length: u64) -> Answer {
    let mut answer = Answer::empty(status, "ok");
    *answer.response.body_mut() = match opened {
        Opened::Bytes(bytes) => {
            let from = usize::try_from(first).unwrap_or(usize::MAX).min(bytes.len());
            let to = from
                .saturating_add(usize::try_from(length).unwrap_or(usize::MAX))
                .min(bytes.len());
            Body::Full(bytes.slice(from..to))
        }
        Opened::File(mut file, _) => match file.seek(SeekFrom::Start(first)) {
            Ok(_) => Body::File(FileBody::new(file, length)),
            Err(_) => return Answer::empty(StatusCode::INTERNAL_SERVER_ERROR, "file"),
        },
    };
    answer
}

fn describe(mut answer: Answer, facts: &FileFacts) -> Answer {
    let headers = answer.response.headers_mut();
    headers.insert(header::CACHE_CONTROL, facts.cache_control.clone());
    if let Some(etag) = facts.etag.as_ref().and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(header::ETAG, etag);
    }
    if let Some(date) = facts.modified.and_then(conditional::http_date) {
        headers.insert(header::LAST_MODIFIED, date);
    }
    match &facts.encoding {
        Some(encoding) => headers.insert(header::CONTENT_ENCODING, encoding.clone()),
        None => headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    };
    answer
}
