//! `Range`: one stretch of a file. Several stretches at once are answered with the whole file, as is allowed.

use http::{HeaderMap, header};

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// From the first to the last byte, both included.
    Part {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// A stretch that lies behind the end.
    Unsatisfiable,
}

/// Reads `Range` for something of this length.
#[must_use]
pub fn wanted(request: &HeaderMap, length: u64) -> Wanted {
    let spec = request
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("bytes="));
    let Some(spec) = spec.filter(|spec| !spec.contains(',')) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Wanted::Whole;
    };
    match (first.trim(), last.trim()) {
        ("", suffix) => match suffix.parse::<u64>() {
            Ok(0) => Wanted::Unsatisfiable,
            Ok(_) if length == 0 => Wanted::Unsatisfiable,
            Ok(suffix) => Wanted::Part {
                first: length.saturating_sub(suffix),
                last: length - 1,
            },
            Err(_) => Wanted::Whole,
        },
        (first, last) => {
            let Ok(first) = first.parse::<u64>() else {
                return Wanted::Whole;
            };
            let Some(last) = (if last.is_empty() { Some(u64::MAX) } else { last.parse().ok() }) else {
                return Wanted::Whole;
            };
            match (first < length, first <= last) {
                (false, _) => Wanted::Unsatisfiable,
                (_, false) => Wanted::Whole,
                _ => Wanted::Part {
                    first,
                    last: last.min(length - 1),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn stretches_are_cut_to_what_is_there() {
        let part = |first, last| Wanted::Part { first, last };
        for (value, expected) in [
            ("bytes=0-4", part(0, 4)),
            ("bytes=-5", part(58, 62)),
            ("bytes=-500", part(0, 62)),
            ("bytes=50-", part(50, 62)),
            ("bytes=60-999", part(60, 62)),
            ("bytes=63-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=4-2", Wanted::Whole),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("bytes=5", Wanted::Whole),
            ("bytes=0-99999999999999999999", Wanted::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static(value));
            assert_eq!(wanted(&headers, 63), expected, "{value}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 63), Wanted::Whole);
    }
}
