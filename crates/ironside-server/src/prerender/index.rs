//! The index of what a build has prerendered, as it stands on disk: JSON, read once at start.

use ironside_cache::{Encoding, Key, Lifetime, Params, Stamp, ValueKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of the form. A server refuses an index with another one.
pub(super) const FORMAT: u32 = 2;

/// See the module's documentation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) format: u32,
    /// The build's id.
    pub(super) build: String,
    pub(super) answers: Vec<AnswerRecord>,
    pub(super) values: Vec<ValueRecord>,
    /// Of routes that answer listed parameters only.
    pub(super) listed: Vec<ListedRecord>,
    /// Routes that turned out to be dynamic.
    pub(super) dynamic: Vec<DynamicRecord>,
}

/// A route that turned out to be dynamic.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DynamicRecord {
    #[serde(flatten)]
    pub(super) place: Place,
    /// The word of the reason.
    pub(super) reason: String,
}

/// A route and its parameters: what a key is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    pub(super) route: u32,
    /// Otherwise it is a handler or a metadata file.
    pub(super) page: bool,
    pub(super) params: Vec<(String, Vec<String>)>,
}

/// A page or a handler's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnswerRecord {
    #[serde(flatten)]
    pub(super) place: Place,
    #[serde(flatten)]
    pub(super) life: Life,
    pub(super) status: u16,
    /// Values as Latin-1, which every header is.
    pub(super) headers: Vec<(String, String)>,
    pub(super) etag: String,
    pub(super) span: Span,
    /// Lengths in the order in which the bytes stand in the pack.
    pub(super) body: Lengths,
    pub(super) payload: Option<Lengths>,
}

/// A value that code has stored while the build ran.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValueRecord {
    pub(super) kind: Kind,
    /// Base64 of the name that the runtime gave it.
    pub(super) name: String,
    /// Whether it ends with its build.
    pub(super) of_build: bool,
    #[serde(flatten)]
    pub(super) life: Life,
    pub(super) span: Span,
}

/// [`ValueKind`] on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Fetch,
    Function,
    Directive,
}

/// When it was made, for how long, and what invalidates it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Life {
    /// Milliseconds since 1970.
    pub(super) started: u64,
    /// See `started`.
    pub(super) committed: u64,
    pub(super) revalidate: Option<u64>,
    pub(super) expire: Option<u64>,
    pub(super) stale: Option<u64>,
    pub(super) tags: Vec<String>,
}

/// A stretch of the pack.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Span {
    pub(super) at: u64,
    pub(super) length: usize,
    /// XXH3 of the stretch.
    pub(super) hash: u64,
}

/// A body in its encodings: how many bytes each has; 0 if it isn't there.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lengths {
    pub(super) identity: usize,
    pub(super) gzip: usize,
    pub(super) br: usize,
}

/// Parameters of a route that answers no others.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedRecord {
    pub(super) route: u32,
    /// Values in the order of the pattern.
    pub(super) sets: Vec<Vec<Vec<String>>>,
}

impl Lengths {
    /// The encodings in the order in which they follow the plain bytes.
    pub(super) fn encodings(self) -> [(Encoding, usize); 2] {
        [(Encoding::Gzip, self.gzip), (Encoding::Brotli, self.br)]
    }
}

impl Life {
    pub(super) fn of(entry: &ironside_cache::Entry) -> Self {
        Self {
            started: entry.started.millis(),
            committed: entry.committed.millis(),
            revalidate: entry.lifetime.revalidate,
            expire: entry.lifetime.expire,
            stale: entry.lifetime.stale,
            tags: entry.tags.iter().map(|tag| tag.to_string()).collect(),
        }
    }

    pub(super) fn lifetime(&self) -> Lifetime {
        Lifetime {
            revalidate: self.revalidate,
            expire: self.expire,
            stale: self.stale,
        }
    }

    pub(super) fn stamps(&self) -> (Stamp, Stamp) {
        (Stamp::from_millis(self.started), Stamp::from_millis(self.committed))
    }
}

impl Place {
    /// Of a key; `None` for a value.
    pub(super) fn of(key: &Key) -> Option<Self> {
        let (route, params, page) = match key {
            Key::Page { route, params, .. } => (*route, params, true),
            Key::Handler { route, params, .. } => (*route, params, false),
            Key::Value { .. } => return None,
        };
        let text = |values: &[Box<str>]| values.iter().map(|value| value.to_string()).collect();
        let params = params.iter().map(|(name, values)| (name.to_string(), text(values))).collect();
        Some(Self { route, page, params })
    }

    pub(super) fn key(&self, deployment: &Arc<str>) -> Key {
        let params: Params = self
            .params
            .iter()
            .map(|(name, values)| {
                (
                    name.as_str().into(),
                    values.iter().map(|value| value.as_str().into()).collect(),
                )
            })
            .collect();
        let (deployment, route) = (deployment.clone(), self.route);
        if self.page {
            Key::Page {
                deployment,
                route,
                params,
                from: None,
            }
        } else {
            Key::Handler {
                deployment,
                route,
                params,
            }
        }
    }
}

impl From<ValueKind> for Kind {
    fn from(kind: ValueKind) -> Self {
        match kind {
            ValueKind::Fetch => Self::Fetch,
            ValueKind::Function => Self::Function,
            ValueKind::Directive => Self::Directive,
        }
    }
}

impl From<Kind> for ValueKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Fetch => Self::Fetch,
            Kind::Function => Self::Function,
            Kind::Directive => Self::Directive,
        }
    }
}
