//! Giving work to a worker: JOB, BODY, BODY_END, CANCEL.

use super::codec::{Ascii, Bool, List, Tail, Text, U32, U53};
use super::declare::{wire_enum, wire_frame, wire_struct};
use super::headers::LazyHeaders;

/// `Job::route` where no route matched: the not-found tree, with status 404.
pub const NO_ROUTE: u32 = u32::MAX;

/// Most bytes in one BODY or CHUNK.
pub const MAX_CHUNK: usize = 64 * 1024;

wire_enum! {
    /// What is to be done.
    JobKind {
        /// Render a page.
        Page = "page",
        /// Run a server function.
        Action = "action",
        /// Run a route handler.
        Handler = "handler",
        /// Run `proxy.ts`.
        Proxy = "proxy",
        /// Render a page without a request.
        Prerender = "prerender",
        /// Run a metadata module (sitemap, icon …).
        Metadata = "metadata",
        /// An operation of a build helper.
        Control = "control",
    }
}

wire_enum! {
    /// The form of the answer.
    JobVariant {
        /// A document.
        Html = "html",
        /// A Flight payload.
        Rsc = "rsc",
        /// A Flight payload up to the loading states.
        Prefetch = "prefetch",
    }
}

wire_enum! {
    /// How the client came.
    Scheme {
        /// Without TLS.
        Http = "http",
        /// With TLS.
        Https = "https",
    }
}

wire_enum! {
    /// What kind of dynamic segment a parameter comes from.
    ParamKind {
        /// `[name]`.
        Dynamic = "d",
        /// `[...name]`.
        CatchAll = "c",
        /// `[[...name]]`.
        OptionalCatchAll = "oc",
    }
}

wire_struct! {
    /// The value of a dynamic segment.
    Param {
        /// The segment's name.
        name: Text<256>,
        /// The parts, percent-encoded as in the URL. One for `d`.
        values: List<Text<8192>, 256>,
        /// The segment's kind.
        kind: ParamKind,
    }
}

wire_struct! {
    /// One piece of work.
    Job {
        /// What is to be done.
        kind: JobKind,
        /// The form of the answer.
        variant: JobVariant,
        /// The request's method.
        method: Ascii<32>,
        /// How the client came.
        scheme: Scheme,
        /// `host[:port]` as the client sees it.
        authority: Ascii<1024>,
        /// Canonical, percent-encoded, without `basePath`.
        path: Text<16384>,
        /// Raw, without `?`.
        query: Text<32768>,
        /// The client's address, after trusted proxies.
        client_address: Ascii<64>,
        /// Index in the manifest's routes, or `NO_ROUTE`.
        route: U32,
        /// Values of the route's dynamic segments, in route order.
        params: List<Param<'static>, 64>,
        /// An action's id, `""` for an action by form post, or the operation of a control job.
        target: Text<1024>,
        /// 0: the answer is not stored.
        permit: U53,
        /// Milliseconds that the job may take, 0 for no limit.
        deadline_ms: U32,
        /// Names the request in logs.
        request_id: Ascii<128>,
        /// `traceparent`, or `""`.
        trace: Ascii<256>,
        /// Response bytes that the worker may send before it gets more credit.
        credit: U32,
        /// Whether BODY frames and BODY_END follow.
        has_body: Bool,
        /// The request's headers, names in lower case.
        headers: LazyHeaders,
    }
}
wire_frame!(Job, 0x02, FrontToWorker, max 512 * 1024);

wire_struct! {
    /// A part of the request's body.
    Body {
        /// The bytes.
        bytes: Tail<65536>,
    }
}
wire_frame!(Body, 0x03, FrontToWorker, max MAX_CHUNK);

wire_enum! {
    /// How a request's body ended.
    BodyStatus {
        /// All of it was sent.
        Complete = "complete",
        /// The client broke off.
        Truncated = "truncated",
        /// It is larger than allowed.
        OverLimit = "over_limit",
    }
}

wire_struct! {
    /// No BODY follows.
    BodyEnd {
        /// Why.
        status: BodyStatus,
    }
}
wire_frame!(BodyEnd, 0x04, FrontToWorker, max 16);

wire_enum! {
    /// Why a job is cancelled.
    CancelReason {
        /// Nobody reads the answer any more.
        ClientGone = "client_gone",
        /// It took too long.
        Deadline = "deadline",
        /// The worker has to stop.
        Drain = "drain",
        /// The request's body is too large.
        OverLimit = "over_limit",
        /// Another answer has made this one needless.
        Superseded = "superseded",
        /// The answer broke a rule of HTTP.
        BadResponse = "bad_response",
    }
}

wire_struct! {
    /// The worker should stop sending and end the job with its OUTCOME.
    Cancel {
        /// Why.
        reason: CancelReason,
    }
}
wire_frame!(Cancel, 0x05, FrontToWorker, max 16);
