//! `Range`: stretches of a file, one or several (RFC 9110, 14). Several that touch become one; several that would take more
//! bytes than the file are answered with the file, and so are more than anybody needs, which is an attack.

use http::{HeaderMap, header};

/// The most stretches that are answered one by one.
const MOST: usize = 16;
/// Bytes that each stretch of several takes besides its own: boundary and headers. Stretches that are nearer to each other
/// than this are cheaper as one.
pub const OVERHEAD: u64 = 128;

/// From the first to the last byte, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl Stretch {
    /// Its bytes.
    #[must_use]
    pub fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// One stretch.
    Part(Stretch),
    /// Several of them, which don't touch.
    Parts(Vec<Stretch>),
    /// A stretch that lies behind the end.
    Unsatisfiable,
}

/// One item of the list.
enum Item {
    Stretch(Stretch),
    Behind,
    /// No range; then the whole header counts for nothing.
    Junk,
}

/// Reads `Range` for something of this length.
#[must_use]
pub fn wanted(request: &HeaderMap, length: u64) -> Wanted {
    let spec = request
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once('='))
        .filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"));
    let Some((_, spec)) = spec else {
        return Wanted::Whole;
    };
    let mut found = Vec::new();
    for (index, text) in spec.split(',').enumerate() {
        if index == MOST {
            return Wanted::Whole;
        }
        match item(text.trim(), length) {
            Item::Stretch(stretch) => found.push(stretch),
            Item::Behind => {}
            Item::Junk => return Wanted::Whole,
        }
    }
    let cost = |stretch: &Stretch| stretch.length().saturating_add(OVERHEAD);
    if found.len() > 1 && found.iter().map(cost).fold(0, u64::saturating_add) >= length {
        return Wanted::Whole;
    }
    let stretches = joined(found);
    match stretches.as_slice() {
        [] => Wanted::Unsatisfiable,
        [only] => Wanted::Part(*only),
        _ => Wanted::Parts(stretches),
    }
}

fn item(text: &str, length: u64) -> Item {
    let Some((first, last)) = text.split_once('-') else {
        return Item::Junk;
    };
    match (number(first.trim()), number(last.trim())) {
        (Number::Missing, Number::Of(0)) => Item::Behind,
        (Number::Missing, Number::Of(_)) if length == 0 => Item::Behind,
        (Number::Missing, Number::Of(suffix)) => Item::Stretch(Stretch {
            first: length.saturating_sub(suffix),
            last: length - 1,
        }),
        (Number::Of(first), Number::Of(last)) if last < first => Item::Junk,
        (Number::Of(first), Number::Of(_) | Number::Missing) if first >= length => Item::Behind,
        (Number::Of(first), Number::Of(last)) => Item::Stretch(Stretch {
            first,
            last: last.min(length - 1),
        }),
        (Number::Of(first), Number::Missing) => Item::Stretch(Stretch { first, last: length - 1 }),
        _ => Item::Junk,
    }
}

enum Number {
    Missing,
    Of(u64),
    Junk,
}

/// What is larger than any file is as good as the largest number.
fn number(text: &str) -> Number {
    match text {
        "" => Number::Missing,
        text if !text.bytes().all(|byte| byte.is_ascii_digit()) => Number::Junk,
        text => Number::Of(text.parse().unwrap_or(u64::MAX)),
    }
}

/// Stretches that overlap or nearly touch as one. The order stays if none do.
fn joined(found: Vec<Stretch>) -> Vec<Stretch> {
    let mut sorted = found.clone();
    sorted.sort_by_key(|stretch| stretch.first);
    let mut joined: Vec<Stretch> = Vec::with_capacity(sorted.len());
    for stretch in sorted {
        match joined.last_mut() {
            Some(before) if stretch.first <= before.last.saturating_add(OVERHEAD) => before.last = before.last.max(stretch.last),
            _ => joined.push(stretch),
        }
    }
    if joined.len() == found.len() { found } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn ask(value: &str, length: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(value).unwrap());
        wanted(&headers, length)
    }

    fn stretch(first: u64, last: u64) -> Stretch {
        Stretch { first, last }
    }

    #[test]
    fn stretches_are_cut_to_what_is_there() {
        let part = |first, last| Wanted::Part(stretch(first, last));
        for (value, expected) in [
            ("bytes=0-4", part(0, 4)),
            ("Bytes = 0-4", part(0, 4)),
            ("bytes=-5", part(58, 62)),
            ("bytes=-500", part(0, 62)),
            ("bytes=50-", part(50, 62)),
            ("bytes=60-999", part(60, 62)),
            ("bytes=0-99999999999999999999", part(0, 62)),
            ("bytes=63-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=63-,70-80", Wanted::Unsatisfiable),
            ("bytes=4-2", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("bytes=5", Wanted::Whole),
            ("bytes=0-1,", Wanted::Whole),
        ] {
            assert_eq!(ask(value, 63), expected, "{value}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 63), Wanted::Whole);
        assert_eq!(ask("bytes=0-0", 0), Wanted::Unsatisfiable);
        assert_eq!(ask("bytes=-1", 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn several_stretches_are_given_where_that_is_less_than_everything() {
        assert_eq!(
            ask("bytes=5000-5999, 0-99", 100_000),
            Wanted::Parts(vec![stretch(5000, 5999), stretch(0, 99)])
        );
        assert_eq!(ask("bytes=0-99,100-199", 100_000), Wanted::Part(stretch(0, 199)));
        assert_eq!(ask("bytes=0-99,50-10,300-", 100_000), Wanted::Whole, "one is junk");
        assert_eq!(
            ask("bytes=0-99,150-199,-100", 100_000),
            Wanted::Parts(vec![stretch(0, 199), stretch(99_900, 99_999)])
        );
        assert_eq!(ask("bytes=0-1,40-41", 63), Wanted::Whole);
        assert_eq!(ask("bytes=0-300,500-", 900), Wanted::Whole, "larger than the file");
        assert_eq!(ask("bytes=0-9,999999-", 100_000), Wanted::Part(stretch(0, 9)));
    }

    #[test]
    fn a_great_many_stretches_are_not_answered_one_by_one() {
        let many: Vec<String> = (0..200).map(|i| format!("{}-{}", i * 5000, i * 5000 + 1)).collect();
        assert_eq!(ask(&format!("bytes={}", many.join(",")), 10_000_000), Wanted::Whole);
        let overlapping = format!("bytes={}", ["0-"; 16].join(","));
        assert_eq!(ask(&overlapping, 1000), Wanted::Whole);
    }
}
