//! A name for each request, in the log, in error pages and for the application. A trusted proxy may give it.

use http::{HeaderMap, HeaderName};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Name);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Given(Box<str>),
    /// Hex digits, without a buffer of their own, since every request has a name and hardly anybody reads one.
    Made([u8; 16]),
}

impl Deref for RequestId {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Name::Given(name) => name,
            Name::Made(digits) => str::from_utf8(digits).unwrap_or_default(),
        }
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self(Name::Given(Box::default()))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self)
    }
}

/// Makes names: a number of this process, and how many there were before.
#[derive(Debug)]
pub struct RequestIds {
    process: u32,
    next: AtomicU64,
}

/// The longest name that is taken over.
const LONGEST: usize = 64;
const HEADER: HeaderName = HeaderName::from_static("x-request-id");

impl RequestIds {
    /// Names that begin with a number that other processes don't have.
    #[must_use]
    pub fn new() -> Self {
        // Without randomness names are still unique in this process.
        Self {
            process: getrandom::u32().unwrap_or_default(),
            next: AtomicU64::new(1),
        }
    }

    /// A name for a request.
    #[must_use]
    pub fn name(&self, headers: &HeaderMap, is_trusted: bool) -> RequestId {
        let told = if is_trusted { headers.get(HEADER) } else { None };
        let given = told.and_then(|value| value.to_str().ok());
        let plain = |text: &&str| {
            !text.is_empty()
                && text.len() <= LONGEST
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
        };
        match given.filter(plain) {
            Some(given) => RequestId(Name::Given(given.into())),
            None => RequestId(Name::Made(self.made())),
        }
    }

    fn made(&self) -> [u8; 16] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let number = u64::from(self.process) << 32 | (self.next.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff);
        let mut text = [b'0'; 16];
        for (pair, byte) in text.chunks_exact_mut(2).zip(number.to_be_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        text
    }
}

impl Default for RequestIds {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_a_trusted_proxy_names_requests_and_only_plainly() {
        let ids = RequestIds::new();
        let sent = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-request-id", HeaderValue::from_str(value).unwrap());
            headers
        };
        assert_eq!(&*ids.name(&sent("abc-1"), true), "abc-1");
        for (value, trusted) in [
            ("abc-1", false),
            ("a b", true),
            ("<script>", true),
            ("", true),
            (&"x".repeat(65), true),
        ] {
            let id = ids.name(&sent(value), trusted);
            assert_eq!(id.len(), 16, "{value}");
        }
        assert_ne!(ids.name(&HeaderMap::new(), true), ids.name(&HeaderMap::new(), true));
    }
}
