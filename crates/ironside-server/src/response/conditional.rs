//! `If-None-Match` and `If-Modified-Since`: whether the client has what it would get.

use http::{HeaderMap, HeaderValue, header};
use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// When something was changed, in both forms that are needed.
#[derive(Debug, Clone)]
pub struct Modified {
    /// The moment.
    pub at: SystemTime,
    /// As HTTP writes it.
    pub written: HeaderValue,
}

impl Modified {
    /// A file's, if the system knows.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let at = metadata.modified().ok()?;
        Some(Self {
            at,
            written: http_date(at)?,
        })
    }
}

/// Whether the client wants it only in a state that it isn't in: `If-Match`, `If-Unmodified-Since` (RFC 9110, 13.1.1).
#[must_use]
pub fn is_other(request: &HeaderMap, etag: Option<&str>, modified: Option<SystemTime>) -> bool {
    let mut tags = request.get_all(header::IF_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let has = |list: &str| {
            list.trim() == "*"
                || etag.is_some_and(|etag| !etag.starts_with("W/") && list.split(',').any(|item| item.trim() == etag))
        };
        return !tags.any(|value| value.to_str().is_ok_and(has));
    }
    let since = request
        .get(header::IF_UNMODIFIED_SINCE)
        .and_then(|value| parse_date(value.to_str().ok()?));
    matches!((since, modified), (Some(since), Some(modified)) if whole_seconds(modified) > whole_seconds(since))
}

/// Whether the client has it already. An ETag in the request may have the suffix of an encoding.
#[must_use]
pub fn is_unchanged(request: &HeaderMap, etag: Option<&str>, modified: Option<SystemTime>) -> bool {
    let mut tags = request.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // With `If-None-Match` the date is of no account. What nearly every client sends is the one tag that it was given.
        let has = |value: &HeaderValue, etag: &str| {
            value.as_bytes() == etag.as_bytes() || value.to_str().is_ok_and(|list| list_has(list, etag))
        };
        return etag.is_some_and(|etag| tags.any(|value| has(value, etag)));
    }
    let since = request
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| parse_date(value.to_str().ok()?));
    matches!((since, modified), (Some(since), Some(modified)) if whole_seconds(modified) <= whole_seconds(since))
}

fn list_has(list: &str, etag: &str) -> bool {
    list.trim() == "*" || list.split(',').any(|item| same_tag(item.trim(), etag))
}

/// Weak comparison, as `If-None-Match` wants it.
fn same_tag(given: &str, etag: &str) -> bool {
    let given = given.strip_prefix("W/").unwrap_or(given);
    let etag = etag.strip_prefix("W/").unwrap_or(etag);
    given == etag || without_encoding(given) == etag.trim_matches('"')
}

fn without_encoding(quoted: &str) -> &str {
    let bare = quoted.trim_matches('"');
    bare.strip_suffix("-gzip")
        .or_else(|| bare.strip_suffix("-br"))
        .or_else(|| bare.strip_suffix("-zstd"))
        .unwrap_or(bare)
}

/// Whether `If-Range` allows a part to be sent: it is missing, or names exactly this state.
#[must_use]
pub fn range_is_current(request: &HeaderMap, etag: &str, modified: Option<SystemTime>) -> bool {
    let Some(value) = request.get(header::IF_RANGE) else {
        return true;
    };
    let Ok(text) = value.to_str() else { return false };
    if text.starts_with('"') || text.starts_with("W/") {
        // A weak tag says too little for parts (RFC 9110, 13.1.5).
        return text == etag && !text.starts_with("W/");
    }
    matches!((parse_date(text), modified), (Some(date), Some(modified)) if whole_seconds(date) == whole_seconds(modified))
}

fn whole_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn parse_date(text: &str) -> Option<SystemTime> {
    let seconds = OffsetDateTime::parse(&text.replace("GMT", "+0000"), &Rfc2822)
        .ok()?
        .unix_timestamp();
    Some(UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// A moment as HTTP writes it.
#[must_use]
pub fn http_date(time: SystemTime) -> Option<HeaderValue> {
    let text = OffsetDateTime::from(time).format(&Rfc2822).ok()?.replace("+0000", "GMT");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn tags_are_compared_weakly_and_in_any_encoding() {
        for (given, unchanged) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"x\", \"a\"", true),
            ("*", true),
            ("\"a-br\"", true),
            ("\"b\"", false),
            ("a-b", false),
        ] {
            assert_eq!(
                is_unchanged(&sent("if-none-match", given), Some("\"a\""), None),
                unchanged,
                "{given}"
            );
        }
        assert!(!is_unchanged(&HeaderMap::new(), Some("\"a\""), None));
        assert!(!is_unchanged(&sent("if-none-match", "*"), None, None));
    }

    #[test]
    fn dates_count_only_without_tags() {
        let modified = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        let date = http_date(modified).unwrap();
        assert_eq!(date, "Tue, 14 Nov 2023 22:13:20 GMT");
        let mut headers = sent("if-modified-since", date.to_str().unwrap());
        assert!(is_unchanged(&headers, Some("\"a\""), Some(modified)));
        assert!(!is_unchanged(
            &headers,
            Some("\"a\""),
            Some(modified + Duration::from_secs(1))
        ));
        headers.insert("if-none-match", HeaderValue::from_static("\"x\""));
        assert!(!is_unchanged(&headers, Some("\"a\""), Some(modified)));
    }

    #[test]
    fn what_is_wanted_in_one_state_only_is_not_given_in_another() {
        let modified = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (name, value, etag, other) in [
            ("if-match", "\"a\"", Some("\"a\""), false),
            ("if-match", "\"x\", \"a\"", Some("\"a\""), false),
            ("if-match", "*", Some("\"a\""), false),
            ("if-match", "\"b\"", Some("\"a\""), true),
            ("if-match", "W/\"a\"", Some("W/\"a\""), true),
            ("if-match", "\"a\"", None, true),
            ("if-unmodified-since", "Tue, 14 Nov 2023 22:13:20 GMT", None, false),
            ("if-unmodified-since", "Tue, 14 Nov 2023 22:13:19 GMT", None, true),
            ("if-unmodified-since", "yesterday", None, false),
        ] {
            assert_eq!(is_other(&sent(name, value), etag, Some(modified)), other, "{name}: {value}");
        }
    }

    #[test]
    fn if_range_names_exactly_this_state() {
        assert!(range_is_current(&HeaderMap::new(), "W/\"a\"", None));
        assert!(range_is_current(&sent("if-range", "\"a\""), "\"a\"", None));
        assert!(!range_is_current(&sent("if-range", "W/\"a\""), "W/\"a\"", None));
        assert!(!range_is_current(&sent("if-range", "W/\"a\""), "\"a\"", None));
        assert!(!range_is_current(&sent("if-range", "\"other\""), "W/\"a\"", None));
        assert!(!range_is_current(&sent("if-range", "nonsense"), "W/\"a\"", None));
    }
}
