//! How a job ended: OUTCOME and AFTER_DONE.

use super::call::Revalidation;
use super::codec::{Bool, List, Optional, Text, U16, U32};
use super::declare::{wire_enum, wire_frame, wire_struct, wire_union};
use super::frame::Nothing;
use super::headers::Headers;

wire_enum! {
    /// The result of a job.
    JobResult {
        /// As the code meant it.
        Ok = "ok",
        /// `redirect()` was thrown.
        Redirect = "redirect",
        /// `notFound()` was thrown.
        NotFound = "not_found",
        /// The code threw.
        Thrown = "thrown",
        /// It stopped because of CANCEL.
        Aborted = "aborted",
        /// It stopped because of its deadline.
        Timeout = "timeout",
        /// The code answered with what HTTP does not allow.
        BadResponse = "bad_response",
    }
}

wire_enum! {
    /// The first API that made the work dynamic.
    DynamicReason {
        /// `cookies()`.
        Cookies = "cookies",
        /// `headers()`.
        Headers = "headers",
        /// `searchParams`.
        SearchParams = "searchParams",
        /// `connection()`.
        Connection = "connection",
        /// `draftMode()`.
        DraftMode = "draftMode",
        /// `unstable_noStore()`.
        NoStore = "noStore",
        /// A fetch that must not be cached.
        Fetch = "fetch",
        /// Segment config.
        Config = "config",
        /// `'use cache: private'`.
        Private = "private",
        /// A part of it is kept for so short a time that the whole isn't.
        CacheLife = "cacheLife",
        /// With `cacheComponents`: something was waited for that no cache has.
        Io = "io",
        /// With `cacheComponents`: the time was asked for, or a random number.
        Random = "random",
    }
}

wire_struct! {
    /// An error of the application.
    ErrorInfo {
        /// What the client may see of it.
        digest: Text<256>,
        /// The message, for the log.
        message: Text<16384>,
        /// The stack, for the log.
        stack: Text<32768>,
    }
}

wire_struct! {
    /// A URL to go on with.
    ProxyRewrite {
        /// Absolute, or a path with query.
        url: Text<16384>,
    }
}

wire_struct! {
    /// A URL to send the client to.
    ProxyRedirect {
        /// Absolute, or a path with query.
        url: Text<16384>,
        /// The redirect's status.
        status: U16,
    }
}

wire_union! {
    /// What `proxy.ts` decided.
    ProxyAction, tag "type" {
        /// Go on with the same URL.
        0 Next = "next" (Nothing),
        /// Go on with another URL.
        1 Rewrite = "rewrite" (ProxyRewrite),
        /// Answer with a redirect.
        2 Redirect = "redirect" (ProxyRedirect),
        /// The proxy answered by itself: HEAD was sent.
        3 Respond = "respond" (Nothing),
    }
}

wire_struct! {
    /// A decision and what it does to headers.
    ProxyDecision {
        /// What to do.
        action: ProxyAction<'static>,
        /// Replaces the request's headers, where the code asked for that.
        request_headers: Optional<Headers>,
        /// Added to the response, whoever makes it.
        response_headers: Headers,
    }
}

wire_struct! {
    /// The one end of a job.
    Outcome {
        /// How it ended.
        result: JobResult,
        /// What was thrown.
        error: Optional<ErrorInfo<'static>>,
        /// Why the answer belongs to this request only; absent where it is static.
        dynamic: Optional<DynamicReason>,
        /// Tags of what was read.
        tags: List<Text<768>, 128>,
        /// Seconds until the answer is stale; absent for never.
        revalidate: Optional<U32>,
        /// Seconds until a stale answer may not be served any more.
        expire: Optional<U32>,
        /// Seconds that a client may use the answer without asking.
        stale: Optional<U32>,
        /// What was invalidated, for the log.
        revalidations: List<Revalidation<'static>, 256>,
        /// The decision of a proxy job.
        proxy: Optional<ProxyDecision<'static>>,
        /// CPU time of the job.
        cpu_us: U32,
        /// Time from JOB to here.
        wall_us: U32,
        /// Whether `after()` callbacks run on; AFTER_DONE follows then.
        after: Bool,
    }
}
wire_frame!(Outcome, 0x85, WorkerToFront, max 512 * 1024);

wire_struct! {
    /// The `after()` callbacks of a job have ended.
    AfterDone {
        /// What they invalidated, for the log.
        revalidations: List<Revalidation<'static>, 256>,
        /// What they threw.
        errors: List<ErrorInfo<'static>, 16>,
    }
}
wire_frame!(AfterDone, 0x86, WorkerToFront, max 512 * 1024);
