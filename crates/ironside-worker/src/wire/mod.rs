//! The wire: every frame that goes between the front and a worker, declared once.
//!
//! The declarations here are the source of truth. `cargo xtask gen` writes the TypeScript half
//! (`packages/protocol/src/generated.ts`) and the golden frames from [`FRAMES`], and the hash in HELLO
//! makes sure that a worker was made from the same ones. Any change of a frame raises [`PROTOCOL_VERSION`]: both halves
//! ship together, so there are no optional fields and no branches for older peers.
//!
//! Nothing here does input or output. Encoders are fallible and atomic; decoders borrow from the read buffer, check every
//! length and accept no byte too many.

pub mod boot;
pub mod call;
pub mod codec;
mod declare;
pub mod flow;
pub mod frame;
pub mod headers;
pub mod job;
pub mod outcome;
pub mod reader;
pub mod record;
pub mod response;
pub mod sample;
pub mod schema;

pub use boot::{Config, Fatal, Hello, MAGIC, PROTOCOL_VERSION, Ready, Variable};
pub use call::{
    CacheKind, Call, CallFrame, Reply, ReplyFrame, Resolution, Revalidation, RevalidationKind, RevalidationMode,
    RevalidationScope,
};
pub use flow::{Credit, Drain, Invalidate, Ping, Pong, RequestCredit};
pub use frame::{Frame, FrameHeader, HEADER_LEN, decode, encode};
pub use headers::HeaderList;
pub use job::{
    Body, BodyEnd, BodyStatus, Cancel, CancelReason, Job, JobKind, JobVariant, MAX_CHUNK, NO_ROUTE, Param, ParamKind, Scheme,
};
pub use outcome::{AfterDone, DynamicReason, ErrorInfo, JobResult, Outcome, ProxyAction, ProxyDecision};
pub use record::{Log, LogLevel, Metric, MetricKind, RecordField, Span};
pub use response::{Channel, Chunk, Head};

use schema::FrameSchema;

/// Every frame, front to worker first, by type byte.
pub const FRAMES: &[FrameSchema] = &[
    Config::SCHEMA,
    Job::SCHEMA,
    Body::SCHEMA,
    BodyEnd::SCHEMA,
    Cancel::SCHEMA,
    Credit::SCHEMA,
    ReplyFrame::SCHEMA,
    Ping::SCHEMA,
    Drain::SCHEMA,
    Invalidate::SCHEMA,
    Hello::SCHEMA,
    Ready::SCHEMA,
    Head::SCHEMA,
    Chunk::SCHEMA,
    Outcome::SCHEMA,
    AfterDone::SCHEMA,
    RequestCredit::SCHEMA,
    CallFrame::SCHEMA,
    Pong::SCHEMA,
    Log::SCHEMA,
    Span::SCHEMA,
    Metric::SCHEMA,
    Fatal::SCHEMA,
];

/// The hash of [`FRAMES`], as HELLO carries it.
pub fn schema_hash() -> String {
    schema::schema_hash(FRAMES)
}
