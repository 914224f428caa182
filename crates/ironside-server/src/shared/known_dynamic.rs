//! Keys whose answers turned out to belong to one visitor. They are not tried again as long as the deployment is served
//! and the list has room: a wrong guess costs one render.

use ironside_cache::Key;
use quick_cache::sync::Cache;

const KEYS: usize = 20_000;

/// See the module's documentation.
#[derive(Debug)]
pub struct KnownDynamic(Cache<Key, ()>);

impl Default for KnownDynamic {
    fn default() -> Self {
        Self(Cache::new(KEYS))
    }
}

impl KnownDynamic {
    /// Remembers a key.
    pub fn note(&self, key: &Key) {
        self.0.insert(key.clone(), ());
    }

    /// Whether it is remembered.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.0.get(key).is_some()
    }
}
