//! What a worker must never do. A worker that breaks a rule is killed: a stream that is out of step cannot be mended, and one
//! that lies cannot be trusted.

use crate::wire::reader::DecodeError;
use thiserror::Error;

/// A broken rule, and the frame that broke it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("frame 0x{code:02x} of job {job}: {kind}")]
pub(crate) struct ProtocolFault {
    pub(crate) kind: FaultKind,
    pub(crate) code: u8,
    pub(crate) job: u32,
}

/// The rules.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum FaultKind {
    #[error("there is no such frame from a worker")]
    UnknownType,
    #[error("{found} bytes are above the frame's limit of {limit}")]
    TooLong { found: usize, limit: usize },
    #[error("unknown flags 0x{0:02x}")]
    Flags(u8),
    #[error("the job is not live on this connection")]
    UnknownJob,
    #[error("{0}")]
    State(&'static str),
    #[error("{sent} bytes were sent with a credit of {granted}")]
    Credit { sent: usize, granted: i64 },
    #[error("{0}")]
    Decode(#[from] DecodeError),
    #[error("the stream ended inside of a frame")]
    Cut,
}
