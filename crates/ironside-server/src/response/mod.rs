//! Making answers. Everything that leaves the server is built here and finished by [`finish`], so that a header is decided
//! in one place.

pub mod accept;
pub mod byte_ranges;
pub mod compress;
pub mod conditional;
pub mod error_page;
pub mod finish;
pub mod range;
pub mod vary;

use crate::body::Body;
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderValue, Response, StatusCode};

/// What is left to do for an answer when whoever makes it is ready. What the configuration adds for this URL, and that `HEAD` gets no
/// body, always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Its encoding, and what the server says of itself.
    All,
    /// What the server says of itself; its bytes stay as they are.
    Headers,
    /// Nothing: it was made once for all who ask.
    Nothing,
}

/// An answer, and the word that says why it is what it is.
#[derive(Debug)]
pub struct Answer {
    /// Status, headers and body.
    pub response: Response<Body>,
    /// What [`finish`] has left to do.
    pub left: Left,
    /// For the access log and metrics: `ok`, or the reason of a refusal or failure.
    pub reason: &'static str,
}

/// `cache-control` of what is made for one visitor.
pub const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache, no-store, max-age=0, must-revalidate");
/// `cache-control` of an action's reply.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-cache, no-store, max-age=0, must-revalidate");
/// `cache-control` of hashed assets.
pub const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// `cache-control` of metadata files.
pub const REVALIDATED: HeaderValue = HeaderValue::from_static("public, max-age=0, must-revalidate");

/// The media type of plain text.
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// The media type of pages.
pub const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// The media type of payloads.
pub const PAYLOAD: HeaderValue = HeaderValue::from_static("text/x-component");

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn empty(status: StatusCode, reason: &'static str) -> Self {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = status;
        Self {
            response,
            left: Left::All,
            reason,
        }
    }

    /// An answer with a body.
    #[must_use]
    pub fn with_body(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>, reason: &'static str) -> Self {
        let mut answer = Self::empty(status, reason);
        *answer.response.body_mut() = Body::Full(body.into());
        answer.with(header::CONTENT_TYPE, content_type)
    }

    /// A short text.
    #[must_use]
    pub fn text(status: StatusCode, text: impl Into<Bytes>, reason: &'static str) -> Self {
        Self::with_body(status, TEXT, text, reason)
    }

    /// A redirect without a body. A location that can't stand in a header is an error of whoever made it.
    #[must_use]
    pub fn redirect(status: StatusCode, location: &str, reason: &'static str) -> Self {
        match HeaderValue::from_str(location) {
            Ok(location) => Self::empty(status, reason).with(header::LOCATION, location),
            Err(_) => Self::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", "bad_location"),
        }
    }

    /// A redirect for good: 308, and `Refresh` for clients that are older than this status (Next behaviour 1.8, 7.29).
    #[must_use]
    pub fn moved(location: &str, reason: &'static str) -> Self {
        let answer = Self::redirect(StatusCode::PERMANENT_REDIRECT, location, reason);
        match HeaderValue::from_str(&format!("0;url={location}")) {
            Ok(refresh) if answer.response.status().is_redirection() => answer.with(header::REFRESH, refresh),
            _ => answer,
        }
    }

    /// With a header, in place of an earlier one.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.response.headers_mut().insert(name, value);
        self
    }
}
