//! The boundary of a multipart body, from its content type. Only what every parser reads in the same way: one `boundary`, and
//! nothing else but a `charset`.

use crate::refusal::Refusal;

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary(String);

const TYPE: &str = "multipart/form-data";
/// RFC 2046, 5.1.1.
const LONGEST: usize = 70;

impl Boundary {
    /// The boundary of a content type; `None` if that isn't multipart.
    ///
    /// # Errors
    /// [`Refusal::Boundary`] where it is multipart and has none, or has it in a form that is open to interpretation.
    pub fn of(content_type: &str) -> Result<Option<Self>, Refusal> {
        let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        if !essence.trim().eq_ignore_ascii_case(TYPE) {
            let similar = essence
                .trim()
                .get(..TYPE.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(TYPE));
            return if similar { Err(Refusal::Boundary) } else { Ok(None) };
        }
        let mut found = None;
        for parameter in parameters.split(';') {
            let (name, value) = parameter.split_once('=').ok_or(Refusal::Boundary)?;
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("boundary") && found.is_none() {
                found = Some(value);
            } else if !name.eq_ignore_ascii_case("charset") {
                return Err(Refusal::Boundary);
            }
        }
        let value = found.ok_or(Refusal::Boundary)?;
        let value = match value.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').ok_or(Refusal::Boundary)?,
            None => value,
        };
        let plain = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte));
        if plain && (1..=LONGEST).contains(&value.len()) {
            Ok(Some(Self(value.to_owned())))
        } else {
            Err(Refusal::Boundary)
        }
    }

    /// Its text, without the dashes in front.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_found_where_there_is_one_reading() {
        for (text, expected) in [
            ("text/plain;charset=UTF-8", Ok(None)),
            ("", Ok(None)),
            ("multipart/form-data; boundary=abc", Ok(Some("abc"))),
            ("Multipart/Form-Data;boundary=\"a=b:c\"", Ok(Some("a=b:c"))),
            ("multipart/form-data; charset=utf-8; boundary=x", Ok(Some("x"))),
            ("multipart/form-data", Err(Refusal::Boundary)),
            ("multipart/form-data;", Err(Refusal::Boundary)),
            ("multipart/form-datax; boundary=a", Err(Refusal::Boundary)),
            ("multipart/form-data; boundary=", Err(Refusal::Boundary)),
            ("multipart/form-data; boundary=a; boundary=b", Err(Refusal::Boundary)),
            ("multipart/form-data; boundary=a; x=y", Err(Refusal::Boundary)),
            ("multipart/form-data; boundary=\"a", Err(Refusal::Boundary)),
            ("multipart/form-data; boundary=\"a\\\"b\"", Err(Refusal::Boundary)),
            ("multipart/form-data; boundary=a b", Err(Refusal::Boundary)),
        ] {
            let expected = expected.map(|found| found.map(|text| Boundary(text.to_owned())));
            assert_eq!(Boundary::of(text), expected, "{text}");
        }
    }
}
