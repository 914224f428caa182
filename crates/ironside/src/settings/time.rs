//! Times as people write them: `"30s"`, `"500ms"`, `"2m"`. A number alone is milliseconds, as in Node's settings.

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::{fmt, time::Duration};

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

fn read(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor).map(Duration::from_millis)
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Time;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a time such as \"30s\", \"500ms\" or \"2m\"")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Time, E> {
        let milliseconds = u64::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))?;
        Ok(Time(Duration::from_millis(milliseconds)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        read(text)
            .map(Time)
            .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_what_is_none_is_refused() {
        for (text, milliseconds) in [
            ("250", Some(250)),
            ("250ms", Some(250)),
            ("30 s", Some(30_000)),
            ("2m", Some(120_000)),
            ("2h", None),
            ("-1s", None),
            ("s", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(read(text), milliseconds.map(Duration::from_millis), "{text}");
        }
    }
}
