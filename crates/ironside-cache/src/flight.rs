//! One fill per key at a time. The first who needs a key gets a [`Permit`]; those who come while it is under way get a
//! [`Ticket`] and wait for its landing. A permit ends in every case: by a commit, by giving up, or by being dropped, and
//! then it goes to the first who still waits.

use crate::cache::Inner;
use crate::clock::Stamp;
use crate::entry::{Entry, Fill};
use crate::key::Key;
use crate::metrics::Event;
use crate::tag_clock::{Tag, TagVerdict};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

#[derive(Debug)]
struct Waiter {
    /// The latest invalidation, of any tag, when it arrived: what was in force must hold for what it gets.
    must_see: Stamp,
    /// Tags that count for this one only.
    soft_tags: Box<[Tag]>,
    landing: oneshot::Sender<Landing>,
}

#[derive(Debug)]
struct Flight {
    id: u64,
    started: Stamp,
    waiters: VecDeque<Waiter>,
}

/// The flights that are under way.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    flights: FxHashMap<Key, Flight>,
    last_id: u64,
}

/// What became of a fill that somebody waited for.
#[derive(Debug)]
pub enum Landing {
    /// Here is what it made.
    Entry(Arc<Entry>),
    /// Its owner is gone: the permit is yours now.
    Permit(Permit),
    /// It was made before something that you must see: look up again.
    Again,
    /// It turned out that this must not be shared; the word says why. Do the work for yourself.
    NotShared(Tag),
    /// It failed. Do the work for yourself.
    Failed,
    /// It took too long. Do the work for yourself.
    TimedOut,
}

/// A place in the queue for a fill that is under way.
#[derive(Debug)]
pub struct Ticket {
    landing: oneshot::Receiver<Landing>,
}

impl Ticket {
    /// Waits for the fill to end, at most so long.
    pub async fn wait(self, at_most: Duration) -> Landing {
        match tokio::time::timeout(at_most, self.landing).await {
            Ok(Ok(landing)) => landing,
            Ok(Err(_)) => Landing::Again,
            Err(_) => Landing::TimedOut,
        }
    }
}

/// What became of a commit.
#[derive(Debug)]
pub enum Commit {
    /// It is stored.
    Stored(Arc<Entry>),
    /// A tag was invalidated while the work was done, so it is not stored. The request that did it may still have it.
    Died(Arc<Entry>, Tag),
    /// The permit was taken away because it was too old.
    Superseded(Arc<Entry>),
}

impl Commit {
    /// What was made, stored or not.
    #[must_use]
    pub fn entry(&self) -> &Arc<Entry> {
        match self {
            Self::Stored(entry) | Self::Died(entry, _) | Self::Superseded(entry) => entry,
        }
    }
}

/// The right to fill one key.
#[derive(Debug)]
pub struct Permit {
    cache: Arc<Inner>,
    key: Key,
    id: u64,
    started: Stamp,
    spent: bool,
}

/// What a lookup that needs a fill gets.
pub(crate) enum Begun {
    Permit(Permit),
    Ticket(Ticket),
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a key is being filled.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.lock().flights.contains_key(key)
    }

    /// How many fills are under way.
    pub(crate) fn len(&self) -> usize {
        self.lock().flights.len()
    }
}

impl State {
    fn begin(&mut self, cache: &Arc<Inner>, key: &Key, waiters: VecDeque<Waiter>) -> Permit {
        self.last_id += 1;
        let (id, started) = (self.last_id, cache.stamps.next());
        self.flights.insert(key.clone(), Flight { id, started, waiters });
        Permit {
            cache: cache.clone(),
            key: key.clone(),
            id,
            started,
            spent: false,
        }
    }

    /// Takes a flight off, if it still is the one that a permit was given for.
    fn land(&mut self, key: &Key, id: u64) -> Option<Flight> {
        if self.flights.get(key).is_some_and(|flight| flight.id == id) {
            self.flights.remove(key)
        } else {
            None
        }
    }
}

/// Begins a fill, or joins the one that is under way. A permit that is older than allowed is taken away. `soft_tags`: see
/// [`crate::freshness::judge`].
pub(crate) fn begin_or_join(cache: &Arc<Inner>, key: &Key, soft_tags: &[Tag]) -> Begun {
    let must_see = cache.tags.latest();
    let mut state = cache.flights.lock();
    let Some(flight) = state.flights.get_mut(key) else {
        return Begun::Permit(state.begin(cache, key, VecDeque::new()));
    };
    if is_too_old(cache, flight, cache.stamps.now()) {
        let waiters = std::mem::take(&mut flight.waiters);
        cache.metrics.count(Event::TakenAway);
        return Begun::Permit(state.begin(cache, key, waiters));
    }
    let (sender, landing) = oneshot::channel();
    flight.waiters.push_back(Waiter {
        must_see,
        soft_tags: soft_tags.into(),
        landing: sender,
    });
    Begun::Ticket(Ticket { landing })
}

/// Begins a fill unless one is under way.
pub(crate) fn begin_if_idle(cache: &Arc<Inner>, key: &Key) -> Option<Permit> {
    let mut state = cache.flights.lock();
    let waiters = match state.flights.get_mut(key) {
        None => VecDeque::new(),
        Some(flight) if is_too_old(cache, flight, cache.stamps.now()) => std::mem::take(&mut flight.waiters),
        Some(_) => return None,
    };
    Some(state.begin(cache, key, waiters))
}

fn is_too_old(cache: &Inner, flight: &Flight, now: Stamp) -> bool {
    u128::from(now.millis_since(flight.started)) > cache.options.permit_age.as_millis()
}

impl Permit {
    /// What it is for.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// When the work began.
    #[must_use]
    pub fn started(&self) -> Stamp {
        self.started
    }

    /// Stores what was made, unless something that it read was invalidated meanwhile, and wakes everybody who waits.
    pub fn commit(mut self, fill: Fill) -> Commit {
        self.spent = true;
        let cache = &self.cache;
        let now = cache.stamps.next();
        let entry = Arc::new(Entry::new(fill, self.started, now));
        let verdict = cache.tags.judge(entry.tags.iter(), self.started, now);
        // Stored before the flight ends, so that a lookup that finds no flight finds the entry.
        let owned = cache
            .flights
            .lock()
            .flights
            .get(&self.key)
            .is_some_and(|flight| flight.id == self.id);
        if !owned {
            cache.metrics.count(Event::Superseded);
            return Commit::Superseded(entry);
        }
        let died = match verdict {
            TagVerdict::Dead(tag, _) => Some(tag),
            _ => None,
        };
        if died.is_none() {
            // First, so that a load which runs beside this sees it and doesn't put the older entry over the new one.
            cache.prerendered.retire(&self.key);
            cache.memory.put(self.key.clone(), entry.clone());
            if let Some(store) = &cache.store {
                store.put(&self.key, &entry);
            }
        }
        self.land_with(&entry, now);
        cache.metrics.count(if died.is_some() {
            Event::DiedBeforeCommit
        } else {
            Event::Stored
        });
        match died {
            Some(tag) => Commit::Died(entry, tag),
            None => Commit::Stored(entry),
        }
    }

    /// Ends the fill because there was an entry after all, in the store behind memory.
    pub(crate) fn adopt(mut self, entry: &Arc<Entry>) {
        self.spent = true;
        self.cache.memory.put(self.key.clone(), entry.clone());
        self.land_with(entry, self.cache.stamps.now());
    }

    /// Gives an entry to everybody who waits.
    fn land_with(&self, entry: &Arc<Entry>, now: Stamp) {
        let cache = &self.cache;
        let landed = cache.flights.lock().land(&self.key, self.id);
        let expired = cache.tags.expired_since(entry.tags.iter(), now);
        for waiter in landed.into_iter().flat_map(|flight| flight.waiters) {
            // A waiter that came after an invalidation must not get what was begun before it. Only the last invalidation of a tag
            // is known, so who came after one of another tag, and before the last of this, looks again for nothing.
            let is_older = entry.started <= waiter.must_see
                && (expired >= entry.started || cache.tags.expired_since(waiter.soft_tags.iter(), now) >= entry.started);
            let landing = if is_older {
                Landing::Again
            } else {
                Landing::Entry(entry.clone())
            };
            drop(waiter.landing.send(landing));
        }
    }

    /// Ends the fill because its result belongs to one request only; everybody who waits does the work for himself. An
    /// entry that is still stored is removed: what it says is no longer what the page is.
    pub fn give_up(mut self, reason: &str) {
        self.spent = true;
        self.cache.metrics.count(Event::GaveUp);
        self.cache.prerendered.retire(&self.key);
        if let Some(entry) = self.cache.memory.get(&self.key) {
            self.cache.memory.remove_if(&self.key, &entry);
        }
        if let Some(store) = &self.cache.store {
            store.remove(&self.key);
        }
        let reason: Tag = reason.into();
        self.land_all(|| Landing::NotShared(reason.clone()));
    }

    /// Ends the fill because it failed. A stored entry is kept, and renewed later; each failure makes the pause longer.
    pub fn fail(mut self) {
        self.spent = true;
        self.cache.metrics.count(Event::Failed);
        if let Some(entry) = self.cache.memory.get(&self.key) {
            entry.note_failure(self.cache.stamps.now());
        }
        self.land_all(|| Landing::Failed);
    }

    fn land_all(&self, landing: impl Fn() -> Landing) {
        let landed = self.cache.flights.lock().land(&self.key, self.id);
        for waiter in landed.into_iter().flat_map(|flight| flight.waiters) {
            drop(waiter.landing.send(landing()));
        }
    }
}

impl Drop for Permit {
    /// Hands the permit on to the first who still waits.
    fn drop(&mut self) {
        if self.spent {
            return;
        }
        let Some(mut flight) = self.cache.flights.lock().land(&self.key, self.id) else {
            return;
        };
        while let Some(waiter) = flight.waiters.pop_front() {
            let rest = std::mem::take(&mut flight.waiters);
            let permit = self.cache.flights.lock().begin(&self.cache, &self.key, rest);
            match waiter.landing.send(Landing::Permit(permit)) {
                Ok(()) => return self.cache.metrics.count(Event::HandedOn),
                Err(Landing::Permit(mut unwanted)) => {
                    // Not by its own `drop`: a long row of waiters that have left would be as many nested calls.
                    unwanted.spent = true;
                    let Some(again) = self.cache.flights.lock().land(&self.key, unwanted.id) else {
                        return;
                    };
                    flight = again;
                }
                Err(_) => return,
            }
        }
    }
}
