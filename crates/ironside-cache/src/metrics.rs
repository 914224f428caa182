//! Counters of the cache: plain atomics that an admin endpoint can print.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted. The names are the metric's labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each name is the thing that is counted")]
pub enum Event {
    Fresh,
    StaleAge,
    StaleTag,
    Absent,
    DeadAge,
    DeadTag,
    Wait,
    Stored,
    DiedBeforeCommit,
    Superseded,
    GaveUp,
    Failed,
    HandedOn,
    TakenAway,
    Invalidated,
    FromStore,
    StoreFailed,
    StoreSlow,
    LogFailed,
}

/// Every event with its label, in the order in which they are printed.
const LABELS: [(Event, &str); 19] = [
    (Event::Fresh, "fresh"),
    (Event::StaleAge, "stale_age"),
    (Event::StaleTag, "stale_tag"),
    (Event::Absent, "absent"),
    (Event::DeadAge, "dead_age"),
    (Event::DeadTag, "dead_tag"),
    (Event::Wait, "wait"),
    (Event::Stored, "stored"),
    (Event::DiedBeforeCommit, "died_before_commit"),
    (Event::Superseded, "superseded"),
    (Event::GaveUp, "gave_up"),
    (Event::Failed, "failed"),
    (Event::HandedOn, "handed_on"),
    (Event::TakenAway, "taken_away"),
    (Event::Invalidated, "invalidated"),
    (Event::FromStore, "from_store"),
    (Event::StoreFailed, "store_failed"),
    (Event::StoreSlow, "store_slow"),
    (Event::LogFailed, "log_failed"),
];

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct CacheMetrics {
    counts: [AtomicU64; LABELS.len()],
}

impl CacheMetrics {
    pub(crate) fn count(&self, event: Event) {
        if let Some(count) = self.counts.get(event as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often it has happened.
    #[must_use]
    pub fn get(&self, event: Event) -> u64 {
        self.counts
            .get(event as usize)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// All counters with their labels.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        LABELS.iter().map(|(event, label)| (*label, self.get(*event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_in_the_order_of_the_events() {
        for (index, (event, label)) in LABELS.iter().enumerate() {
            assert_eq!(*event as usize, index, "{label}");
        }
    }
}
