//! What the cache has from the beginning: answers and values that a build has made. They lie in files that nobody writes any
//! more, are loaded when they are asked for, and are judged by the same tag clock as everything else. One that has been
//! replaced or has died is retired for as long as the process lives, so that it cannot come back when its successor is
//! pushed out of memory.

use crate::clock::Stamp;
use crate::entry::Entry;
use crate::key::Key;
use crate::store::Summary;
use std::fmt;

/// See the module's documentation.
pub trait Prerendered: Send + Sync + fmt::Debug {
    /// What was made for a key, unless it is retired. `now` bounds the entry's stamps; see [`Entry::restored`].
    fn load(&self, key: &Key, now: Stamp) -> Option<Entry>;

    /// What [`Prerendered::load`] would give, without its content.
    fn describe(&self, key: &Key, now: Stamp) -> Option<Summary>;

    /// Everything that can be loaded, in no order.
    fn list(&self, now: Stamp) -> Vec<Summary>;

    /// It is not to be loaded any more.
    fn retire(&self, key: &Key);

    /// Whether [`Prerendered::retire`] was called for it. `false` for what was never there.
    fn is_retired(&self, key: &Key) -> bool;
}

/// A build without anything.
#[derive(Debug)]
pub(crate) struct Nothing;

impl Prerendered for Nothing {
    fn load(&self, _: &Key, _: Stamp) -> Option<Entry> {
        None
    }

    fn describe(&self, _: &Key, _: Stamp) -> Option<Summary> {
        None
    }

    fn list(&self, _: Stamp) -> Vec<Summary> {
        Vec::new()
    }

    fn retire(&self, _: &Key) {}

    fn is_retired(&self, _: &Key) -> bool {
        false
    }
}
