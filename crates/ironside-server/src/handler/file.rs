//! Answering with a file: validators, stretches of it, and no other methods than reading.

use crate::body::{Body, FileBody};
use crate::build_files::Opened;
use crate::exchange::Exchange;
use crate::rejection::{Methods, Rejection};
use crate::response::Answer;
use crate::response::byte_ranges::ByteRanges;
use crate::response::conditional::{self, Modified};
use crate::response::range::{Stretch, Wanted, wanted};
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use std::io::{Seek, SeekFrom};

/// What is known about a file besides its bytes.
#[derive(Debug)]
pub struct FileFacts {
    /// Its media type.
    pub content_type: HeaderValue,
    /// How long it may be kept.
    pub cache_control: HeaderValue,
    /// Strong or weak, with quotes.
    pub etag: Option<HeaderValue>,
    /// When it was changed.
    pub modified: Option<Modified>,
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
    let etag = facts.etag.as_ref().and_then(|etag| etag.to_str().ok());
    let modified = facts.modified.as_ref().map(|modified| modified.at);
    if conditional::is_other(request, etag, modified) {
        return Answer::empty(StatusCode::PRECONDITION_FAILED, "precondition_failed");
    }
    if conditional::is_unchanged(request, etag, modified) {
        return describe(Answer::empty(StatusCode::NOT_MODIFIED, "not_modified"), facts);
    }
    let length = opened.length();
    let part = match facts.encoding {
        Some(_) => Wanted::Whole,
        None if conditional::range_is_current(request, etag.unwrap_or_default(), modified) => wanted(request, length),
        None => Wanted::Whole,
    };
    let answer = match part {
        Wanted::Whole => with_bytes(StatusCode::OK, opened, 0, length),
        Wanted::Part(stretch) => content_range(
            with_bytes(StatusCode::PARTIAL_CONTENT, opened, stretch.first, stretch.length()),
            &format!("bytes {}-{}/{length}", stretch.first, stretch.last),
        ),
        Wanted::Parts(stretches) => return several(facts, opened, &stretches),
        Wanted::Unsatisfiable => {
            return content_range(
                Answer::empty(StatusCode::RANGE_NOT_SATISFIABLE, "range"),
                &format!("bytes */{length}"),
            );
        }
    };
    describe(answer, facts).with(header::CONTENT_TYPE, facts.content_type.clone())
}

fn several(facts: &FileFacts, opened: Opened, stretches: &[Stretch]) -> Answer {
    match ByteRanges::new(opened, stretches, &facts.content_type) {
        Ok((ranges, content_type)) => {
            let mut answer = Answer::empty(StatusCode::PARTIAL_CONTENT, "ok");
            *answer.response.body_mut() = Body::Ranges(Box::new(ranges));
            describe(answer, facts).with(header::CONTENT_TYPE, content_type)
        }
        Err(_) => Answer::empty(StatusCode::INTERNAL_SERVER_ERROR, "file"),
    }
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
    if let Some(etag) = &facts.etag {
        headers.insert(header::ETAG, etag.clone());
    }
    if let Some(modified) = &facts.modified {
        headers.insert(header::LAST_MODIFIED, modified.written.clone());
    }
    match &facts.encoding {
        Some(encoding) => headers.insert(header::CONTENT_ENCODING, encoding.clone()),
        None => headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    };
    answer
}
