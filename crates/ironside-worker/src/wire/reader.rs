//! Reading a payload: a cursor that cannot run past its end. Every length is checked before bytes are taken, because the
//! bytes come from a worker.

use thiserror::Error;

/// Why a payload could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("field `{field}`: {problem}")]
pub struct DecodeError {
    /// The field that was being read, or `""` for the frame as a whole.
    pub field: &'static str,
    /// What was wrong with it.
    pub problem: DecodeProblem,
}

/// The kinds of [`DecodeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// The payload ends before the field does.
    #[error("the payload ends too early")]
    Truncated,
    /// Bytes are left after the last field.
    #[error("{0} bytes are left over")]
    LeftOver(usize),
    /// A length or count is above the field's limit.
    #[error("{found} is above the limit of {limit}")]
    TooLong {
        /// What the payload says.
        found: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Text that is not UTF-8, or not ASCII where that is promised.
    #[error("the text is malformed")]
    Text,
    /// A number that stands for nothing.
    #[error("{0} is not a known value")]
    Unknown(u64),
    /// The counts inside of a header list contradict each other.
    #[error("the header list is malformed")]
    Headers,
}

impl DecodeError {
    /// An error whose field is filled in by the caller.
    pub(crate) fn new(problem: DecodeProblem) -> Self {
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

/// A cursor over one payload.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `payload`.
    pub fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }

    /// Bytes that have not been read.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(DecodeError::new(DecodeProblem::Truncated))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes as an array, for the fixed-size numbers.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(DecodeError::new(DecodeProblem::Truncated))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// All that is left.
    pub fn tail(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Ends the reading: nothing may be left.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::new(DecodeProblem::LeftOver(self.rest.len())))
        }
    }
}
