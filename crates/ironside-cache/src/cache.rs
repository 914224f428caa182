//! The cache itself: lookups over the store, the flights and the tag clock.

use crate::clock::{Clock, MonotonicClock, Stamp, Stamps};
use crate::entry::Entry;
use crate::flight::{self, Begun, Flights, Permit};
use crate::freshness::{self, DeadReason, Freshness, StaleReason};
use crate::key::Key;
use crate::lookup::{Lookup, MissReason};
use crate::metrics::{CacheMetrics, Event};
use crate::prerendered::{Nothing, Prerendered};
use crate::store::MemoryStore;
use crate::tag_clock::{Invalidation, Tag, TagClock};
use std::sync::Arc;
use std::time::Duration;

/// Bounds of a cache.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// Memory for entries.
    pub max_bytes: u64,
    /// Invalidated tags that are remembered; see [`TagClock`].
    pub max_tags: usize,
    /// A permit that is older than this is taken away and given to the next who asks.
    pub permit_age: Duration,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            max_bytes: 128 * 1024 * 1024,
            max_tags: 1_000_000,
            permit_age: Duration::from_secs(60),
            clock: Arc::new(MonotonicClock::default()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: CacheOptions,
    pub(crate) stamps: Stamps,
    pub(crate) tags: TagClock,
    pub(crate) store: MemoryStore,
    pub(crate) prerendered: Arc<dyn Prerendered>,
    pub(crate) flights: Flights,
    pub(crate) metrics: CacheMetrics,
}

/// See the crate's documentation. A handle: clones share everything.
#[derive(Debug, Clone)]
pub struct Cache(Arc<Inner>);

/// What the store has for a key.
enum Stored {
    Fresh(Arc<Entry>),
    Stale(Arc<Entry>, StaleReason),
    Nothing(MissReason),
}

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new(options: CacheOptions) -> Self {
        Self::over(options, Arc::new(Nothing))
    }

    /// A cache that begins with what a build has made.
    #[must_use]
    pub fn over(options: CacheOptions, prerendered: Arc<dyn Prerendered>) -> Self {
        Self(Arc::new(Inner {
            prerendered,
            stamps: Stamps::new(options.clock.clone()),
            tags: TagClock::new(options.max_tags),
            store: MemoryStore::new(options.max_bytes),
            flights: Flights::default(),
            metrics: CacheMetrics::default(),
            options,
        }))
    }

    /// Looks a key up. `soft_tags`: see [`freshness::judge`].
    #[must_use]
    pub fn lookup(&self, key: &Key, soft_tags: &[Tag]) -> Lookup {
        let cache = &self.0;
        let reason = match self.stored(key, soft_tags) {
            Stored::Fresh(entry) => return self.fresh(entry),
            Stored::Stale(entry, reason) => return self.stale(key, entry, reason),
            Stored::Nothing(reason) => reason,
        };
        cache.metrics.count(match reason {
            MissReason::Absent => Event::Absent,
            MissReason::Dead(DeadReason::Age) => Event::DeadAge,
            MissReason::Dead(DeadReason::Tag(_)) => Event::DeadTag,
        });
        let permit = match flight::begin_or_join(cache, key) {
            Begun::Ticket(ticket) => {
                cache.metrics.count(Event::Wait);
                return Lookup::Wait(ticket);
            }
            Begun::Permit(permit) => permit,
        };
        // Another fill may have landed between the look into the store and the start of this one.
        match self.stored(key, soft_tags) {
            Stored::Fresh(entry) => self.fresh(entry),
            _ => Lookup::Miss { permit, reason },
        }
    }

    /// What a key holds if it is fresh, without beginning anything.
    #[must_use]
    pub fn peek(&self, key: &Key) -> Option<Arc<Entry>> {
        match self.stored(key, &[]) {
            Stored::Fresh(entry) => Some(entry),
            _ => None,
        }
    }

    /// The permit to fill a key, whatever it holds, unless somebody has it.
    #[must_use]
    pub fn begin(&self, key: &Key) -> Option<Permit> {
        flight::begin_if_idle(&self.0, key)
    }

    fn stored(&self, key: &Key, soft_tags: &[Tag]) -> Stored {
        let Some(entry) = self.0.store.get(key).or_else(|| self.load(key)) else {
            return Stored::Nothing(MissReason::Absent);
        };
        match freshness::judge(&entry, soft_tags, &self.0.tags, self.0.stamps.now()) {
            Freshness::Fresh => Stored::Fresh(entry),
            Freshness::Stale(reason) => Stored::Stale(entry, reason),
            Freshness::Dead(reason) => {
                // Soft tags concern one asker; only what is dead for everybody is removed.
                if soft_tags.is_empty() {
                    self.0.prerendered.retire(key);
                    self.0.store.remove_if(key, &entry);
                }
                Stored::Nothing(MissReason::Dead(reason))
            }
        }
    }

    /// Brings a prerendered entry into the store, from where it may be pushed out and loaded again.
    fn load(&self, key: &Key) -> Option<Arc<Entry>> {
        let entry = Arc::new(self.0.prerendered.load(key, self.0.stamps.now())?);
        self.0.store.put(key.clone(), entry.clone());
        // Something newer may have been stored meanwhile; to lose that is allowed, to bring the older one back is not.
        if self.0.prerendered.is_retired(key) {
            self.0.store.remove_if(key, &entry);
            return self.0.store.get(key);
        }
        Some(entry)
    }

    /// Everything that is in memory, in no order: for writing it down.
    #[must_use]
    pub fn stored_entries(&self) -> Vec<(Key, Arc<Entry>)> {
        self.0.store.all()
    }

    /// The present moment of the cache's clock.
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.0.stamps.now()
    }

    fn fresh(&self, entry: Arc<Entry>) -> Lookup {
        self.0.metrics.count(Event::Fresh);
        Lookup::Fresh(entry)
    }

    fn stale(&self, key: &Key, entry: Arc<Entry>, reason: StaleReason) -> Lookup {
        self.0.metrics.count(match reason {
            StaleReason::Age => Event::StaleAge,
            StaleReason::Tag(_) => Event::StaleTag,
        });
        let may_renew = entry.may_renew(self.0.stamps.now());
        let permit = if may_renew {
            flight::begin_if_idle(&self.0, key)
        } else {
            None
        };
        Lookup::Stale { entry, permit, reason }
    }

    /// Invalidates a tag. When this has returned, it holds for every later lookup and every fill under way.
    pub fn invalidate(&self, tag: &str, invalidation: Invalidation) {
        self.0.metrics.count(Event::Invalidated);
        self.0.tags.apply(tag, invalidation, self.0.stamps.next());
    }

    /// Expires a tag at once: the form of [`Cache::invalidate`] that most callers want.
    pub fn expire_tag(&self, tag: &str) {
        self.invalidate(tag, Invalidation::Expire);
    }

    /// Counters.
    #[must_use]
    pub fn metrics(&self) -> &CacheMetrics {
        &self.0.metrics
    }

    /// Bytes that are stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.store.bytes()
    }

    /// Entries that are stored, dead ones included that nobody asked for since.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.0.store.len()
    }

    /// Fills that are under way.
    #[must_use]
    pub fn fills(&self) -> usize {
        self.0.flights.len()
    }
}
