//! Keeping the connection healthy: credit both ways, heartbeat, drain, invalidation.

use super::codec::{List, Text, U32, U53};
use super::declare::{wire_frame, wire_struct};

wire_struct! {
    /// The worker may send this many response bytes more for the job.
    Credit {
        /// Bytes that were taken by the client.
        bytes: U32,
    }
}
wire_frame!(Credit, 0x06, FrontToWorker, max 16);

wire_struct! {
    /// The front may send this many bytes of the request's body more.
    RequestCredit {
        /// Bytes that were taken by the code.
        bytes: U32,
    }
}
wire_frame!(RequestCredit, 0x87, WorkerToFront, max 16);

wire_struct! {
    /// Are you there?
    Ping {
        /// To be sent back.
        nonce: U32,
    }
}
wire_frame!(Ping, 0x08, FrontToWorker, max 64);

wire_struct! {
    /// The answer to PING, which cannot be sent while JavaScript runs: that is what it measures.
    Pong {
        /// The nonce of the PING.
        nonce: U32,
        /// The event loop's delay.
        lag_us: U32,
        /// Jobs that have not ended.
        jobs: U32,
        /// Bytes of heap in use.
        heap_used: U53,
        /// Bytes of heap that V8 allows.
        heap_limit: U53,
        /// Resident bytes of the process.
        rss: U53,
    }
}
wire_frame!(Pong, 0x89, WorkerToFront, max 64);

wire_struct! {
    /// Finish what you have; no new jobs follow. The worker exits after its last job.
    Drain {
        /// How long that may take.
        grace_ms: U32,
    }
}
wire_frame!(Drain, 0x09, FrontToWorker, max 16);

wire_struct! {
    /// Drop copies inside of the process that carry one of these tags.
    Invalidate {
        /// The tags.
        tags: List<Text<768>, 1024>,
    }
}
wire_frame!(Invalidate, 0x0a, FrontToWorker, max 1024 * 1024);
