//! Keys whose answers turned out to belong to one visitor, and why. They are not tried again as long as the deployment is served
//! and the list has room: a wrong guess costs one render.

use super::reason::Reason;
use ironside_cache::Key;
use quick_cache::sync::Cache;

const KEYS: usize = 20_000;

/// See the module's documentation.
#[derive(Debug)]
pub struct KnownDynamic(Cache<Key, Reason>);

impl Default for KnownDynamic {
    fn default() -> Self {
        Self(Cache::new(KEYS))
    }
}

impl KnownDynamic {
    /// Remembers a key.
    pub fn note(&self, key: &Key, reason: Reason) {
        self.0.insert(key.clone(), reason);
    }

    /// Why it belongs to one visitor, if it is remembered.
    #[must_use]
    pub fn why(&self, key: &Key) -> Option<Reason> {
        self.0.get(key)
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all of them: each is tried once more.
    pub fn clear(&self) {
        self.0.clear();
    }
}
