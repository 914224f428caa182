//! Sizes such as `2mb` (Next behaviour 1.38).

use serde_json::Value;

/// Bytes, from a number of bytes or a text with a unit, where a kilobyte has 1024. `None` if it is neither or below 1.
pub(crate) fn byte_size(value: &Value) -> Option<u64> {
    let bytes = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => parse(text)?,
        _ => return None,
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (1.0..9e15).contains(&bytes).then(|| bytes.floor() as u64)
}

fn parse(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: f64 = match &text[digits.len()..] {
        "" | "b" => 1.0,
        "kb" => 1024.0,
        "mb" => 1024.0 * 1024.0,
        "gb" => 1024.0 * 1024.0 * 1024.0,
        "tb" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let number = digits.trim_end();
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain
        .then(|| number.parse::<f64>().ok())
        .flatten()
        .map(|number| number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sizes_are_numbers_or_have_a_unit() {
        for (value, bytes) in [
            (json!(500), Some(500)),
            (json!("500"), Some(500)),
            (json!("1.5kb"), Some(1536)),
            (json!("2 MB"), Some(2 * 1024 * 1024)),
            (json!(0), None),
            (json!("0.5b"), None),
            (json!("-1mb"), None),
            (json!("many"), None),
            (json!("1e3"), None),
            (json!("2mib"), None),
            (json!(true), None),
        ] {
            assert_eq!(byte_size(&value), bytes, "{value}");
        }
    }
}
