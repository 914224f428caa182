//! Questions that a worker asks on behalf of a job, and the front's answers.

use crate::job::{Param, frame_params};
use crate::wire::{self, CacheKind, RevalidationKind, RevalidationMode, RevalidationScope, call as frames, frame::Nothing};
use bytes::Bytes;

/// One invalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revalidation {
    /// What `value` is.
    pub kind: RevalidationKind,
    /// The tag or the path.
    pub value: String,
    /// How far below a path.
    pub scope: RevalidationScope,
    /// How hard.
    pub mode: RevalidationMode,
    /// For [`RevalidationMode::Stale`]: seconds until it is gone.
    pub expire_seconds: Option<u32>,
}

impl From<wire::Revalidation<'_>> for Revalidation {
    fn from(item: wire::Revalidation<'_>) -> Self {
        Self {
            kind: item.kind,
            value: item.value.to_owned(),
            scope: item.scope,
            mode: item.mode,
            expire_seconds: item.expire_seconds,
        }
    }
}

/// A question of a worker. Keys and values are opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Asks for a cached value. Answer: [`Reply::Miss`], [`Reply::Fresh`] or [`Reply::Stale`].
    CacheGet {
        /// Whose value it is; part of the key.
        kind: CacheKind,
        /// Names the value, at most 1 KiB.
        key: Bytes,
        /// Tags that count besides those that the value was stored with.
        tags: Vec<String>,
    },
    /// Stores a value. Answer: [`Reply::Done`] or [`Reply::Refused`].
    CacheSet {
        /// Whose value it is; part of the key.
        kind: CacheKind,
        /// The permit that `CacheGet` gave, if there was one.
        permit: Option<u64>,
        /// Names the value, at most 1 KiB.
        key: Bytes,
        /// Tags to drop it by.
        tags: Vec<String>,
        /// Seconds until it is stale.
        revalidate: Option<u32>,
        /// Seconds until it may not be served any more.
        expire: Option<u32>,
        /// The value, at most 2 MiB.
        value: Bytes,
    },
    /// Gives a permit back unused. Answer: [`Reply::Done`].
    PermitDrop {
        /// The permit.
        permit: u64,
    },
    /// Invalidates. Answer [`Reply::Done`] only when every later lookup will see it.
    Revalidate {
        /// What.
        items: Vec<Revalidation>,
    },
    /// Asks how a URL of the application would be routed. Answer: [`Reply::Resolved`].
    Resolve {
        /// Absolute, or a path with query.
        url: String,
    },
    /// Counts one more call of something that has a rate limit. Answer: [`Reply::Rated`].
    RateTake {
        /// A digest of what is limited, and for whom.
        key: Bytes,
        /// Whether each client has a quota of its own.
        by_client: bool,
        /// How many may happen at once.
        burst: u32,
        /// Milliseconds in which that many are regained.
        period_ms: u32,
    },
    /// Begins what may run once only. Answer: [`Reply::Run`], [`Reply::Replay`], [`Reply::Mismatch`] or [`Reply::Busy`].
    IdempotencyBegin {
        /// A digest of the key, and of whose it is.
        key: Bytes,
        /// Whether the client's address is a part of that.
        by_client: bool,
        /// A digest of what was submitted.
        fingerprint: Bytes,
        /// Seconds for which the answer is kept.
        keep_s: u32,
        /// Milliseconds to wait for another job.
        patience_ms: u32,
    },
    /// Ends it. Answer: [`Reply::Done`] or [`Reply::Refused`].
    IdempotencyEnd {
        /// The ticket of [`Reply::Run`].
        ticket: u64,
        /// Whether the answer holds for all who come with the key.
        keep: bool,
        /// The answer, if it can be repeated.
        value: Option<Bytes>,
    },
}

impl Call {
    /// The operation's word, for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::CacheGet { .. } => "cache_get",
            Self::CacheSet { .. } => "cache_set",
            Self::PermitDrop { .. } => "permit_drop",
            Self::Revalidate { .. } => "revalidate",
            Self::Resolve { .. } => "resolve",
            Self::RateTake { .. } => "rate_take",
            Self::IdempotencyBegin { .. } => "idempotency_begin",
            Self::IdempotencyEnd { .. } => "idempotency_end",
        }
    }

    /// Takes the call out of its payload; keys and values keep sharing the payload's memory.
    pub(crate) fn from_wire(call: wire::Call<'_>, payload: &Bytes) -> Self {
        let tags = |tags: Vec<&str>| tags.into_iter().map(str::to_owned).collect();
        match call {
            wire::Call::CacheGet(get) => {
                // A key may live on in a table, so it must not hold the whole read buffer.
                Self::CacheGet {
                    kind: get.kind,
                    key: Bytes::copy_from_slice(get.key),
                    tags: tags(get.tags),
                }
            }
            wire::Call::CacheSet(set) => Self::CacheSet {
                kind: set.kind,
                permit: set.permit,
                key: Bytes::copy_from_slice(set.key),
                tags: tags(set.tags),
                revalidate: set.revalidate,
                expire: set.expire,
                value: payload.slice_ref(set.value),
            },
            wire::Call::PermitDrop(drop) => Self::PermitDrop { permit: drop.permit },
            wire::Call::Revalidate(what) => Self::Revalidate {
                items: what.items.into_iter().map(Into::into).collect(),
            },
            wire::Call::Resolve(what) => Self::Resolve {
                url: what.url.to_owned(),
            },
            wire::Call::RateTake(take) => Self::RateTake {
                key: Bytes::copy_from_slice(take.key),
                by_client: take.by_client,
                burst: take.burst,
                period_ms: take.period_ms,
            },
            wire::Call::IdempotencyBegin(begin) => Self::IdempotencyBegin {
                key: Bytes::copy_from_slice(begin.key),
                by_client: begin.by_client,
                fingerprint: Bytes::copy_from_slice(begin.fingerprint),
                keep_s: begin.keep_s,
                patience_ms: begin.patience_ms,
            },
            wire::Call::IdempotencyEnd(end) => Self::IdempotencyEnd {
                ticket: end.ticket,
                keep: end.keep,
                // It is kept long, so it must not hold the whole read buffer.
                value: end.value.map(Bytes::copy_from_slice),
            },
        }
    }
}

/// How the front would route a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// A page.
    Route {
        /// Index in the manifest's routes.
        route: u32,
        /// Values of its dynamic segments.
        params: Vec<Param>,
        /// The path, without `basePath`.
        path: String,
        /// The query, without `?`.
        query: String,
    },
    /// A route handler or a file of the application.
    Handler {
        /// The path, without `basePath`.
        path: String,
        /// The query, without `?`.
        query: String,
    },
    /// Another site.
    External {
        /// The absolute URL.
        url: String,
    },
    /// Nothing matches.
    None,
}

/// The answer to a [`Call`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// There is no such value. Whoever gets the permit makes it.
    Miss {
        /// Never 0.
        permit: Option<u64>,
    },
    /// A good value.
    Fresh {
        /// The value.
        value: Bytes,
    },
    /// A value that should be made anew, by whoever gets the permit.
    Stale {
        /// Never 0.
        permit: Option<u64>,
        /// The value.
        value: Bytes,
    },
    /// It was done.
    Done,
    /// How the URL is routed.
    Resolved(Resolution),
    /// It was not done.
    Refused {
        /// Why, for the log. Cut to 1 KiB.
        reason: String,
    },
    /// Whether it may happen now.
    Rated {
        /// Whether it may.
        allowed: bool,
        /// How many more may happen now.
        remaining: u32,
        /// If it may not: milliseconds until it may.
        wait_ms: u32,
    },
    /// It is the first under its key.
    Run {
        /// What to name at its end.
        ticket: u64,
    },
    /// It ran before.
    Replay {
        /// What it answered, if that can be repeated.
        value: Option<Bytes>,
    },
    /// Something else was submitted under the key.
    Mismatch,
    /// Another job runs under the key, and takes too long to wait for.
    Busy,
}

impl Reply {
    /// The frame of this answer.
    pub(crate) fn frame(&self) -> wire::ReplyFrame<'_> {
        let reply = match self {
            Self::Miss { permit } => wire::Reply::Miss(frames::Miss { permit: *permit }),
            Self::Fresh { value } => wire::Reply::Fresh(frames::Fresh { value }),
            Self::Stale { permit, value } => wire::Reply::Stale(frames::Stale { permit: *permit, value }),
            Self::Done => wire::Reply::Done(Nothing::default()),
            Self::Resolved(resolution) => wire::Reply::Resolved(frames::Resolved {
                resolution: resolution.frame(),
            }),
            Self::Refused { reason } => wire::Reply::Refused(frames::Refused {
                reason: cut(reason, 1024),
            }),
            Self::Rated {
                allowed,
                remaining,
                wait_ms,
            } => wire::Reply::Rated(frames::Rated {
                allowed: *allowed,
                remaining: *remaining,
                wait_ms: *wait_ms,
            }),
            Self::Run { ticket } => wire::Reply::Run(frames::Run { ticket: *ticket }),
            Self::Replay { value } => wire::Reply::Replay(frames::Replay { value: value.as_deref() }),
            Self::Mismatch => wire::Reply::Mismatch(Nothing::default()),
            Self::Busy => wire::Reply::Busy(Nothing::default()),
        };
        wire::ReplyFrame { reply }
    }
}

impl Resolution {
    fn frame(&self) -> wire::Resolution<'_> {
        match self {
            Self::Route {
                route,
                params,
                path,
                query,
            } => wire::Resolution::Route(frames::ResolvedRoute {
                route: *route,
                params: frame_params(params),
                path,
                query,
            }),
            Self::Handler { path, query } => wire::Resolution::Handler(frames::ResolvedHandler { path, query }),
            Self::External { url } => wire::Resolution::External(frames::ResolvedExternal { url }),
            Self::None => wire::Resolution::None(Nothing::default()),
        }
    }
}

/// The longest beginning of `text` that has at most `limit` bytes.
fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}
