//! Setting up and giving up: HELLO, CONFIG, READY, FATAL.

use super::codec::{Ascii, Bool, Bytes, List, Text, U16, U32};
use super::declare::{wire_frame, wire_struct};

/// The first four bytes of HELLO's payload: `IRNS`.
pub const MAGIC: u32 = u32::from_le_bytes(*b"IRNS");

/// Rises with every change of a frame. Both halves ship together, so there is no negotiation.
pub const PROTOCOL_VERSION: u16 = 4;

wire_struct! {
    /// The worker's first frame. `magic` and `protocol` stay first in every version, so that a mismatch can be named.
    Hello {
        /// `MAGIC`.
        magic: U32,
        /// `PROTOCOL_VERSION` of the runtime.
        protocol: U16,
        /// The schema hash that the runtime was generated from.
        schema: Ascii<16>,
        /// The worker's process id.
        pid: U32,
        /// `process.version`.
        node: Ascii<64>,
        /// Which build of the runtime this is.
        runtime: Text<256>,
    }
}
wire_frame!(Hello, 0x81, WorkerToFront, max 1024);

wire_struct! {
    /// One environment variable.
    Variable {
        /// Its name.
        name: Text<1024>,
        /// Its value.
        value: Text<65535>,
    }
}

wire_struct! {
    /// What a worker has to know before it loads anything. Secrets travel here and not in the environment, where any child
    /// process could read them.
    Config {
        /// The build that is served.
        deployment: Text<256>,
        /// The manifest's absolute path.
        manifest: Text<4096>,
        /// Keys that captured values of server functions are sealed with; the first one seals, all of them open.
        keys: List<Bytes<64>, 16>,
        /// Variables to set in `process.env`.
        environment: List<Variable<'static>, 4096>,
        /// Whether this is `ironside dev`.
        development: Bool,
        /// This worker's number in the pool.
        worker: U32,
        /// Bytes of a request's body that the front may send before it gets credit.
        stream_window: U32,
        /// Most jobs at once.
        jobs: U16,
        /// Bytes of a form's files that are kept in memory; the rest is put into temporary files.
        form_memory: U32,
        /// Most parts of a form.
        form_parts: U32,
        /// Most bytes of all text fields of a form.
        form_text: U32,
        /// Most bytes of the headers of one part of a form.
        form_header: U32,
    }
}
wire_frame!(Config, 0x01, FrontToWorker, max 1 << 20);

wire_struct! {
    /// The server bundles are loaded and jobs may come.
    Ready {
        /// Milliseconds from the start of the process to HELLO.
        boot_ms: U32,
        /// Milliseconds from CONFIG to READY.
        load_ms: U32,
        /// The bundles that were loaded, relative to the build folder.
        bundles: List<Text<1024>, 256>,
    }
}
wire_frame!(Ready, 0x82, WorkerToFront, max 65536);

wire_struct! {
    /// The process is about to exit because its state is unknown: an uncaught exception, an unhandled rejection. The frame's
    /// job is the one that it happened in, if that is known.
    Fatal {
        /// The error's message.
        message: Text<16384>,
        /// Its stack.
        stack: Text<32768>,
    }
}
wire_frame!(Fatal, 0x8d, WorkerToFront, max 65536);
