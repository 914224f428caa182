//! When each tag was invalidated. An invalidation is one stamp in a map; entries are judged against it when they are
//! looked up (`freshness`), so it costs the same however many entries carry the tag.

use crate::clock::Stamp;
use crate::invalidation_log::Invalidated;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A label on entries. Compared byte by byte.
pub type Tag = Arc<str>;

/// The tag that every entry carries without naming it. No application can name it, since its tags are not empty.
pub(crate) const EVERYTHING: &str = "";

/// What an invalidation does to the entries that carry the tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalidation {
    /// They are not served any more.
    Expire,
    /// They are served once more while they are renewed, but not any more after `expire` seconds.
    Stale {
        /// Seconds; `None`: they may be served stale for as long as nobody renews them.
        expire: Option<u64>,
    },
}

/// What is known of one tag. Entries that started at or before a stamp are hit by it.
#[derive(Debug, Clone, Default)]
struct Record {
    expired: Stamp,
    stale: Stamp,
    /// `(stale, dead_at)`: entries that started at or before `stale` are dead from `dead_at` on.
    pending: Vec<(Stamp, Stamp)>,
}

/// How many future deaths of one tag are told apart. Beyond that the earliest is used for all of them: entries may
/// always be lost.
const MAX_PENDING: usize = 8;

impl Record {
    fn latest(&self) -> Stamp {
        self.expired.max(self.stale)
    }

    fn apply(&mut self, invalidation: Invalidation, now: Stamp) {
        match invalidation {
            Invalidation::Expire => self.expired = self.expired.max(now),
            Invalidation::Stale { expire } => {
                self.stale = self.stale.max(now);
                let Some(seconds) = expire else { return };
                self.settle(now);
                self.pending.push((now, now.plus_seconds(seconds)));
                if self.pending.len() > MAX_PENDING {
                    let earliest = self.pending.iter().map(|(_, dead_at)| *dead_at).min().unwrap_or(now);
                    self.pending = vec![(now, earliest)];
                }
            }
        }
    }

    /// Turns pending deaths that have come into expirations.
    fn settle(&mut self, now: Stamp) {
        let expired = &mut self.expired;
        self.pending.retain(|(stale, dead_at)| {
            let due = *dead_at <= now;
            if due {
                *expired = (*expired).max(*stale);
            }
            !due
        });
    }

    /// The newest stamp whose entries are dead at `now`.
    fn expired_at(&self, now: Stamp) -> Stamp {
        self.pending
            .iter()
            .filter(|(_, dead_at)| *dead_at <= now)
            .map(|(stale, _)| *stale)
            .fold(self.expired, Stamp::max)
    }
}

#[derive(Debug, Default)]
struct Records {
    tags: FxHashMap<Tag, Record>,
    /// Everything that was forgotten about tags happened at or before this.
    floor: Stamp,
    /// When everything expired, whatever its tags.
    everything: Stamp,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct TagClock {
    records: RwLock<Records>,
    /// The latest invalidation of any tag, as bits of a stamp.
    latest: AtomicU64,
    /// How often `records` were changed, and one more. Written with the lock only.
    changes: AtomicU64,
    max_tags: usize,
}

/// Up to which change of the clock something is known to be untouched. Such a verdict does not depend on the time: a death that is to come
/// hits what began before its stamp, and so does the mark of staleness that came with it.
#[derive(Debug, Default)]
pub(crate) struct Untouched(AtomicU64);

/// What the clock says of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagVerdict {
    /// None of its tags was invalidated since it started.
    Untouched,
    /// One of them was marked stale.
    Stale(Tag),
    /// One of them expired, and when.
    Dead(Tag, Stamp),
}

impl TagClock {
    /// A clock that remembers at most so many tags.
    #[must_use]
    pub fn new(max_tags: usize) -> Self {
        Self {
            records: RwLock::default(),
            latest: AtomicU64::default(),
            changes: AtomicU64::new(1),
            max_tags: max_tags.max(1),
        }
    }

    /// Notes an invalidation. When it has returned, it holds for every later [`TagClock::judge`].
    pub fn apply(&self, tag: &str, invalidation: Invalidation, now: Stamp) {
        self.latest.fetch_max(now.to_bits(), Ordering::SeqCst);
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::SeqCst);
        if tag == EVERYTHING {
            records.everything = records.everything.max(now);
            return;
        }
        match records.tags.get_mut(tag) {
            Some(record) => record.apply(invalidation, now),
            None => {
                let mut record = Record::default();
                record.apply(invalidation, now);
                records.tags.insert(tag.into(), record);
            }
        }
        if records.tags.len() > self.max_tags {
            forget_oldest(&mut records);
        }
    }

    /// What the tags of something that started at `started` mean for it now.
    pub fn judge<'a>(&self, tags: impl Iterator<Item = &'a Tag>, started: Stamp, now: Stamp) -> TagVerdict {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        Self::verdict(&records, tags, started, now)
    }

    /// The same for something that is asked about again and again, always with the same tags: while nothing is invalidated, what was
    /// untouched is so still.
    pub(crate) fn judge_again<'a>(
        &self,
        untouched: &Untouched,
        tags: impl Iterator<Item = &'a Tag>,
        started: Stamp,
        now: Stamp,
    ) -> TagVerdict {
        if self.knows(untouched) {
            return TagVerdict::Untouched;
        }
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        let verdict = Self::verdict(&records, tags, started, now);
        if verdict == TagVerdict::Untouched {
            untouched.0.store(self.changes.load(Ordering::SeqCst), Ordering::Relaxed);
        }
        verdict
    }

    /// Whether nothing was invalidated since something was found untouched.
    pub(crate) fn knows(&self, untouched: &Untouched) -> bool {
        untouched.0.load(Ordering::Relaxed) == self.changes.load(Ordering::SeqCst)
    }

    fn verdict<'a>(records: &Records, tags: impl Iterator<Item = &'a Tag>, started: Stamp, now: Stamp) -> TagVerdict {
        if started <= records.everything {
            return TagVerdict::Dead(EVERYTHING.into(), records.everything);
        }
        let mut verdict = TagVerdict::Untouched;
        for tag in tags {
            if started <= records.floor {
                return TagVerdict::Dead(tag.clone(), records.floor);
            }
            let Some(record) = records.tags.get(tag) else { continue };
            let expired = record.expired_at(now);
            if expired >= started {
                return TagVerdict::Dead(tag.clone(), expired);
            }
            if record.stale >= started {
                verdict = TagVerdict::Stale(tag.clone());
            }
        }
        verdict
    }

    /// The latest moment at which one of the tags expired.
    pub(crate) fn expired_since<'a>(&self, tags: impl Iterator<Item = &'a Tag>, now: Stamp) -> Stamp {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        tags.filter_map(|tag| records.tags.get(tag))
            .map(|record| record.expired_at(now))
            .fold(records.floor.max(records.everything), Stamp::max)
    }

    /// The latest invalidation of any tag.
    pub(crate) fn latest(&self) -> Stamp {
        Stamp::from_bits(self.latest.load(Ordering::SeqCst))
    }

    /// Everything with a tag that began at or before a moment is dead from now on.
    pub(crate) fn raise_floor(&self, floor: Stamp) {
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::SeqCst);
        records.floor = records.floor.max(floor);
        self.latest.fetch_max(floor.to_bits(), Ordering::SeqCst);
    }

    /// The floor, and invalidations that amount to what is known above it.
    pub(crate) fn snapshot(&self, now: Stamp) -> (Stamp, Vec<Invalidated>) {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        let mut items = Vec::with_capacity(records.tags.len() + 1);
        if records.everything > Stamp::ZERO {
            items.push(Invalidated {
                tag: EVERYTHING.into(),
                invalidation: Invalidation::Expire,
                stamp: records.everything,
            });
        }
        for (tag, record) in &records.tags {
            let item = |invalidation, stamp| Invalidated {
                tag: tag.clone(),
                invalidation,
                stamp,
            };
            let expired = record.expired_at(now);
            if expired > Stamp::ZERO {
                items.push(item(Invalidation::Expire, expired));
            }
            if record.stale > Stamp::ZERO {
                items.push(item(Invalidation::Stale { expire: None }, record.stale));
            }
            for (stale, dead_at) in &record.pending {
                let seconds = Some(dead_at.millis_since(*stale) / 1000);
                items.push(item(Invalidation::Stale { expire: seconds }, *stale));
            }
        }
        (records.floor, items)
    }

    /// How many tags are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.read().unwrap_or_else(PoisonError::into_inner).tags.len()
    }

    /// Whether nothing was ever invalidated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Drops the older half and raises the floor: what started before it and carries any tag counts as dead, since nobody
/// knows any more what was invalidated then.
fn forget_oldest(records: &mut Records) {
    let mut stamps: Vec<Stamp> = records.tags.values().map(Record::latest).collect();
    let middle = stamps.len() / 2;
    let (_, median, _) = stamps.select_nth_unstable(middle);
    let floor = *median;
    records.tags.retain(|_, record| record.latest() > floor);
    records.floor = records.floor.max(floor);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Stamps};

    #[derive(Debug, Default)]
    struct Hand(AtomicU64);
    impl Clock for Hand {
        fn millis(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn tag(name: &str) -> [Tag; 1] {
        [name.into()]
    }

    #[test]
    fn expiring_hits_what_started_before_and_spares_what_starts_after() {
        let stamps = Stamps::new(Arc::new(Hand::default()));
        let clock = TagClock::new(10);
        let before = stamps.next();
        clock.apply("a", Invalidation::Expire, stamps.next());
        let after = stamps.next();
        assert!(matches!(clock.judge(tag("a").iter(), before, after), TagVerdict::Dead(..)));
        assert_eq!(clock.judge(tag("a").iter(), after, after), TagVerdict::Untouched);
        assert_eq!(clock.judge(tag("b").iter(), before, after), TagVerdict::Untouched);
    }

    #[test]
    fn what_is_known_to_be_untouched_is_looked_at_again_after_every_change_in_whatever_order_they_come() {
        let stamps = Stamps::new(Arc::new(Hand::default()));
        let clock = TagClock::new(10);
        let started = stamps.next();
        let (early, late) = (stamps.next(), stamps.next());
        let untouched = Untouched::default();
        let judge = || clock.judge_again(&untouched, tag("a").iter(), started, late);
        assert!(!clock.knows(&untouched));
        assert_eq!(judge(), TagVerdict::Untouched);
        assert!(clock.knows(&untouched));
        clock.apply("b", Invalidation::Expire, late);
        assert!(!clock.knows(&untouched));
        assert_eq!(judge(), TagVerdict::Untouched);
        clock.apply("a", Invalidation::Expire, early);
        assert!(matches!(judge(), TagVerdict::Dead(..)));
        assert!(!clock.knows(&untouched));
    }

    #[test]
    fn a_stale_tag_kills_after_its_expire_and_a_later_one_does_not_postpone_that() {
        let hand = Arc::new(Hand::default());
        let stamps = Stamps::new(hand.clone());
        let clock = TagClock::new(10);
        let started = stamps.next();
        clock.apply("a", Invalidation::Stale { expire: Some(10) }, stamps.next());
        clock.apply("a", Invalidation::Stale { expire: Some(100) }, stamps.next());
        assert!(matches!(
            clock.judge(tag("a").iter(), started, stamps.now()),
            TagVerdict::Stale(_)
        ));
        hand.0.store(10_001, Ordering::SeqCst);
        assert!(matches!(
            clock.judge(tag("a").iter(), started, stamps.now()),
            TagVerdict::Dead(..)
        ));
    }

    #[test]
    fn a_death_has_come_with_the_millisecond_that_it_is_for() {
        let hand = Arc::new(Hand::default());
        let stamps = Stamps::new(hand.clone());
        let clock = TagClock::new(10);
        let started = stamps.next();
        clock.apply("a", Invalidation::Stale { expire: Some(4) }, stamps.next());
        for (millis, is_dead) in [(3_999, false), (4_000, true)] {
            hand.0.store(millis, Ordering::SeqCst);
            let verdict = clock.judge(tag("a").iter(), started, stamps.now());
            assert_eq!(matches!(verdict, TagVerdict::Dead(..)), is_dead, "after {millis} ms");
        }
    }

    #[test]
    fn everything_expires_with_and_without_tags_and_a_snapshot_says_so() {
        let stamps = Stamps::new(Arc::new(Hand::default()));
        let clock = TagClock::new(4);
        let before = stamps.next();
        clock.apply(EVERYTHING, Invalidation::Expire, stamps.next());
        let after = stamps.next();
        for tags in [&tag("a")[..], &[]] {
            assert!(matches!(clock.judge(tags.iter(), before, after), TagVerdict::Dead(..)));
            assert_eq!(clock.judge(tags.iter(), after, after), TagVerdict::Untouched);
        }
        let again = TagClock::new(4);
        for item in clock.snapshot(after).1 {
            again.apply(&item.tag, item.invalidation, item.stamp);
        }
        assert!(matches!(again.judge([].iter(), before, after), TagVerdict::Dead(..)));
    }

    #[test]
    fn forgetting_tags_makes_old_tagged_entries_dead_but_no_untagged_ones() {
        let stamps = Stamps::new(Arc::new(Hand::default()));
        let clock = TagClock::new(4);
        let started = stamps.next();
        for i in 0..6 {
            clock.apply(&format!("t{i}"), Invalidation::Expire, stamps.next());
        }
        assert!(clock.len() <= 4);
        assert!(matches!(
            clock.judge(tag("t0").iter(), started, stamps.now()),
            TagVerdict::Dead(..)
        ));
        assert!(matches!(
            clock.judge(tag("never").iter(), started, stamps.now()),
            TagVerdict::Dead(..)
        ));
        assert_eq!(clock.judge([].iter(), started, stamps.now()), TagVerdict::Untouched);
        let later = stamps.next();
        assert_eq!(clock.judge(tag("t0").iter(), later, stamps.now()), TagVerdict::Untouched);
    }
}
