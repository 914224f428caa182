//! Where entries live: memory, bounded by bytes. Admission is scan-resistant, so that a crawler that asks for every page
//! once does not push out the ones that people ask for.

use crate::entry::Entry;
use crate::key::Key;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Key, Arc<Entry>> for Bytes {
    fn weight(&self, key: &Key, entry: &Arc<Entry>) -> u64 {
        (key.weight() + entry.weight()) as u64
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct MemoryStore(Cache<Key, Arc<Entry>, Bytes>);

impl MemoryStore {
    pub(crate) fn new(max_bytes: u64) -> Self {
        // The estimate only sizes the first table: an entry of a page has some 30 KB.
        let estimate = usize::try_from(max_bytes / 32_768).unwrap_or(1 << 16).clamp(64, 1 << 16);
        Self(Cache::with_weighter(estimate, max_bytes, Bytes))
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.get(key)
    }

    pub(crate) fn put(&self, key: Key, entry: Arc<Entry>) {
        self.0.insert(key, entry);
    }

    pub(crate) fn remove_if(&self, key: &Key, entry: &Arc<Entry>) {
        self.0.remove_if(key, |stored| Arc::ptr_eq(stored, entry));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, Arc<Entry>)> + '_ {
        self.0.iter()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.0.weight()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
