//! What a function with a directive of its own is: an action, or a cached function. Both are moved to the module's top level in
//! the same way; they differ in what happens to captured values, and in what messages call them.

use super::super::cache_variant::CacheVariant;

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum FunctionKind {
    /// `'use server'`: captured values travel through the browser, sealed.
    Action,
    /// `'use cache'`: captured values are a part of the key.
    Cached(CacheVariant),
}

impl FunctionKind {
    /// How it is called where it is mentioned first.
    pub(in super::super) fn a(&self) -> &'static str {
        match self {
            Self::Action => "an action",
            Self::Cached(_) => "a cached function",
        }
    }

    /// How it is called where it is known.
    pub(in super::super) fn the(&self) -> &'static str {
        match self {
            Self::Action => "the action",
            Self::Cached(_) => "the cached function",
        }
    }

    /// What the codes of diagnostics about it begin with.
    pub(in super::super) fn code(&self, action: &'static str, cached: &'static str) -> &'static str {
        match self {
            Self::Action => action,
            Self::Cached(_) => cached,
        }
    }

    /// What the constants that hold it begin with.
    pub(super) fn prefix(&self) -> &'static str {
        match self {
            Self::Action => "$$action_",
            Self::Cached(_) => "$$cache_",
        }
    }
}
