//! The twelve bytes before each payload, and encoding and decoding of whole frames.
//!
//! | offset | field | |
//! |---|---|---|
//! | 0 | `len` u32 | bytes of the payload |
//! | 4 | `type` u8 | bit 7: worker → front |
//! | 5 | `flags` u8 | 0; anything else is a fault |
//! | 6 | `seq` u16 | number of a call, otherwise 0 |
//! | 8 | `job` u32 | 0: the connection itself |

use super::codec::{Codec, EncodeError, EncodeProblem};
use super::reader::{DecodeError, Reader};
use super::schema::{FrameSchema, StructType, Type};
use bytes::BufMut;
use serde_json::Value;

/// Bytes of a frame's header.
pub const HEADER_LEN: usize = 12;

/// The frame header, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Bytes of the payload.
    pub len: u32,
    /// The type byte.
    pub code: u8,
    /// Always 0 today.
    pub flags: u8,
    /// The number of a call.
    pub seq: u16,
    /// The job, 0 for the connection.
    pub job: u32,
}

impl FrameHeader {
    /// Reads the header at the start of `bytes`, or `None` while it is incomplete.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.first_chunk::<HEADER_LEN>()?;
        let [l0, l1, l2, l3, code, flags, s0, s1, j0, j1, j2, j3] = *header;
        Some(Self {
            len: u32::from_le_bytes([l0, l1, l2, l3]),
            code,
            flags,
            seq: u16::from_le_bytes([s0, s1]),
            job: u32::from_le_bytes([j0, j1, j2, j3]),
        })
    }

    /// Appends the header.
    pub fn write(self, out: &mut Vec<u8>) {
        out.put_u32_le(self.len);
        out.put_u8(self.code);
        out.put_u8(self.flags);
        out.put_u16_le(self.seq);
        out.put_u32_le(self.job);
    }
}

/// A struct with a description.
pub trait Structure {
    /// The description.
    const STRUCTURE: &'static StructType;
}

/// A struct that is a frame of its own. Implemented by `wire_frame!` only.
pub trait Frame<'a>: Sized {
    /// Type byte, direction, limit and payload.
    const SCHEMA: FrameSchema;
    /// Appends the payload.
    fn put_payload(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    /// Reads the payload, which may have bytes left.
    fn take_payload(input: &mut Reader<'a>) -> Result<Self, DecodeError>;
    /// The form that golden files have.
    fn json(&self) -> Value;
}

/// Appends a whole frame. After an error `out` is as it was before, so that the stream can never get out of step.
pub fn encode<'a, F: Frame<'a>>(frame: &F, job: u32, seq: u16, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    let header = FrameHeader {
        len: 0,
        code: F::SCHEMA.code,
        flags: 0,
        seq,
        job,
    };
    header.write(out);
    let limit = F::SCHEMA.max;
    let end = frame.put_payload(out).and_then(|()| {
        let found = out.len() - start - HEADER_LEN;
        let too_long = EncodeError::new(EncodeProblem::TooLong { found, limit });
        if found > limit {
            Err(too_long)
        } else {
            u32::try_from(found).map_err(|_| too_long)
        }
    });
    match end {
        Ok(len) => {
            out[start..start + 4].copy_from_slice(&len.to_le_bytes());
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

/// Decodes a whole payload; nothing may be left over.
pub fn decode<'a, F: Frame<'a>>(payload: &'a [u8]) -> Result<F, DecodeError> {
    let mut input = Reader::new(payload);
    let frame = F::take_payload(&mut input)?;
    input.finish()?;
    Ok(frame)
}

/// The struct without fields, for variants of unions that say everything by their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nothing<'a>(std::marker::PhantomData<&'a ()>);

impl Structure for Nothing<'_> {
    const STRUCTURE: &'static StructType = &StructType {
        name: "Nothing",
        docs: &[],
        fields: &[],
    };
}

impl<'a> Codec<'a> for Nothing<'static> {
    type Value = Nothing<'a>;
    const TYPE: &'static Type = &Type::Struct(<Nothing<'static> as Structure>::STRUCTURE);
    fn put(_: &Nothing<'a>, _: &mut Vec<u8>) -> Result<(), EncodeError> {
        Ok(())
    }
    fn take(_: &mut Reader<'a>) -> Result<Nothing<'a>, DecodeError> {
        Ok(Nothing::default())
    }
    fn json(_: &Nothing<'a>) -> Value {
        Value::Object(serde_json::Map::new())
    }
}
