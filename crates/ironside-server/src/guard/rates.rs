//! How often somebody has done something: one number for each subject ([`ironside_model::gcra`]), in a table that has a bound.
//! Who fills it with new subjects makes it forget those that have used least.

use super::Subject;
use ironside_model::gcra::{Quota, Verdict};
use rustc_hash::FxHashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Subjects of one shard: 16 × 8,192 entries of 24 bytes are some 5 MiB.
const PER_SHARD: usize = 8_192;
const SHARDS: usize = 16;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Rates {
    start: Instant,
    /// Subjects are digests, so any byte of one tells the shard.
    shards: [Mutex<FxHashMap<Subject, u64>>; SHARDS],
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl Rates {
    /// Counts one more, or refuses it.
    pub(crate) fn take(&self, subject: &Subject, quota: Quota) -> Verdict {
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(subject, quota, now)
    }

    fn take_at(&self, subject: &Subject, quota: Quota, now: u64) -> Verdict {
        let shard = usize::from(subject[0]) % SHARDS;
        let mut table = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = quota.take(table.get(subject).copied().unwrap_or(0), now);
        if let Verdict::Allowed { until, .. } = verdict {
            if table.len() >= PER_SHARD && !table.contains_key(subject) {
                make_room(&mut table, now);
            }
            table.insert(*subject, until);
        }
        verdict
    }
}

/// Drops what has run out; if that is too little, also the eighth that comes next.
fn make_room(table: &mut FxHashMap<Subject, u64>, now: u64) {
    table.retain(|_, until| *until > now);
    if table.len() < PER_SHARD / 8 * 7 {
        return;
    }
    let mut times: Vec<u64> = table.values().copied().collect();
    let (_, border, _) = times.select_nth_unstable(PER_SHARD / 8);
    let border = *border;
    table.retain(|_, until| *until > border);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn quota(burst: u32) -> Quota {
        Quota::new(NonZeroU32::new(burst).unwrap(), 60_000)
    }

    fn numbered(number: u32) -> Subject {
        let mut subject = Subject::default();
        // All in one shard.
        subject[1..5].copy_from_slice(&number.to_le_bytes());
        subject
    }

    fn passes(verdict: Verdict) -> bool {
        matches!(verdict, Verdict::Allowed { .. })
    }

    #[test]
    fn each_subject_has_a_quota_of_its_own() {
        let rates = Rates::default();
        assert!(passes(rates.take(&numbered(1), quota(1))));
        assert!(!passes(rates.take(&numbered(1), quota(1))));
        assert!(passes(rates.take(&numbered(2), quota(1))));
    }

    #[test]
    fn the_table_stays_within_its_bound_and_keeps_who_used_most() {
        let rates = Rates::default();
        let heavy = numbered(u32::MAX);
        for _ in 0..10 {
            rates.take_at(&heavy, quota(10), 1);
        }
        for number in 0..40_000 {
            rates.take_at(&numbered(number), quota(10), 1);
        }
        let held = rates.shards[0].lock().unwrap().len();
        assert!(held <= PER_SHARD, "{held}");
        assert!(
            !passes(rates.take_at(&heavy, quota(10), 1)),
            "a flood of others gave it a new quota"
        );
    }
}
