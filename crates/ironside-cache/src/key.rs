//! What an entry is found by. A key is built from the route and its parameters, never from the text of a URL, and never
//! becomes the name of a file: so two URLs share an entry only if they are the same page, whatever is in their query.

use bytes::Bytes;
use std::sync::Arc;

/// The parameters of a route in its order: name and values, percent-encoded in the canonical way.
pub type Params = Arc<[(Box<str>, Box<[Box<str>]>)]>;

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A page: HTML and payload of one render.
    Page {
        /// The build that rendered it.
        deployment: Arc<str>,
        /// Index in the manifest's routes.
        route: u32,
        /// Its parameters.
        params: Params,
        /// Whether an intercepting route is shown, and for which one.
        from: Option<u32>,
    },
    /// The answer of a static route handler or metadata route.
    Handler {
        /// The build that made it.
        deployment: Arc<str>,
        /// Index in the manifest's routes.
        route: u32,
        /// Its parameters.
        params: Params,
    },
    /// A value that a worker stores. The worker names it, inside a namespace of its own: it can't reach a page.
    Value {
        /// What stored it.
        kind: ValueKind,
        /// The name that the runtime made.
        name: Bytes,
        /// The build that it ends with, if it does.
        deployment: Option<Arc<str>>,
    },
}

/// What a [`Key::Value`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// The answer of a `fetch`.
    Fetch,
    /// The result of a function in `unstable_cache` (it survives deployments).
    Function,
    /// The result of a function with the directive `use cache`.
    Directive,
}

impl Key {
    /// A key of values.
    #[must_use]
    pub fn value(kind: ValueKind, name: Bytes, deployment: Option<Arc<str>>) -> Self {
        Self::Value { kind, name, deployment }
    }

    /// Bytes that the key itself takes, roughly, for the store's bound.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Page { params, .. } | Self::Handler { params, .. } => {
                64 + params
                    .iter()
                    .map(|(name, values)| name.len() + values.iter().map(|v| v.len() + 16).sum::<usize>())
                    .sum::<usize>()
            }
            Self::Value { name, .. } => 64 + name.len(),
        }
    }
}
