//! The generic cell rate algorithm: how often something may happen, as arithmetic on one number for each subject.
//!
//! The number is the *theoretical arrival time*: when the subject would have nothing used up any more. A subject that may do
//! `burst` things at once and regains one every `period / burst` needs no counter, no window and no timer; there is no border
//! of a window at which twice as much would pass. Times are nanoseconds since any fixed moment. Pure (ITU-T I.371).

use std::num::NonZeroU32;

/// How often something may happen: `burst` times at once, and `burst` times in any `period` thereafter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    burst: u64,
    /// Nanoseconds after which one more is allowed.
    interval: u64,
}

/// Whether it may happen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Allowed {
        /// The subject's new theoretical arrival time.
        until: u64,
        /// How many more may happen at once now.
        remaining: u32,
    },
    /// It may not; the subject's time stays as it is.
    Refused {
        /// Nanoseconds until it may.
        wait: u64,
    },
}

impl Quota {
    /// `burst` in `period_ms` milliseconds. A period of 0 counts as one of 1.
    #[must_use]
    pub fn new(burst: NonZeroU32, period_ms: u32) -> Self {
        let burst = u64::from(burst.get());
        let period = u64::from(period_ms.max(1)) * 1_000_000;
        Self {
            burst,
            interval: (period / burst).max(1),
        }
    }

    /// Decides at `now` for a subject whose theoretical arrival time is `until`; 0 for one that is not known.
    #[must_use]
    pub fn take(self, until: u64, now: u64) -> Verdict {
        let from = until.max(now);
        let next = from.saturating_add(self.interval);
        let most = now.saturating_add(self.interval * self.burst);
        if next > most {
            return Verdict::Refused { wait: next - most };
        }
        let remaining = (most - next) / self.interval;
        Verdict::Allowed {
            until: next,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quota(burst: u32, period_ms: u32) -> Quota {
        Quota::new(NonZeroU32::new(burst).unwrap(), period_ms)
    }

    #[test]
    fn a_burst_passes_and_one_more_after_each_interval() {
        let quota = quota(3, 3_000);
        let (mut until, now) = (0, 10_000_000_000);
        for remaining in [2, 1, 0] {
            match quota.take(until, now) {
                Verdict::Allowed {
                    until: next,
                    remaining: left,
                } => {
                    assert_eq!(left, remaining);
                    until = next;
                }
                refused => panic!("{refused:?}"),
            }
        }
        assert_eq!(quota.take(until, now), Verdict::Refused { wait: 1_000_000_000 });
        assert!(matches!(quota.take(until, now + 999_999_999), Verdict::Refused { wait: 1 }));
        assert!(matches!(
            quota.take(until, now + 1_000_000_000),
            Verdict::Allowed { remaining: 0, .. }
        ));
    }

    #[test]
    fn a_quota_of_more_than_the_clock_can_tell_still_counts() {
        let quota = quota(u32::MAX, 0);
        assert!(matches!(quota.take(0, 5), Verdict::Allowed { .. }));
    }

    proptest! {
        /// Whatever the times of the attempts: in no stretch of one period more than twice the burst, and never more than
        /// the burst at one moment.
        #[test]
        fn no_more_than_the_quota_passes(burst in 1u32..20, period_ms in 1u32..5_000, gaps in proptest::collection::vec(0u64..1_000_000_000, 1..200)) {
            let quota = quota(burst, period_ms);
            let (mut until, mut now) = (0, 1u64 << 40);
            let mut passed: Vec<u64> = Vec::new();
            for gap in gaps {
                now += gap;
                if let Verdict::Allowed { until: next, .. } = quota.take(until, now) {
                    until = next;
                    passed.push(now);
                }
            }
            let interval = u64::from(period_ms) * 1_000_000 / u64::from(burst);
            for (index, first) in passed.iter().enumerate() {
                for (distance, last) in passed[index..].iter().enumerate() {
                    let allowed = u64::from(burst) + (last - first) / interval.max(1);
                    prop_assert!((distance as u64) < allowed, "{} passed in {} ns", distance + 1, last - first);
                }
            }
        }

        /// The wait that is told is neither too short nor too long.
        #[test]
        fn it_passes_after_the_wait_and_not_before(burst in 1u32..20, period_ms in 1u32..5_000, taken in 1u32..40) {
            let quota = quota(burst, period_ms);
            let (mut until, now) = (0, 1u64 << 40);
            for _ in 0..taken {
                if let Verdict::Allowed { until: next, .. } = quota.take(until, now) {
                    until = next;
                }
            }
            if let Verdict::Refused { wait } = quota.take(until, now) {
                let early = matches!(quota.take(until, now + wait - 1), Verdict::Refused { .. });
                let late = matches!(quota.take(until, now + wait), Verdict::Allowed { .. });
                prop_assert!(early && late);
            }
        }
    }
}
