//! What the name of a part means: in a reply, and in a form that was posted without JavaScript, where the same names stand
//! behind a prefix for the bound arguments of an action.

use crate::refusal::Refusal;

/// A part of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// `7`: a row, or bytes.
    Row(u32),
    /// `_7_name`: an entry of the form 7.
    Entry(u32, &'a str),
    /// `S7`: a chunk of the stream 7.
    Chunk(u32),
}

/// A part of a posted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormField<'a> {
    /// `$ACTION_ID_<id>`: the action.
    Id(&'a str),
    /// `$ACTION_REF_<tag>`: the action is described under this tag.
    Described(&'a str),
    /// `$ACTION_<tag>:…`: a part of that description.
    Description(&'a str, Field<'a>),
    /// `$ACTION_KEY`: which state the answer continues.
    StateKey,
    /// The application's own.
    Own,
}

/// Reads the name of a part of a reply.
///
/// # Errors
/// [`Refusal::UnknownField`].
pub fn of_reply(name: &str) -> Result<Field<'_>, Refusal> {
    let unknown = Refusal::UnknownField;
    if let Some(rest) = name.strip_prefix('_') {
        let (id, entry) = rest.split_once('_').ok_or(unknown)?;
        return Ok(Field::Entry(decimal(id).ok_or(unknown)?, entry));
    }
    if let Some(id) = name.strip_prefix('S') {
        return decimal(id).map(Field::Chunk).ok_or(unknown);
    }
    decimal(name).map(Field::Row).ok_or(unknown)
}

/// Reads the name of a part of a posted form.
///
/// # Errors
/// [`Refusal::UnknownField`] for a name that is React's and means nothing, [`Refusal::Marker`] for a tag that is none.
pub fn of_form(name: &str) -> Result<FormField<'_>, Refusal> {
    let Some(rest) = name.strip_prefix("$ACTION_") else {
        return Ok(FormField::Own);
    };
    if let Some(id) = rest.strip_prefix("ID_") {
        return Ok(FormField::Id(id));
    }
    if let Some(tag) = rest.strip_prefix("REF_") {
        return if is_tag(tag) {
            Ok(FormField::Described(tag))
        } else {
            Err(Refusal::Marker)
        };
    }
    if rest == "KEY" {
        return Ok(FormField::StateKey);
    }
    match rest.split_once(':') {
        Some((tag, field)) if is_tag(tag) => Ok(FormField::Description(tag, of_reply(field)?)),
        _ => Err(Refusal::UnknownField),
    }
}

/// A number of React's, behind the prefix that a root may have been given.
fn is_tag(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Decimal as `String(number)` writes it.
fn decimal(text: &str) -> Option<u32> {
    let canonical = (text == "0" || !text.starts_with('0')) && text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_react_writes_them() {
        assert_eq!(of_reply("0"), Ok(Field::Row(0)));
        assert_eq!(of_reply("12"), Ok(Field::Row(12)));
        assert_eq!(of_reply("_3_a_b"), Ok(Field::Entry(3, "a_b")));
        assert_eq!(of_reply("_3_"), Ok(Field::Entry(3, "")));
        assert_eq!(of_reply("S9"), Ok(Field::Chunk(9)));
        for name in [
            "",
            "00",
            "+1",
            "1.0",
            " 1",
            "0x1",
            "1e3",
            "S",
            "S01",
            "_x_a",
            "_1",
            "NaN",
            "__proto__",
            "-1",
            "99999999999",
        ] {
            assert_eq!(of_reply(name), Err(Refusal::UnknownField), "{name}");
        }
    }

    #[test]
    fn forms_have_markers_descriptions_and_fields_of_their_own() {
        assert_eq!(of_form("title"), Ok(FormField::Own));
        assert_eq!(of_form("$ACTION_ID_40ab"), Ok(FormField::Id("40ab")));
        assert_eq!(of_form("$ACTION_REF_1"), Ok(FormField::Described("1")));
        assert_eq!(of_form("$ACTION_1:0"), Ok(FormField::Description("1", Field::Row(0))));
        assert_eq!(
            of_form("$ACTION_1:_2_x"),
            Ok(FormField::Description("1", Field::Entry(2, "x")))
        );
        assert_eq!(of_form("$ACTION_KEY"), Ok(FormField::StateKey));
        assert_eq!(of_form("$ACTION_REF_"), Err(Refusal::Marker));
        assert_eq!(of_form("$ACTION_REF_a:b"), Err(Refusal::Marker));
        assert_eq!(of_form("$ACTION_1:x"), Err(Refusal::UnknownField));
        assert_eq!(of_form("$ACTION_"), Err(Refusal::UnknownField));
    }
}
