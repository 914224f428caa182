//! Questions of the worker and their answers: CALL and REPLY. The frame header's `seq` ties them together.

use super::codec::{Bool, Bytes, List, Optional, Text, U32, U53};
use super::declare::{wire_enum, wire_frame, wire_struct, wire_union};
use super::frame::Nothing;
use super::job::Param;

/// Most bytes of a cached value.
pub const MAX_VALUE: usize = 2 * 1024 * 1024;

/// The payload limit of CALL and REPLY: a value and what stands around it.
pub const MAX_CALL: usize = MAX_VALUE + 256 * 1024;

wire_enum! {
    /// Whose value it is. Keys of different kinds never meet.
    CacheKind {
        /// `fetch`.
        Fetch = "fetch",
        /// `unstable_cache`.
        Function = "function",
        /// `use cache`.
        Directive = "directive",
    }
}

wire_struct! {
    /// Asks for a cached value.
    CacheGet {
        /// Whose value it is.
        kind: CacheKind,
        /// Names the value.
        key: Bytes<1024>,
        /// Tags that count besides those that the value was stored with.
        tags: List<Text<768>, 128>,
    }
}

wire_struct! {
    /// Stores a value.
    CacheSet {
        /// Whose value it is.
        kind: CacheKind,
        /// The permit that `cache_get` gave, if there was one.
        permit: Optional<U53>,
        /// Names the value.
        key: Bytes<1024>,
        /// Tags to drop it by.
        tags: List<Text<768>, 128>,
        /// Seconds until it is stale; absent for never.
        revalidate: Optional<U32>,
        /// Seconds until it may not be served any more; absent for never.
        expire: Optional<U32>,
        /// The value.
        value: Bytes<2097152>,
    }
}

wire_struct! {
    /// The value will not be stored; somebody else may make it.
    PermitDrop {
        /// The permit.
        permit: U53,
    }
}

wire_enum! {
    /// What is invalidated.
    RevalidationKind {
        /// Everything that carries a tag.
        Tag = "tag",
        /// A path.
        Path = "path",
    }
}

wire_enum! {
    /// How far below a path.
    RevalidationScope {
        /// `revalidatePath(path, 'page')`.
        Page = "page",
        /// `revalidatePath(path, 'layout')`.
        Layout = "layout",
        /// Not said.
        None = "none",
    }
}

wire_enum! {
    /// How hard.
    RevalidationMode {
        /// Gone at once.
        Expire = "expire",
        /// Served once more while it is made anew.
        Stale = "stale",
    }
}

wire_struct! {
    /// One invalidation.
    Revalidation {
        /// What `value` is.
        kind: RevalidationKind,
        /// The tag or the path.
        value: Text<3072>,
        /// How far below a path.
        scope: RevalidationScope,
        /// How hard.
        mode: RevalidationMode,
        /// For `stale`: seconds until it is gone.
        expire_seconds: Optional<U32>,
    }
}

wire_struct! {
    /// Invalidates. The answer comes when every later lookup will see it.
    Revalidate {
        /// What.
        items: List<Revalidation<'static>, 256>,
    }
}

wire_struct! {
    /// Asks how the front would route a URL of the application.
    Resolve {
        /// Absolute, or a path with query.
        url: Text<16384>,
    }
}

wire_struct! {
    /// Counts one more call of something that has a rate limit.
    RateTake {
        /// A digest of what is limited, and for whom.
        key: Bytes<32>,
        /// Whether each client (by its address) has a quota of its own.
        by_client: Bool,
        /// How many may happen at once.
        burst: U32,
        /// Milliseconds in which that many are regained.
        period_ms: U32,
    }
}

wire_struct! {
    /// Begins what may run once only. Waits for another job that runs under the same key.
    IdempotencyBegin {
        /// A digest of the key that the client sent, and of whose key it is.
        key: Bytes<32>,
        /// Whether the client's address is a part of that.
        by_client: Bool,
        /// A digest of what was submitted, 32 bytes.
        fingerprint: Bytes<32>,
        /// Seconds for which the answer is kept.
        keep_s: U32,
        /// Milliseconds to wait for another job.
        patience_ms: U32,
    }
}

wire_struct! {
    /// It has run.
    IdempotencyEnd {
        /// The ticket that `idempotency_begin` gave.
        ticket: U53,
        /// Whether the answer holds for all who come with the key; otherwise the next one runs.
        keep: Bool,
        /// The answer; absent if it can't be repeated.
        value: Optional<Bytes<2097152>>,
    }
}

wire_union! {
    /// A question of the worker.
    Call, tag "op" {
        /// Asks for a cached value.
        0 CacheGet = "cacheGet" (CacheGet),
        /// Stores a value.
        1 CacheSet = "cacheSet" (CacheSet),
        /// Gives a permit back.
        2 PermitDrop = "permitDrop" (PermitDrop),
        /// Invalidates.
        3 Revalidate = "revalidate" (Revalidate),
        /// Asks for the routing of a URL.
        4 Resolve = "resolve" (Resolve),
        /// Counts one more call.
        5 RateTake = "rateTake" (RateTake),
        /// Begins what may run once only.
        6 IdempotencyBegin = "idempotencyBegin" (IdempotencyBegin),
        /// Ends it.
        7 IdempotencyEnd = "idempotencyEnd" (IdempotencyEnd),
    }
}

wire_struct! {
    /// CALL.
    CallFrame {
        /// The question.
        call: Call<'static>,
    }
}
wire_frame!(CallFrame, 0x88, WorkerToFront, max MAX_CALL);

wire_struct! {
    /// There is no such value.
    Miss {
        /// Whoever has it makes the value; absent if somebody else does already.
        permit: Optional<U53>,
    }
}

wire_struct! {
    /// Here is the value.
    Fresh {
        /// The value.
        value: Bytes<2097152>,
    }
}

wire_struct! {
    /// Here is a value that should be made anew.
    Stale {
        /// Whoever has it makes the value anew; absent if somebody else does already.
        permit: Optional<U53>,
        /// The value.
        value: Bytes<2097152>,
    }
}

wire_struct! {
    /// A page of the application.
    ResolvedRoute {
        /// Index in the manifest's routes.
        route: U32,
        /// Values of its dynamic segments.
        params: List<Param<'static>, 64>,
        /// The path, without `basePath`.
        path: Text<16384>,
        /// The query, without `?`.
        query: Text<32768>,
    }
}

wire_struct! {
    /// A URL of the application that no page answers.
    ResolvedHandler {
        /// The path, without `basePath`.
        path: Text<16384>,
        /// The query, without `?`.
        query: Text<32768>,
    }
}

wire_struct! {
    /// A URL of somebody else.
    ResolvedExternal {
        /// The absolute URL.
        url: Text<16384>,
    }
}

wire_union! {
    /// How the front would route a URL.
    Resolution, tag "type" {
        /// A page.
        0 Route = "route" (ResolvedRoute),
        /// A route handler or a file.
        1 Handler = "handler" (ResolvedHandler),
        /// Another site.
        2 External = "external" (ResolvedExternal),
        /// Nothing matches.
        3 None = "none" (Nothing),
    }
}

wire_struct! {
    /// The answer to `resolve`.
    Resolved {
        /// What was found.
        resolution: Resolution<'static>,
    }
}

wire_struct! {
    /// The front does not do it.
    Refused {
        /// Why, for the log.
        reason: Text<1024>,
    }
}

wire_struct! {
    /// The answer to `rate_take`.
    Rated {
        /// Whether it may happen.
        allowed: Bool,
        /// How many more may happen now.
        remaining: U32,
        /// If it may not: milliseconds until it may.
        wait_ms: U32,
    }
}

wire_struct! {
    /// Run, and say how it ended.
    Run {
        /// What to name then.
        ticket: U53,
    }
}

wire_struct! {
    /// It ran before.
    Replay {
        /// What it answered; absent if that can't be repeated.
        value: Optional<Bytes<2097152>>,
    }
}

wire_union! {
    /// The answer to a CALL.
    Reply, tag "type" {
        /// There is no such value.
        0 Miss = "miss" (Miss),
        /// A good value.
        1 Fresh = "fresh" (Fresh),
        /// A value to be made anew.
        2 Stale = "stale" (Stale),
        /// It was done.
        3 Done = "done" (Nothing),
        /// How the URL is routed.
        4 Resolved = "resolved" (Resolved),
        /// It was not done.
        5 Refused = "refused" (Refused),
        /// Whether it may happen now.
        6 Rated = "rated" (Rated),
        /// It is the first under its key.
        7 Run = "run" (Run),
        /// It ran before.
        8 Replay = "replay" (Replay),
        /// Something else was submitted under the key.
        9 Mismatch = "mismatch" (Nothing),
        /// Another job runs under the key, and takes too long to wait for.
        10 Busy = "busy" (Nothing),
    }
}

wire_struct! {
    /// REPLY.
    ReplyFrame {
        /// The answer.
        reply: Reply<'static>,
    }
}
wire_frame!(ReplyFrame, 0x07, FrontToWorker, max MAX_CALL);
