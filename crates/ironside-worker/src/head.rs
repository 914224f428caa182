//! The head of an answer, and the checks that keep a worker from smuggling bytes into an HTTP message.

use crate::wire::HeaderList;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use thiserror::Error;

/// Most headers of an answer.
const MAX_HEADERS: usize = 256;
/// Most bytes of an answer's headers, and of one of them.
const MAX_HEADER_BYTES: usize = 64 * 1024;
const MAX_ONE_HEADER: usize = 16 * 1024;

/// Why an answer is not valid HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadResponse {
    /// The status is not one that an application may send.
    #[error("the status {0} is not between 200 and 599")]
    Status(u16),
    /// The status text has control characters, or characters that HTTP does not have.
    #[error("the status text has characters that are not allowed")]
    Reason,
    /// A header's name is no token, or not in lower case.
    #[error("the header name {0:?} is not allowed")]
    Name(String),
    /// A header's value has control characters.
    #[error("the value of the header {0:?} has characters that are not allowed")]
    Value(String),
    /// Too many or too large headers.
    #[error("the headers are too large: at most {MAX_HEADERS}, {MAX_ONE_HEADER} bytes each, {MAX_HEADER_BYTES} in all")]
    Headers,
    /// The `content-length` is no number, or there are several.
    #[error("the content-length is not a number")]
    ContentLength,
    /// The body is not as long as `content-length` says.
    #[error("the body has {sent} bytes where content-length says {declared}")]
    Length {
        /// What the header says.
        declared: u64,
        /// How many bytes came, at least.
        sent: u64,
    },
    /// The worker itself refused what the code wanted to send.
    #[error("{0}")]
    Refused(String),
}

/// Status and headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// 200 to 599.
    pub status: StatusCode,
    /// The status text where the application has one of its own: Latin-1, checked.
    pub reason: Option<Bytes>,
    /// Checked; without `connection`, `transfer-encoding` and the like, which belong to the front.
    pub headers: HeaderMap,
}

impl Head {
    /// Checks what a worker sent.
    pub(crate) fn check(status: u16, reason: &str, headers: &HeaderList<'_>) -> Result<Self, BadResponse> {
        let valid = if (200..=599).contains(&status) {
            StatusCode::from_u16(status).ok()
        } else {
            None
        };
        Ok(Self {
            status: valid.ok_or(BadResponse::Status(status))?,
            reason: status_text(reason)?,
            headers: header_map(headers)?,
        })
    }

    /// The length that the headers promise.
    pub(crate) fn content_length(&self) -> Result<Option<u64>, BadResponse> {
        let mut values = self.headers.get_all(CONTENT_LENGTH).iter();
        let Some(first) = values.next() else { return Ok(None) };
        let digits = first
            .to_str()
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|text| text.parse().ok()) {
            Some(length) if values.next().is_none() => Ok(Some(length)),
            _ => Err(BadResponse::ContentLength),
        }
    }
}

/// The status text as it goes into the status line.
fn status_text(text: &str) -> Result<Option<Bytes>, BadResponse> {
    let allowed = |character: char| matches!(character, '\t' | ' '..='~' | '\u{80}'..='\u{ff}');
    let latin1 = text
        .chars()
        .map(|character| u8::try_from(character).ok().filter(|_| allowed(character)));
    let bytes: Option<Vec<u8>> = latin1.collect();
    let bytes = bytes.ok_or(BadResponse::Reason)?;
    Ok((!bytes.is_empty()).then(|| bytes.into()))
}

/// Headers that say something about a connection; the one to the client is the front's.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    [CONNECTION, TRANSFER_ENCODING, UPGRADE, TE, TRAILER].contains(name)
        || name == "keep-alive"
        || name.as_str().starts_with("proxy-")
}

/// A worker's header list as a map. Everything that could smuggle bytes into an HTTP message is refused.
pub(crate) fn header_map(list: &HeaderList<'_>) -> Result<HeaderMap, BadResponse> {
    if list.len() > MAX_HEADERS {
        return Err(BadResponse::Headers);
    }
    let mut map = HeaderMap::with_capacity(list.len());
    let mut total = 0;
    for (name, value) in list.encoded_pairs() {
        let size = name.len() + value.len();
        total += size;
        if size > MAX_ONE_HEADER || total > MAX_HEADER_BYTES {
            return Err(BadResponse::Headers);
        }
        let readable = || String::from_utf8_lossy(name).into_owned();
        let checked = HeaderName::from_lowercase(name).map_err(|_| BadResponse::Name(readable()))?;
        let value = HeaderValue::from_bytes(value).map_err(|_| BadResponse::Value(readable()))?;
        if !is_hop_by_hop(&checked) {
            map.append(checked, value);
        }
    }
    Ok(map)
}
