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
