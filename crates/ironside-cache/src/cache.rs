//! The cache itself: lookups over the store, the flights and the tag clock.

use crate::bus::{Bus, BusError};
use crate::clock::{Clock, MonotonicClock, Stamp, Stamps};
use crate::durable::Durable;
use crate::entry::Entry;
use crate::flight::{self, Begun, Flights, Permit};
use crate::freshness::{self, DeadReason, Freshness, StaleReason};
use crate::invalidation_log::{Invalidated, InvalidationLog};
use crate::key::Key;
use crate::lookup::{Lookup, MissReason};
use crate::metrics::{CacheMetrics, Event};
use crate::prerendered::{Nothing, Prerendered};
use crate::store::memory::MemoryStore;
use crate::store::{Store, StoreStats};
use crate::tag_clock::{EVERYTHING, Invalidation, Tag, TagClock};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
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
    /// Where the time comes from. A [`Durable`] brings its own.
    pub clock: Arc<dyn Clock>,
    /// What outlives the process.
    pub durable: Option<Durable>,
    /// How other servers hear of invalidations.
    pub bus: Option<Arc<dyn Bus>>,
    /// How long a lookup waits for the store behind memory.
    pub store_wait: Duration,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            max_bytes: 128 * 1024 * 1024,
            max_tags: 1_000_000,
            permit_age: Duration::from_secs(60),
            clock: Arc::new(MonotonicClock::default()),
            durable: None,
            bus: None,
            store_wait: Duration::from_millis(500),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: CacheOptions,
    pub(crate) stamps: Stamps,
    pub(crate) tags: TagClock,
    pub(crate) memory: MemoryStore,
    /// Below memory, from the build.
    pub(crate) prerendered: Arc<dyn Prerendered>,
    /// Behind memory.
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) log: Option<Arc<InvalidationLog>>,
    pub(crate) flights: Flights,
    pub(crate) metrics: CacheMetrics,
    /// What the operator was told of a log that can't be written to.
    told: AtomicU8,
}

const TOLD_NOTHING: u8 = 0;
const TOLD_EMPTIED: u8 = 1;
const TOLD_IN_DANGER: u8 = 2;

/// See the crate's documentation. A handle: clones share everything.
#[derive(Debug, Clone)]
pub struct Cache(pub(crate) Arc<Inner>);

/// What the store has for a key.
enum Stored {
    Fresh(Arc<Entry>),
    Stale(Arc<Entry>, StaleReason),
    Nothing(MissReason),
}

impl Cache {
    /// A cache, empty but for what its [`Durable`] brings.
    #[must_use]
    pub fn new(options: CacheOptions) -> Self {
        Self::over(options, Arc::new(Nothing))
    }

    /// A cache that begins with what a build has made, and what its [`Durable`] brings.
    #[must_use]
    pub fn over(options: CacheOptions, prerendered: Arc<dyn Prerendered>) -> Self {
        let durable = options.durable.as_ref();
        let clock = durable.map_or_else(|| options.clock.clone(), |durable| durable.clock.clone());
        let inner = Arc::new(Inner {
            prerendered,
            stamps: Stamps::new(clock),
            tags: TagClock::new(options.max_tags),
            memory: MemoryStore::new(options.max_bytes),
            store: durable.map(|durable| durable.store.clone()),
            log: durable.map(|durable| durable.log.clone()),
            flights: Flights::default(),
            metrics: CacheMetrics::default(),
            told: AtomicU8::new(TOLD_NOTHING),
            options,
        });
        if let Some(durable) = &inner.options.durable {
            replay(&inner, durable);
        }
        if let Some(bus) = &inner.options.bus {
            let told = Arc::downgrade(&inner);
            bus.subscribe(Arc::new(move |message| {
                if let Some(inner) = told.upgrade() {
                    hear(&inner, message);
                }
            }));
        }
        Self(inner)
    }

    /// Like [`Cache::lookup`], and asks the store behind memory for what memory lacks.
    pub async fn find(&self, key: &Key, soft_tags: &[Tag]) -> Lookup {
        let found = self.lookup(key, soft_tags);
        let (Some(store), Lookup::Miss { .. }) = (&self.0.store, &found) else {
            return found;
        };
        if !store.may_have(key) {
            return found;
        }
        let Lookup::Miss { permit, reason } = found else {
            return found;
        };
        match tokio::time::timeout(self.0.options.store_wait, store.get(key)).await {
            Ok(Ok(Some(entry))) => self.take_in(permit, entry, soft_tags),
            Ok(Ok(None)) => Lookup::Miss { permit, reason },
            Ok(Err(error)) => {
                self.0.metrics.count(Event::StoreFailed);
                tracing::debug!(%error, "the store behind memory failed");
                Lookup::Miss { permit, reason }
            }
            Err(_) => {
                self.0.metrics.count(Event::StoreSlow);
                Lookup::Miss { permit, reason }
            }
        }
    }

    /// Judges what the store had, and ends the fill that was begun for it if it is good for something.
    fn take_in(&self, permit: Permit, entry: Arc<Entry>, soft_tags: &[Tag]) -> Lookup {
        let now = self.0.stamps.now();
        let key = permit.key().clone();
        match freshness::judge(&entry, soft_tags, &self.0.tags, now) {
            Freshness::Dead(reason) => {
                let is_dead_for_all = matches!(freshness::judge(&entry, &[], &self.0.tags, now), Freshness::Dead(_));
                if let Some(store) = self.0.store.as_ref().filter(|_| is_dead_for_all) {
                    store.remove(&key);
                }
                let reason = MissReason::Dead(reason);
                Lookup::Miss { permit, reason }
            }
            Freshness::Fresh => {
                permit.adopt(&entry);
                self.0.metrics.count(Event::FromStore);
                Lookup::Fresh(entry)
            }
            Freshness::Stale(reason) => {
                permit.adopt(&entry);
                self.0.metrics.count(Event::FromStore);
                self.stale(&key, entry, reason)
            }
        }
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
        let permit = match flight::begin_or_join(cache, key, soft_tags) {
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

    /// What a key holds if it is fresh; counts as a look-up if it is. Begins nothing.
    #[must_use]
    pub fn hit(&self, key: &Key) -> Option<Arc<Entry>> {
        let entry = self.peek(key)?;
        self.0.metrics.count(Event::Fresh);
        Some(entry)
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
        let Some(entry) = self.0.memory.get(key).or_else(|| self.load(key)) else {
            return Stored::Nothing(MissReason::Absent);
        };
        if soft_tags.is_empty() && freshness::is_timeless(&entry, &self.0.tags) {
            return Stored::Fresh(entry);
        }
        match freshness::judge(&entry, soft_tags, &self.0.tags, self.0.stamps.now()) {
            Freshness::Fresh => Stored::Fresh(entry),
            Freshness::Stale(reason) => Stored::Stale(entry, reason),
            Freshness::Dead(reason) => {
                // Soft tags concern one asker; only what is dead for everybody is removed.
                if soft_tags.is_empty() {
                    self.0.prerendered.retire(key);
                    self.0.memory.remove_if(key, &entry);
                }
                Stored::Nothing(MissReason::Dead(reason))
            }
        }
    }

    /// Brings a prerendered entry into the store, from where it may be pushed out and loaded again.
    fn load(&self, key: &Key) -> Option<Arc<Entry>> {
        if let Some(store) = self.0.store.as_ref().filter(|store| store.may_have(key)) {
            let made = self.0.prerendered.describe(key, self.0.stamps.now())?.started;
            if !is_older(store.as_ref(), key, made) {
                return None;
            }
            // It is of an earlier build, and may lack a tag by which the newer one dies: it must not come after it.
            store.remove(key);
        }
        let entry = Arc::new(self.0.prerendered.load(key, self.0.stamps.now())?);
        self.0.memory.put(key.clone(), entry.clone());
        // Something newer may have been stored meanwhile; to lose that is allowed, to bring the older one back is not.
        if self.0.prerendered.is_retired(key) {
            self.0.memory.remove_if(key, &entry);
            return self.0.memory.get(key);
        }
        Some(entry)
    }

    /// Everything that is in memory, in no order: for writing it down.
    #[must_use]
    pub fn stored_entries(&self) -> Vec<(Key, Arc<Entry>)> {
        self.0.memory.iter().collect()
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

    /// Invalidates a tag. When this has returned, it holds for every later lookup and every fill under way, also after a
    /// restart. The empty tag is on no entry.
    pub fn invalidate(&self, tag: &str, invalidation: Invalidation) {
        if tag != EVERYTHING {
            self.apply(tag, invalidation);
        }
    }

    /// The same, and other servers know of it when this has returned.
    ///
    /// # Errors
    /// If they could not be told; here it holds all the same.
    pub async fn invalidate_everywhere(&self, tag: &str, invalidation: Invalidation) -> Result<(), BusError> {
        if tag == EVERYTHING {
            return Ok(());
        }
        self.publish(&self.apply(tag, invalidation)).await
    }

    /// Expires everything, and gives the room back. When this has returned, no later lookup here or on other servers is answered
    /// by anything that was made before, whatever its tags, also not after a restart.
    ///
    /// # Errors
    /// If others could not be told; here it holds all the same.
    pub async fn expire_everything(&self) -> Result<(), BusError> {
        let message = self.apply(EVERYTHING, Invalidation::Expire);
        self.0.memory.clear();
        if let Some(store) = &self.0.store
            && let Err(error) = store.clear()
        {
            // What is left there is dead by the log.
            tracing::warn!(%error, "the cache on disk could not be emptied");
        }
        self.publish(&message).await
    }

    async fn publish(&self, message: &Invalidated) -> Result<(), BusError> {
        match &self.0.options.bus {
            Some(bus) => bus.publish(message).await,
            None => Ok(()),
        }
    }

    fn apply(&self, tag: &str, invalidation: Invalidation) -> Invalidated {
        self.0.metrics.count(Event::Invalidated);
        let message = Invalidated {
            tag: tag.into(),
            invalidation,
            stamp: self.0.stamps.next(),
        };
        note(&self.0, &message);
        message
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
        self.0.memory.bytes()
    }

    /// Bytes that may be stored in memory.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.0.memory.max_bytes()
    }

    /// Entries that had to leave memory for others, since the start.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.0.memory.evictions()
    }

    /// Entries that are stored, dead ones included that nobody asked for since.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.0.memory.len()
    }

    /// Numbers of the store behind memory.
    #[must_use]
    pub fn store_stats(&self) -> Option<StoreStats> {
        self.0.store.as_ref().map(|store| store.stats())
    }

    /// Waits until what was stored so far is where it outlives the process.
    pub async fn flush(&self) {
        if let Some(store) = &self.0.store
            && let Err(error) = store.flush().await
        {
            tracing::warn!(%error, "the cache could not be written out");
        }
    }

    /// Tags whose invalidation is remembered.
    #[must_use]
    pub fn known_tags(&self) -> usize {
        self.0.tags.len()
    }

    /// Fills that are under way.
    #[must_use]
    pub fn fills(&self) -> usize {
        self.0.flights.len()
    }
}

/// Whether what a store has for a key is older than what a build has made. A store that can't tell has what is newer.
pub(crate) fn is_older(store: &dyn Store, key: &Key, made: Stamp) -> bool {
    store.started(key).is_some_and(|kept| kept < made)
}

/// Brings back what an earlier process knew of tags, and writes it down anew in the shortest form.
fn replay(inner: &Inner, durable: &Durable) {
    for item in &durable.replay.items {
        inner.tags.apply(&item.tag, item.invalidation, item.stamp);
    }
    inner.tags.raise_floor(durable.replay.floor);
    if durable.replay.is_damaged {
        inner.tags.raise_floor(inner.stamps.next());
        if let Err(error) = durable.store.clear() {
            tracing::warn!(%error, "the cache on disk could not be emptied");
        }
    }
    compact(inner, &durable.log);
}

fn compact(inner: &Inner, log: &InvalidationLog) {
    if let Err(error) = log.rewrite(|| inner.tags.snapshot(inner.stamps.now())) {
        tracing::warn!(%error, "the log of invalidations could not be written anew");
    }
}

/// Makes an invalidation hold: first here, then in the log.
fn note(inner: &Inner, message: &Invalidated) {
    inner.tags.apply(&message.tag, message.invalidation, message.stamp);
    let Some(log) = &inner.log else { return };
    if let Err(error) = log.append(message) {
        inner.metrics.count(Event::LogFailed);
        forget_disk(inner, &error);
    } else {
        inner.told.store(TOLD_NOTHING, Ordering::Relaxed);
        if log.is_large() {
            compact(inner, log);
        }
    }
}

/// An invalidation couldn't be written down. Without a word in the log, what is on disk would come back with the next start, so
/// it goes at once. This is told once, until a word can be written again, and not at all if the store has told of the same trouble.
fn forget_disk(inner: &Inner, error: &io::Error) {
    let Some(store) = &inner.store else { return };
    let is_known = store.stats().is_paused;
    match store.clear() {
        Ok(()) if inner.told.fetch_max(TOLD_EMPTIED, Ordering::Relaxed) == TOLD_NOTHING && !is_known => {
            tracing::warn!(%error, "an invalidation could not be written down, so the cache on disk was emptied");
        }
        Err(second) if inner.told.fetch_max(TOLD_IN_DANGER, Ordering::Relaxed) != TOLD_IN_DANGER => tracing::error!(
            %error, %second,
            "an invalidation could not be written down, and the cache on disk can't be emptied: remove its folder before \
             the next start, or outdated entries come back"
        ),
        Ok(()) | Err(_) => {}
    }
}

/// Another server has invalidated something, or we have and hear of it.
fn hear(inner: &Inner, message: &Invalidated) {
    inner.stamps.advance_to(message.stamp);
    note(inner, message);
}
