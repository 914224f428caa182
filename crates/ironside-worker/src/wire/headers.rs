//! Header lists. Order and repeats are kept and nothing is merged in transit; values are Latin-1 bytes. There is no dynamic
//! table: state shared between frames is what makes header compression expensive and attackable.

use super::codec::{Codec, EncodeError, EncodeProblem};
use super::reader::{DecodeError, DecodeProblem, Reader};
use super::schema::Type;
use bytes::BufMut;
use http::HeaderMap;
use serde_json::Value;

/// A header list, either as it came or as it will be sent.
#[derive(Debug, Clone, Copy)]
pub enum HeaderList<'a> {
    /// Decoded: the pairs' bytes, whose structure has been checked.
    Encoded {
        /// How many pairs there are.
        count: u16,
        /// The pairs.
        pairs: &'a [u8],
    },
    /// To be sent.
    Map(&'a HeaderMap),
}

impl<'a> HeaderList<'a> {
    /// How many headers there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Encoded { count, .. } => usize::from(*count),
            Self::Map(map) => map.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Name and value of each header, in order.
    pub fn pairs(&self) -> Box<dyn Iterator<Item = (&'a [u8], &'a [u8])> + 'a> {
        match *self {
            Self::Encoded { pairs, .. } => Box::new(EncodedPairs {
                input: Reader::new(pairs),
            }),
            Self::Map(map) => Box::new(map.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))),
        }
    }

    /// The pairs of a decoded list without an allocation; nothing for a list that is to be sent.
    pub fn encoded_pairs(&self) -> EncodedPairs<'a> {
        match *self {
            Self::Encoded { pairs, .. } => EncodedPairs {
                input: Reader::new(pairs),
            },
            Self::Map(_) => EncodedPairs { input: Reader::new(&[]) },
        }
    }
}

impl PartialEq for HeaderList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.pairs().eq(other.pairs())
    }
}

/// Iterates over the pairs of a decoded list.
#[derive(Debug)]
pub struct EncodedPairs<'a> {
    input: Reader<'a>,
}

impl<'a> EncodedPairs<'a> {
    fn pair(&mut self) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
        let name = usize::from(u16::from_le_bytes(self.input.array()?));
        let value = usize::from(u16::from_le_bytes(self.input.array()?));
        Ok((self.input.bytes(name)?, self.input.bytes(value)?))
    }
}

impl<'a> Iterator for EncodedPairs<'a> {
    type Item = (&'a [u8], &'a [u8]);
    fn next(&mut self) -> Option<Self::Item> {
        self.pair().ok()
    }
}

fn put(value: &HeaderList<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let short = |length: usize| {
        u16::try_from(length).map_err(|_| {
            EncodeError::new(EncodeProblem::TooLong {
                found: length,
                limit: usize::from(u16::MAX),
            })
        })
    };
    let start = out.len();
    out.put_u32_le(0);
    out.put_u16_le(short(value.len())?);
    let mut pair = |name: &[u8], value: &[u8]| {
        out.put_u16_le(short(name.len())?);
        out.put_u16_le(short(value.len())?);
        out.put_slice(name);
        out.put_slice(value);
        Ok(())
    };
    match value {
        HeaderList::Map(map) => map
            .iter()
            .try_for_each(|(name, value)| pair(name.as_str().as_bytes(), value.as_bytes()))?,
        encoded => encoded.encoded_pairs().try_for_each(|(name, value)| pair(name, value))?,
    }
    let size = out.len() - start - 4;
    let size = u32::try_from(size).map_err(|_| {
        EncodeError::new(EncodeProblem::TooLong {
            found: size,
            limit: u32::MAX as usize,
        })
    })?;
    out[start..start + 4].copy_from_slice(&size.to_le_bytes());
    Ok(())
}

fn take<'a>(input: &mut Reader<'a>) -> Result<HeaderList<'a>, DecodeError> {
    let size = u32::from_le_bytes(input.array()?) as usize;
    let mut block = Reader::new(input.bytes(size)?);
    let count = u16::from_le_bytes(block.array()?);
    let pairs = block.tail();
    // Walk the whole list once, so that iterating later cannot find a contradiction.
    let mut walk = EncodedPairs {
        input: Reader::new(pairs),
    };
    for _ in 0..count {
        walk.pair().map_err(|_| DecodeError::new(DecodeProblem::Headers))?;
    }
    if walk.input.remaining() > 0 {
        return Err(DecodeError::new(DecodeProblem::Headers));
    }
    Ok(HeaderList::Encoded { count, pairs })
}

fn json(value: &HeaderList<'_>) -> Value {
    let latin1 = |bytes: &[u8]| Value::from(bytes.iter().map(|byte| char::from(*byte)).collect::<String>());
    value
        .pairs()
        .map(|(name, value)| Value::Array(vec![latin1(name), latin1(value)]))
        .collect()
}

macro_rules! headers_codec {
    ($(#[$doc:meta])* $name:ident, $lazy:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl<'a> Codec<'a> for $name {
            type Value = HeaderList<'a>;
            const TYPE: &'static Type = &Type::Headers { lazy: $lazy };
            fn put(value: &HeaderList<'a>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
                put(value, out)
            }
            fn take(input: &mut Reader<'a>) -> Result<HeaderList<'a>, DecodeError> {
                take(input)
            }
            fn json(value: &HeaderList<'a>) -> Value {
                json(value)
            }
        }
    };
}

headers_codec!(/** A header list that JavaScript writes: an array of pairs there. */ Headers, false);
headers_codec!(/** A header list that JavaScript reads: scanned there when asked, in one Latin-1 string. */ LazyHeaders, true);
