//! The answer: HEAD and CHUNK.

use super::codec::{Optional, Tail, Text, U16};
use super::declare::{wire_enum, wire_frame, wire_struct};
use super::headers::Headers;
use super::outcome::Outcome;

wire_struct! {
    /// Status and headers. Small complete answers need no other frame: `outcome` ends the job and `body` is all of it.
    Head {
        /// 200 to 599.
        status: U16,
        /// The status text (`Response.statusText`), where it is not the usual one of the status. HTTP/1 only.
        reason: Text<256>,
        /// The response's headers, names in lower case.
        headers: Headers,
        /// Ends the job with this frame.
        outcome: Optional<Outcome<'static>>,
        /// The first (or only) bytes for the client, counted against credit.
        body: Tail<65536>,
    }
}
wire_frame!(Head, 0x83, WorkerToFront, max 512 * 1024);

wire_enum! {
    /// What a CHUNK belongs to.
    Channel {
        /// The response's body.
        Body = "body",
        /// The Flight payload beside an HTML body: stored, not sent.
        Payload = "payload",
    }
}

wire_struct! {
    /// Bytes of the answer. Each CHUNK of the body is flushed to the client.
    Chunk {
        /// Where they go.
        channel: Channel,
        /// The bytes.
        bytes: Tail<65536>,
    }
}
wire_frame!(Chunk, 0x84, WorkerToFront, max 1 + 64 * 1024);
