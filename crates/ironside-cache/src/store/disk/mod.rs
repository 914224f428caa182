//! The store on disk: an append-only log in segments, which outlives the process.
//!
//! Records are appended to the newest segment by one thread; a segment that is full is never written to again. The index
//! is in memory and made at start by reading heads and descriptions, not bodies. When the segments are larger than
//! allowed, the oldest goes, and those of its entries that were read since are written again. Every start begins a new
//! segment, so a record that a killed process left unfinished is the last of its file and nothing follows it.
//!
//! Nothing is revived: a later record of a key replaces an earlier one, a removal is a record too and is written before
//! [`Store::remove`] returns, segments go in the order of their age only, and where a damaged head hides what came after
//! it, everything older is dropped.

mod index;
mod segment;
mod volume;
mod writer;

pub use volume::{FolderError, FolderVolume, Volume, VolumeFile};
pub(crate) use volume::{read_exact, read_up_to};

use super::record::key_hash;
use super::{Store, StoreError, StoreFuture, StoreStats, Summary};
use crate::clock::Stamp;
use crate::entry::Entry;
use crate::key::Key;
use index::{Index, Location};
use segment::{ScanEnd, Segment};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use writer::{Log, Writer};

/// Bounds of a store on disk.
#[derive(Debug, Clone)]
pub struct DiskOptions {
    /// Bytes of all segments.
    pub max_bytes: u64,
    /// The build whose pages are kept; those of others are forgotten at start.
    pub deployment: Arc<str>,
    /// How long it is left alone after an error, in milliseconds.
    pub pause_ms: u64,
}

impl DiskOptions {
    /// The usual bounds.
    #[must_use]
    pub fn new(deployment: Arc<str>) -> Self {
        Self {
            max_bytes: 1024 * 1024 * 1024,
            deployment,
            pause_ms: 30_000,
        }
    }

    /// Bytes after which a new segment is begun.
    fn segment_bytes(&self) -> u64 {
        (self.max_bytes / 16).clamp(64 * 1024, 64 * 1024 * 1024)
    }
}

#[derive(Debug, Default)]
struct Counters {
    written: AtomicU64,
    read: AtomicU64,
    lost: AtomicU64,
    damaged: AtomicU64,
    errors: AtomicU64,
}

/// What readers and the writing thread share.
#[derive(Debug)]
struct Shared {
    volume: Arc<dyn Volume>,
    options: DiskOptions,
    segments: RwLock<BTreeMap<u32, Arc<Segment>>>,
    /// Taken after the writer's own lock, never before it.
    index: Mutex<Index>,
    counters: Counters,
}

impl Shared {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn segment(&self, number: u32) -> Option<Arc<Segment>> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.get(&number).cloned()
    }

    fn bytes(&self) -> u64 {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.values().map(|segment| segment.len()).sum()
    }

    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct DiskStore {
    shared: Arc<Shared>,
    log: Arc<Log>,
    writer: Writer,
}

impl DiskStore {
    /// Opens what an earlier process left. Returns the latest stamp found, which the clock has to begin after.
    ///
    /// # Errors
    /// If the folder can't be listed or a segment can't be read.
    pub fn open(volume: Arc<dyn Volume>, options: DiskOptions) -> io::Result<(Self, Stamp)> {
        let mut numbers: Vec<u32> = volume.list()?.iter().filter_map(|name| Segment::number_of(name)).collect();
        numbers.sort_unstable();
        let mut found = Found::default();
        for number in &numbers {
            found.scan(volume.as_ref(), *number, &options)?;
        }
        let next = numbers.last().map_or(1, |last| last.saturating_add(1));
        let shared = Arc::new(Shared {
            volume,
            options,
            segments: RwLock::new(found.segments),
            index: Mutex::new(found.index),
            counters: Counters::default(),
        });
        shared.counters.damaged.store(found.damaged, Ordering::Relaxed);
        let log = Arc::new(Log::new(shared.clone(), next));
        log.drop_empty_front();
        let writer = Writer::start(log.clone())?;
        Ok((Self { shared, log, writer }, found.latest))
    }

    async fn read(&self, key: &Key) -> Result<Option<Arc<Entry>>, StoreError> {
        let hash = key_hash(key);
        let Some(location) = self.shared.index().touch(hash) else {
            return Ok(None);
        };
        let shared = self.shared.clone();
        let reading = tokio::task::spawn_blocking(move || read_entry(&shared, location));
        let found = reading.await.map_err(|_| StoreError::Gone)?;
        match found {
            Ok(Some((found_key, entry))) if found_key == *key => {
                Shared::count(&self.shared.counters.read);
                Ok(Some(Arc::new(entry)))
            }
            // Another key with the same hash: nobody's fault, and not ours to serve.
            Ok(Some(_)) => Ok(None),
            Ok(None) => {
                // A segment that went while it was read is no damage.
                if self
                    .shared
                    .index()
                    .get(hash)
                    .is_some_and(|now| now.segment == location.segment)
                {
                    Shared::count(&self.shared.counters.damaged);
                    tracing::warn!(
                        segment = location.segment,
                        offset = location.offset,
                        "a damaged cache entry was dropped"
                    );
                    self.log.remove(hash);
                }
                Ok(None)
            }
            Err(source) => {
                Shared::count(&self.shared.counters.errors);
                Err(StoreError::Medium {
                    what: "reading from the cache's folder".to_owned(),
                    source,
                })
            }
        }
    }
}

fn read_entry(shared: &Shared, location: Location) -> io::Result<Option<(Key, Entry)>> {
    let Some(segment) = shared.segment(location.segment) else {
        return Ok(None);
    };
    let Some((description, bodies)) = segment.read(location)? else {
        return Ok(None);
    };
    let key = description.summary.key.clone();
    Ok(description.entry(&bodies).map(|entry| (key, entry)))
}

/// What opening finds.
#[derive(Default)]
struct Found {
    segments: BTreeMap<u32, Arc<Segment>>,
    index: Index,
    latest: Stamp,
    damaged: u64,
}

impl Found {
    fn scan(&mut self, volume: &dyn Volume, number: u32, options: &DiskOptions) -> io::Result<()> {
        let file = volume.open(&Segment::name(number))?;
        let len = file.length()?;
        let segment = Segment::new(number, file, len);
        if segment.scan(&options.deployment, &mut self.index, &mut self.latest)? == ScanEnd::Damaged {
            self.damaged += 1;
            self.index.clear();
            tracing::warn!(segment = number, "a part of the cache on disk is damaged and was dropped");
        }
        self.segments.insert(number, Arc::new(segment));
        Ok(())
    }
}

impl Store for DiskStore {
    fn may_have(&self, key: &Key) -> bool {
        self.shared.index().get(key_hash(key)).is_some()
    }

    fn started(&self, key: &Key) -> Option<Stamp> {
        self.shared.index().get(key_hash(key)).map(|location| location.started)
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Entry>>> {
        Box::pin(self.read(key))
    }

    fn describe<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Summary>> {
        Box::pin(async move {
            let Some(location) = self.shared.index().get(key_hash(key)) else {
                return Ok(None);
            };
            let shared = self.shared.clone();
            let reading = tokio::task::spawn_blocking(move || match shared.segment(location.segment) {
                Some(segment) => segment.describe(location),
                None => Ok(None),
            });
            let found = reading.await.map_err(|_| StoreError::Gone)?;
            let found = found.map_err(|source| StoreError::Medium {
                what: "reading from the cache's folder".to_owned(),
                source,
            })?;
            // Another key may have the same hash.
            Ok(found
                .map(|description| description.summary)
                .filter(|summary| summary.key == *key))
        })
    }

    fn put(&self, key: &Key, entry: &Arc<Entry>) {
        self.writer.put(&self.log, key, entry);
    }

    fn remove(&self, key: &Key) {
        self.log.remove(key_hash(key));
    }

    fn list(&self) -> StoreFuture<'_, Vec<Summary>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let listing = tokio::task::spawn_blocking(move || {
                let locations = shared.index().all();
                let describe = |location: Location| shared.segment(location.segment)?.describe(location).ok()?;
                locations
                    .into_iter()
                    .filter_map(describe)
                    .map(|description| description.summary)
                    .collect()
            });
            listing.await.map_err(|_| StoreError::Gone)
        })
    }

    fn flush(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.flush())
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.log.clear().map_err(|source| StoreError::Medium {
            what: "emptying the cache's folder".to_owned(),
            source,
        })
    }

    fn stats(&self) -> StoreStats {
        let counters = &self.shared.counters;
        // One after the other: within the expression below the first lock would be held until its end, and whoever writes takes
        // the two in the other order.
        let is_paused = self.log.is_paused();
        let entries = self.shared.index().len() as u64;
        StoreStats {
            entries,
            bytes: self.shared.bytes(),
            written: counters.written.load(Ordering::Relaxed),
            read: counters.read.load(Ordering::Relaxed),
            lost: counters.lost.load(Ordering::Relaxed),
            damaged: counters.damaged.load(Ordering::Relaxed),
            errors: counters.errors.load(Ordering::Relaxed),
            is_paused,
        }
    }
}
