//! Time as the cache sees it: milliseconds that never run backwards, and stamps that are totally ordered.
//!
//! Within a process a monotonic clock counts, so a jump of the wall clock by an hour neither expires everything nor keeps
//! anything for ever. It starts at the time on the wall, so that what outlives the process (prerendered answers, a store on disk) has an age.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Where the cache takes the time from. Tests give it a clock that they turn by hand.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Milliseconds since some moment before the first call. May stand still; a step back is ignored.
    fn millis(&self) -> u64;
}

/// The system's monotonic clock, counted from a moment that the caller knows by the clock on the wall: so stamps of several
/// processes can be compared, and a jump of the wall clock while one runs changes nothing.
#[derive(Debug)]
pub struct MonotonicClock {
    made: Instant,
    offset: u64,
}

impl MonotonicClock {
    /// A clock that shows these milliseconds now (since 1970, where stamps are to be compared with those of other processes).
    #[must_use]
    pub fn showing(millis: u64) -> Self {
        Self {
            made: Instant::now(),
            offset: millis,
        }
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::showing(0)
    }
}

impl Clock for MonotonicClock {
    fn millis(&self) -> u64 {
        let elapsed = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.offset.saturating_add(elapsed).min(u64::MAX >> COUNTER_BITS)
    }
}

const COUNTER_BITS: u32 = 16;

/// A moment. Of two stamps that were taken one after the other, the second is greater, also within a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(u64);

impl Stamp {
    /// Before every stamp that is handed out.
    pub const ZERO: Self = Self(0);

    /// The first moment of a millisecond: for what was stamped by another process.
    #[must_use]
    pub fn from_millis(millis: u64) -> Self {
        // Later than `ZERO`, which tags that were never invalidated have.
        Self((millis.min(u64::MAX >> COUNTER_BITS) << COUNTER_BITS).max(1))
    }

    /// As a number, for what is written to disk.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The stamp that [`Stamp::to_bits`] gave.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Milliseconds of the clock that it was taken from.
    #[must_use]
    pub fn millis(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// The first moment of the millisecond that lies `seconds` later.
    #[must_use]
    pub fn plus_seconds(self, seconds: u64) -> Self {
        let millis = self.millis().saturating_add(seconds.saturating_mul(1000));
        Self(millis.min(u64::MAX >> COUNTER_BITS) << COUNTER_BITS)
    }

    /// Milliseconds from `earlier` to this moment; none if it is later.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> u64 {
        self.millis().saturating_sub(earlier.millis())
    }
}

/// Hands out stamps.
#[derive(Debug)]
pub struct Stamps {
    clock: Arc<dyn Clock>,
    last: AtomicU64,
}

impl Stamps {
    /// Stamps over a clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            last: AtomicU64::new(1),
        }
    }

    /// A new stamp, greater than every one before it.
    pub fn next(&self) -> Stamp {
        let now = self.clock.millis() << COUNTER_BITS;
        let update = |last: u64| Some(now.max(last.saturating_add(1)));
        let last = self
            .last
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, update)
            .unwrap_or_else(|last| last);
        Stamp(now.max(last.saturating_add(1)))
    }

    /// Makes every later stamp greater than one that was taken elsewhere.
    pub fn advance_to(&self, other: Stamp) {
        self.last.fetch_max(other.0, Ordering::SeqCst);
    }

    /// The present moment, for measuring ages: not less than any moment before it.
    pub fn now(&self) -> Stamp {
        let now = self.clock.millis() << COUNTER_BITS;
        let last = self.last.load(Ordering::SeqCst);
        // Written at most once in a millisecond, so that lookups don't fight for the cache line.
        if now > last {
            Stamp(now.max(self.last.fetch_max(now, Ordering::SeqCst)))
        } else {
            Stamp(last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Frozen(AtomicU64);
    impl Clock for Frozen {
        fn millis(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn stamps_rise_within_a_millisecond_and_when_the_clock_steps_back() {
        let clock = Arc::new(Frozen(AtomicU64::new(50)));
        let stamps = Stamps::new(clock.clone());
        let a = stamps.next();
        let b = stamps.next();
        clock.0.store(90, Ordering::SeqCst);
        assert_eq!(stamps.now().millis(), 90);
        clock.0.store(10, Ordering::SeqCst);
        let c = stamps.next();
        assert_eq!(c.millis(), 90);
        assert!(a < b && b < c);
        assert!(stamps.now() >= c);
        assert_eq!(a.millis(), 50);
    }

    #[test]
    fn adding_seconds_saturates() {
        let stamp = Stamps::new(Arc::new(Frozen(AtomicU64::new(1_500)))).next();
        assert_eq!(stamp.plus_seconds(2).millis(), 3_500);
        assert_eq!(stamp.plus_seconds(2), stamp.plus_seconds(1).plus_seconds(1));
        assert!(stamp.plus_seconds(u64::MAX) > stamp);
        assert_eq!(Stamp::ZERO.millis_since(stamp), 0);
    }
}
