//! Numbers of bytes as people write them: `65536`, `"512 KB"`, `"10 MB"`, `"2gb"`. Units are powers of 1024, as in `next.config`.

use serde::{Deserialize, Deserializer, de};

/// See the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Size {
    /// As a number that fits into four bytes; larger ones are as good as the largest.
    pub(crate) fn small(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(factor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(u64),
            Text(String),
        }
        let wrong = |given: &str| {
            de::Error::custom(format!(
                "{given} is no size; write a number of bytes, or for example \"10 MB\""
            ))
        };
        match Raw::deserialize(deserializer) {
            Ok(Raw::Number(bytes)) => Ok(Self(bytes)),
            Ok(Raw::Text(text)) => Self::parse(&text).ok_or_else(|| wrong(&format!("{text:?}"))),
            Err(_) => Err(wrong("this")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("65536", 65_536),
            ("512 KB", 524_288),
            ("10mb", 10_485_760),
            ("1 GiB", 1_073_741_824),
            ("3b", 3),
        ] {
            assert_eq!(Size::parse(text), Some(Size(bytes)), "{text}");
        }
        for text in ["", "MB", "-1", "1.5 MB", "1 mile", "99999999999 GB"] {
            assert_eq!(Size::parse(text), None, "{text}");
        }
    }
}
