//! How each kind of field is written and read. A field's kind is a type (`Ascii<64>`, `List<Text<768>, 128>`), so that the
//! declaration of a frame is at once its documentation, its limits, its encoder and its decoder.

use super::reader::{DecodeError, DecodeProblem, Reader};
use super::schema::Type;
use bytes::BufMut;
use serde_json::Value;
use thiserror::Error;

/// Why a frame could not be encoded. Nothing has been written then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("field `{field}`: {problem}")]
pub struct EncodeError {
    /// The field that does not fit.
    pub field: &'static str,
    /// Why.
    pub problem: EncodeProblem,
}

/// The kinds of [`EncodeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeProblem {
    /// A text, list or the frame itself is too long.
    #[error("{found} is above the limit of {limit}")]
    TooLong {
        /// How long it is.
        found: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A character that the field cannot carry.
    #[error("the text has characters other than ASCII")]
    NotAscii,
    /// A number above 2⁵³ − 1, which JavaScript could not represent.
    #[error("{0} is above 2^53 - 1")]
    TooLarge(u64),
}

impl EncodeError {
    pub(crate) fn new(problem: EncodeProblem) -> Self {
        Self { field: "", problem }
    }

    /// Names the field, unless an inner one has been named already.
    pub(crate) fn within(mut self, field: &'static str) -> Self {
        if self.field.is_empty() {
            self.field = field;
        }
        self
    }
}

/// One kind of field.
pub trait Codec<'a> {
    /// What the field is in Rust. Decoded values borrow from the read buffer.
    type Value;
    /// The description that the TypeScript side is generated from.
    const TYPE: &'static Type;
    /// Appends the value. What was appended before an error is removed by the frame encoder.
    fn put(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    /// Reads the value.
    fn take(input: &mut Reader<'a>) -> Result<Self::Value, DecodeError>;
    /// The value as it stands in a golden file: camelCase names, bytes in hexadecimal.
    fn json(value: &Self::Value) -> Value;
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $value:ty, $type:ident, $put:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl<'a> Codec<'a> for $name {
            type Value = $value;
            const TYPE: &'static Type = &Type::$type;
            fn put(value: &$value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
                out.$put(*value);
                Ok(())
            }
            fn take(input: &mut Reader<'a>) -> Result<$value, DecodeError> {
                Ok(<$value>::from_le_bytes(input.array()?))
            }
            fn json(value: &$value) -> Value {
                Value::from(*value)
            }
        }
    };
}

number!(/** One byte. */ U8, u8, U8, put_u8);
number!(/** Two bytes. */ U16, u16, U16, put_u16_le);
number!(/** Four bytes. */ U32, u32, U32, put_u32_le);
number!(/** A floating-point number. */ F64, f64, F64, put_f64_le);

/// The largest number that JavaScript counts exactly.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Eight bytes that stay within JavaScript's exact integers.
#[derive(Debug)]
pub struct U53;
impl<'a> Codec<'a> for U53 {
    type Value = u64;
    const TYPE: &'static Type = &Type::U53;
    fn put(value: &u64, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if *value > MAX_SAFE_INTEGER {
            return Err(EncodeError::new(EncodeProblem::TooLarge(*value)));
        }
        out.put_u64_le(*value);
        Ok(())
    }
    fn take(input: &mut Reader<'a>) -> Result<u64, DecodeError> {
        let value = u64::from_le_bytes(input.array()?);
        if value > MAX_SAFE_INTEGER {
            Err(DecodeError::new(DecodeProblem::Unknown(value)))
        } else {
            Ok(value)
        }
    }
    fn json(value: &u64) -> Value {
        Value::from(*value)
    }
}

/// One byte, 0 or 1.
#[derive(Debug)]
pub struct Bool;
impl<'a> Codec<'a> for Bool {
    type Value = bool;
    const TYPE: &'static Type = &Type::Bool;
    fn put(value: &bool, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.put_u8(u8::from(*value));
        Ok(())
    }
    fn take(input: &mut Reader<'a>) -> Result<bool, DecodeError> {
        match input.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(DecodeError::new(DecodeProblem::Unknown(other.into()))),
        }
    }
    fn json(value: &bool) -> Value {
        Value::from(*value)
    }
}

/// Writes a u16 length, then the bytes.
fn put_short(bytes: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let too_long = || {
        EncodeError::new(EncodeProblem::TooLong {
            found: bytes.len(),
            limit,
        })
    };
    if bytes.len() > limit {
        return Err(too_long());
    }
    out.put_u16_le(u16::try_from(bytes.len()).map_err(|_| too_long())?);
    out.put_slice(bytes);
    Ok(())
}

/// Reads a u16 length, then the bytes.
fn take_short<'a>(limit: usize, input: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let found = usize::from(u16::from_le_bytes(input.array()?));
    if found > limit {
        return Err(DecodeError::new(DecodeProblem::TooLong { found, limit }));
    }
    input.bytes(found)
}

/// ASCII text of at most `MAX` bytes after a u16 length. JavaScript takes it out of one Latin-1 string of the whole frame.
#[derive(Debug)]
pub struct Ascii<const MAX: usize>;
impl<'a, const MAX: usize> Codec<'a> for Ascii<MAX> {
    type Value = &'a str;
    const TYPE: &'static Type = &Type::Ascii { max: MAX };
    fn put(value: &&'a str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if !value.is_ascii() {
            return Err(EncodeError::new(EncodeProblem::NotAscii));
        }
        put_short(value.as_bytes(), MAX, out)
    }
    fn take(input: &mut Reader<'a>) -> Result<&'a str, DecodeError> {
        let bytes = take_short(MAX, input)?;
        match std::str::from_utf8(bytes) {
            Ok(text) if text.is_ascii() => Ok(text),
            _ => Err(DecodeError::new(DecodeProblem::Text)),
        }
    }
    fn json(value: &&'a str) -> Value {
        Value::from(*value)
    }
}

/// UTF-8 text of at most `MAX` bytes after a u16 length.
#[derive(Debug)]
pub struct Text<const MAX: usize>;
impl<'a, const MAX: usize> Codec<'a> for Text<MAX> {
    type Value = &'a str;
    const TYPE: &'static Type = &Type::Text { max: MAX };
    fn put(value: &&'a str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        put_short(value.as_bytes(), MAX, out)
    }
    fn take(input: &mut Reader<'a>) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(take_short(MAX, input)?).map_err(|_| DecodeError::new(DecodeProblem::Text))
    }
    fn json(value: &&'a str) -> Value {
        Value::from(*value)
    }
}

/// At most `MAX` bytes after a u32 length.
#[derive(Debug)]
pub struct Bytes<const MAX: usize>;
impl<'a, const MAX: usize> Codec<'a> for Bytes<MAX> {
    type Value = &'a [u8];
    const TYPE: &'static Type = &Type::Bytes { max: MAX };
    fn put(value: &&'a [u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let too_long = || {
            EncodeError::new(EncodeProblem::TooLong {
                found: value.len(),
                limit: MAX,
            })
        };
        if value.len() > MAX {
            return Err(too_long());
        }
        out.put_u32_le(u32::try_from(value.len()).map_err(|_| too_long())?);
        out.put_slice(value);
        Ok(())
    }
    fn take(input: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
        let found = u32::from_le_bytes(input.array()?) as usize;
        if found > MAX {
            return Err(DecodeError::new(DecodeProblem::TooLong { found, limit: MAX }));
        }
        input.bytes(found)
    }
    fn json(value: &&'a [u8]) -> Value {
        Value::from(hexadecimal(value))
    }
}

/// All bytes up to the end of the frame, at most `MAX`. Only as the last field of a frame.
#[derive(Debug)]
pub struct Tail<const MAX: usize>;
impl<'a, const MAX: usize> Codec<'a> for Tail<MAX> {
    type Value = &'a [u8];
    const TYPE: &'static Type = &Type::Tail { max: MAX };
    fn put(value: &&'a [u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if value.len() > MAX {
            return Err(EncodeError::new(EncodeProblem::TooLong {
                found: value.len(),
                limit: MAX,
            }));
        }
        out.put_slice(value);
        Ok(())
    }
    fn take(input: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
        let found = input.remaining();
        if found > MAX {
            return Err(DecodeError::new(DecodeProblem::TooLong { found, limit: MAX }));
        }
        Ok(input.tail())
    }
    fn json(value: &&'a [u8]) -> Value {
        Value::from(hexadecimal(value))
    }
}

/// A byte that says whether the value follows, then the value.
#[derive(Debug)]
pub struct Optional<T>(std::marker::PhantomData<T>);
impl<'a, T: Codec<'a>> Codec<'a> for Optional<T> {
    type Value = Option<T::Value>;
    const TYPE: &'static Type = &Type::Optional(T::TYPE);
    fn put(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        Bool::put(&value.is_some(), out)?;
        value.as_ref().map_or(Ok(()), |value| T::put(value, out))
    }
    fn take(input: &mut Reader<'a>) -> Result<Self::Value, DecodeError> {
        if Bool::take(input)? {
            T::take(input).map(Some)
        } else {
            Ok(None)
        }
    }
    fn json(value: &Self::Value) -> Value {
        value.as_ref().map_or(Value::Null, T::json)
    }
}

/// A u16 count of at most `MAX`, then the items.
#[derive(Debug)]
pub struct List<T, const MAX: usize>(std::marker::PhantomData<T>);
impl<'a, T: Codec<'a>, const MAX: usize> Codec<'a> for List<T, MAX> {
    type Value = Vec<T::Value>;
    const TYPE: &'static Type = &Type::List { item: T::TYPE, max: MAX };
    fn put(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let too_long = || {
            EncodeError::new(EncodeProblem::TooLong {
                found: value.len(),
                limit: MAX,
            })
        };
        if value.len() > MAX {
            return Err(too_long());
        }
        out.put_u16_le(u16::try_from(value.len()).map_err(|_| too_long())?);
        value.iter().try_for_each(|item| T::put(item, out))
    }
    fn take(input: &mut Reader<'a>) -> Result<Self::Value, DecodeError> {
        let found = usize::from(u16::from_le_bytes(input.array()?));
        if found > MAX {
            return Err(DecodeError::new(DecodeProblem::TooLong { found, limit: MAX }));
        }
        // Every item takes a byte at least, so a short payload cannot make a long allocation.
        let mut items = Vec::with_capacity(found.min(input.remaining()));
        for _ in 0..found {
            items.push(T::take(input)?);
        }
        Ok(items)
    }
    fn json(value: &Self::Value) -> Value {
        value.iter().map(T::json).collect()
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
