//! Counters of the server, by reason: plain atomics that an admin endpoint can print.

use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Counts of words. Words are constants of the program, so their number is bounded.
#[derive(Debug, Default)]
pub struct Counters {
    counts: RwLock<FxHashMap<&'static str, AtomicU64>>,
}

impl Counters {
    /// One more.
    pub fn count(&self, word: &'static str) {
        if let Some(count) = self.counts.read().unwrap_or_else(PoisonError::into_inner).get(word) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.counts
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(word)
            .or_default()
            .fetch_add(1, Ordering::Relaxed);
    }

    /// All counts, sorted by word.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(&'static str, u64)> {
        let counts = self.counts.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = counts
            .iter()
            .map(|(word, count)| (*word, count.load(Ordering::Relaxed)))
            .collect();
        all.sort_unstable();
        all
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct ServerMetrics {
    /// Answers by reason (`ok`, or why not).
    pub answers: Counters,
    /// What the cache of pages said (`hit`, `miss`, `stale`, or why it wasn't asked).
    pub pages: Counters,
    /// Requests that are being answered.
    pub active: AtomicU64,
    /// Connections that the server closed, by reason (`idle`, `head_timeout`, `write_timeout` …).
    pub closed: Counters,
    /// Connections that are open.
    pub connections: AtomicU64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted() {
        let counters = Counters::default();
        for word in ["b", "a", "b"] {
            counters.count(word);
        }
        assert_eq!(counters.snapshot(), [("a", 1), ("b", 2)]);
    }
}
