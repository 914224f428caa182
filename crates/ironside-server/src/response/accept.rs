//! Which encodings a client takes, and which it likes best.

use http::{HeaderMap, header};
use ironside_cache::Encoding;

/// Weights of the encodings that the server makes or has, in thousandths; 0 is not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    gzip: u16,
    brotli: u16,
    zstd: u16,
    /// Bytes as they are. They are always an answer, but a client may like them better.
    identity: u16,
}

/// By size of what comes out, for bytes that are encoded once and sent often.
const SMALLEST: [Encoding; 3] = [Encoding::Brotli, Encoding::Zstd, Encoding::Gzip];
/// By the time it takes, for bytes that are encoded while they are sent.
const QUICKEST: [Encoding; 3] = [Encoding::Zstd, Encoding::Gzip, Encoding::Brotli];

impl Accepted {
    /// Reads `Accept-Encoding`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut named: [Option<u16>; 4] = [None; 4];
        let mut any = 0;
        let values = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok());
        for item in values.flat_map(|value| value.split(',')) {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let name = name.trim();
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            let place = match () {
                () if is("gzip") || is("x-gzip") => 0,
                () if is("br") => 1,
                () if is("zstd") => 2,
                () if is("identity") => 3,
                () if is("*") => {
                    any = weight(parameters);
                    continue;
                }
                () => continue,
            };
            named[place] = Some(weight(parameters));
        }
        let [gzip, brotli, zstd, identity] = named;
        Self {
            gzip: gzip.unwrap_or(any),
            brotli: brotli.unwrap_or(any),
            zstd: zstd.unwrap_or(any),
            identity: identity.unwrap_or(0),
        }
    }

    fn weight(self, encoding: Encoding) -> u16 {
        match encoding {
            Encoding::Gzip => self.gzip,
            Encoding::Brotli => self.brotli,
            Encoding::Zstd => self.zstd,
        }
    }

    /// The one that the client likes best; of several the first of `order` that `is_there`.
    fn best(self, order: [Encoding; 3], is_there: impl Fn(Encoding) -> bool) -> Option<Encoding> {
        let mut best: Option<(Encoding, u16)> = None;
        for encoding in order {
            let weight = self.weight(encoding);
            if weight > 0 && weight >= self.identity && best.is_none_or(|(_, most)| weight > most) && is_there(encoding) {
                best = Some((encoding, weight));
            }
        }
        best.map(|(encoding, _)| encoding)
    }

    /// For bytes that are encoded once and sent often.
    #[must_use]
    pub fn smallest(self) -> Option<Encoding> {
        self.best(SMALLEST, |_| true)
    }

    /// The same among those that are there.
    #[must_use]
    pub fn smallest_of(self, is_there: impl Fn(Encoding) -> bool) -> Option<Encoding> {
        self.best(SMALLEST, is_there)
    }

    /// For bytes that are encoded while they are sent.
    #[must_use]
    pub fn quickest(self) -> Option<Encoding> {
        self.best(QUICKEST, |_| true)
    }
}

/// `q` of an item in thousandths; 1000 if it is missing or no number.
fn weight(parameters: &str) -> u16 {
    let q = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(q) = q else { return 1000 };
    let (whole, rest) = q.split_once('.').unwrap_or((q, ""));
    if !whole.bytes().chain(rest.bytes()).all(|byte| byte.is_ascii_digit()) || q.is_empty() {
        return 1000;
    }
    if whole.bytes().any(|digit| digit != b'0') {
        return 1000;
    }
    rest.bytes()
        .chain(*b"000")
        .take(3)
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn accepted(value: &'static str) -> (Option<Encoding>, Option<Encoding>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        let accepted = Accepted::of(&headers);
        (accepted.smallest(), accepted.quickest())
    }

    #[test]
    fn names_weights_and_the_star_count() {
        let (gzip, br, zstd) = (Some(Encoding::Gzip), Some(Encoding::Brotli), Some(Encoding::Zstd));
        for (value, smallest, quickest) in [
            ("gzip, deflate, br, zstd", br, zstd),
            ("gzip, deflate, br", br, gzip),
            ("gzip;q=0, br;q=0.5", br, br),
            ("gzip;q=1.0, br;q=0.999, zstd;q=0.1", gzip, gzip),
            ("gzip; Q=0.2,br; q = 0.1", gzip, gzip),
            ("*", br, zstd),
            ("*, br;q=0", zstd, zstd),
            ("*;q=0", None, None),
            ("*;q=0, gzip", gzip, gzip),
            ("identity", None, None),
            ("identity, gzip;q=0.5", None, None),
            ("identity;q=0.5, gzip", gzip, gzip),
            ("identity;q=0, gzip;q=0.1", gzip, gzip),
            ("GZIP", gzip, gzip),
            ("gzip;q=0.0000", None, None),
            ("gzip;q=much", gzip, gzip),
            ("deflate", None, None),
            ("", None, None),
        ] {
            assert_eq!(accepted(value), (smallest, quickest), "{value}");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()), Accepted::default());
    }

    #[test]
    fn what_is_not_there_is_passed_over() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br, zstd, gzip;q=0.5"));
        let accepted = Accepted::of(&headers);
        assert_eq!(
            accepted.smallest_of(|encoding| encoding != Encoding::Brotli),
            Some(Encoding::Zstd)
        );
        assert_eq!(
            accepted.smallest_of(|encoding| encoding == Encoding::Gzip),
            Some(Encoding::Gzip)
        );
        assert_eq!(accepted.smallest_of(|_| false), None);
    }
}
