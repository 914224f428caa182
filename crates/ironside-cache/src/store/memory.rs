//! Where entries live: memory, bounded by bytes. Admission is scan-resistant, so that a crawler that asks for every page
//! once does not push out the ones that people ask for.

use crate::entry::Entry;
use crate::key::Key;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Key, Arc<Entry>> for Bytes {
    fn weight(&self, key: &Key, entry: &Arc<Entry>) -> u64 {
        (key.weight() + entry.weight()) as u64
    }
}

/// Counts what had to go for something else. What is replaced by its own successor is not counted.
#[derive(Debug, Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl Lifecycle<Key, Arc<Entry>> for Evictions {
    type RequestState = ();

    fn begin_request(&self) {}

    fn before_evict(&self, (): &mut (), _: &Key, _: &mut Arc<Entry>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct MemoryStore {
    entries: Cache<Key, Arc<Entry>, Bytes, DefaultHashBuilder, Evictions>,
    evictions: Evictions,
}

impl MemoryStore {
    pub(crate) fn new(max_bytes: u64) -> Self {
        // The estimate only sizes the first table: an entry of a page has some 30 KB.
        let estimate = usize::try_from(max_bytes / 32_768).unwrap_or(1 << 16).clamp(64, 1 << 16);
        let evictions = Evictions::default();
        let entries = Cache::with(estimate, max_bytes, Bytes, DefaultHashBuilder::default(), evictions.clone());
        Self { entries, evictions }
    }

    /// What is there, without counting as a use of it.
    pub(crate) fn peek(&self, key: &Key) -> Option<Arc<Entry>> {
        self.entries.peek(key)
    }

    pub(crate) fn clear(&self) {
        self.entries.clear();
    }

    /// Entries that had to go for others, since the start.
    pub(crate) fn evictions(&self) -> u64 {
        self.evictions.0.load(Ordering::Relaxed)
    }

    pub(crate) fn max_bytes(&self) -> u64 {
        self.entries.capacity()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.entries.get(key)
    }

    pub(crate) fn put(&self, key: Key, entry: Arc<Entry>) {
        self.entries.insert(key, entry);
    }

    pub(crate) fn remove_if(&self, key: &Key, entry: &Arc<Entry>) {
        self.entries.remove_if(key, |stored| Arc::ptr_eq(stored, entry));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, Arc<Entry>)> + '_ {
        self.entries.iter()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.entries.weight()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
