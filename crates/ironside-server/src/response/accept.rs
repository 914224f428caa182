//! Which encodings a client takes.

use http::{HeaderMap, header};
use ironside_cache::Encoding;

/// The encodings that the server makes or has, by what a client says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    /// `gzip`
    pub gzip: bool,
    /// `br`
    pub brotli: bool,
}

impl Accepted {
    /// Reads `Accept-Encoding`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        let (mut any, mut named_gzip, mut named_brotli) = (false, false, false);
        let values = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for item in values.flat_map(|value| value.split(',')) {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let wanted = weight(parameters) > 0.0;
            match name.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => (accepted.gzip, named_gzip) = (wanted, true),
                "br" => (accepted.brotli, named_brotli) = (wanted, true),
                "*" => any = wanted,
                _ => {}
            }
        }
        Self {
            gzip: accepted.gzip || (any && !named_gzip),
            brotli: accepted.brotli || (any && !named_brotli),
        }
    }

    /// The smaller one, for bytes that are encoded once and sent often.
    #[must_use]
    pub fn smallest(self) -> Option<Encoding> {
        if self.brotli {
            Some(Encoding::Brotli)
        } else {
            self.quickest()
        }
    }

    /// The cheaper one, for bytes that are encoded while they are sent.
    #[must_use]
    pub fn quickest(self) -> Option<Encoding> {
        match (self.gzip, self.brotli) {
            (true, _) => Some(Encoding::Gzip),
            (_, true) => Some(Encoding::Brotli),
            _ => None,
        }
    }
}

/// `q` of an item; 1 if it is missing or no number.
fn weight(parameters: &str) -> f32 {
    let q = parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("q="));
    q.and_then(|q| q.trim().parse().ok()).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn accepted(value: &'static str) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        let Accepted { gzip, brotli } = Accepted::of(&headers);
        (gzip, brotli)
    }

    #[test]
    fn names_weights_and_the_star_count() {
        assert_eq!(accepted("gzip, deflate, br, zstd"), (true, true));
        assert_eq!(accepted("gzip;q=0, br;q=0.5"), (false, true));
        assert_eq!(accepted("*"), (true, true));
        assert_eq!(accepted("*, br;q=0"), (true, false));
        assert_eq!(accepted("identity"), (false, false));
        assert_eq!(accepted("GZIP"), (true, false));
        assert_eq!(Accepted::of(&HeaderMap::new()), Accepted::default());
    }
}
