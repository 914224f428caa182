//! Counters of the server, by reason: plain atomics that an admin endpoint can print.

use super::histogram::Histogram;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

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
    /// What came of looking for shared answers, by the word of a [`crate::shared::reason::Reason`].
    pub pages: Counters,
    /// Requests that are being answered.
    pub active: AtomicU64,
    /// Connections that the server closed, by reason (`idle`, `head_timeout`, `write_timeout` …).
    pub closed: Counters,
    /// Connections that are open.
    pub connections: AtomicU64,
    /// How long answers took, to their last byte, by the first digit of their status from 1 on.
    pub requests: [Histogram; 5],
    /// Calls of actions.
    pub actions: ActionMetrics,
}

/// By action and outcome.
type Durations = FxHashMap<(Arc<str>, &'static str), Arc<Histogram>>;

/// How often actions were called and how long it took, by action and outcome, and why calls were refused.
#[derive(Debug, Default)]
pub struct ActionMetrics {
    durations: RwLock<Durations>,
    /// Calls that were refused before the action ran, by reason.
    pub rejections: Counters,
}

impl ActionMetrics {
    /// A call ended, whether the action ran or not. Names come from the manifest and outcomes are constants, so the number of both together is bounded.
    pub fn ended(&self, action: &Arc<str>, outcome: &'static str, duration: Duration) {
        let key = (action.clone(), outcome);
        let known = self
            .durations
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        let histogram = known.unwrap_or_else(|| {
            let mut durations = self.durations.write().unwrap_or_else(PoisonError::into_inner);
            durations.entry(key).or_default().clone()
        });
        histogram.observe(duration);
    }

    /// All of them, sorted by action and outcome.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(Arc<str>, &'static str, Arc<Histogram>)> {
        let durations = self.durations.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = durations
            .iter()
            .map(|((action, outcome), histogram)| (action.clone(), *outcome, histogram.clone()))
            .collect();
        all.sort_unstable_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        all
    }
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
