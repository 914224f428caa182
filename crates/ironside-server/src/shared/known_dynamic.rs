//! Keys whose answers turned out to belong to one visitor, and why. They are not tried again as long as the deployment is served
//! and the list has room: a wrong guess costs one render.

use super::reason::Reason;
use ironside_cache::Key;
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicBool, Ordering};

const KEYS: usize = 20_000;

/// See the module's documentation.
#[derive(Debug)]
pub struct KnownDynamic {
    keys: Cache<Key, Reason>,
    /// Of many applications there are none, which is quicker to see than to look for.
    has_any: AtomicBool,
}

impl Default for KnownDynamic {
    fn default() -> Self {
        Self {
            keys: Cache::new(KEYS),
            has_any: AtomicBool::new(false),
        }
    }
}

impl KnownDynamic {
    /// Remembers a key.
    pub fn note(&self, key: &Key, reason: Reason) {
        self.keys.insert(key.clone(), reason);
        self.has_any.store(true, Ordering::Release);
    }

    /// Why it belongs to one visitor, if it is remembered.
    #[must_use]
    pub fn why(&self, key: &Key) -> Option<Reason> {
        self.has_any.load(Ordering::Acquire).then(|| self.keys.get(key)).flatten()
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Forgets all of them: each is tried once more.
    pub fn clear(&self) {
        self.keys.clear();
    }
}
