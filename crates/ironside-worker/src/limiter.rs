//! Limits how much a worker may report, so that a chatty one costs itself and nobody else.

use std::time::Duration;
use tokio::time::Instant;

/// Records in one window.
const MAX_RECORDS: u32 = 1000;
/// Their bytes.
const MAX_BYTES: usize = 1024 * 1024;
const WINDOW: Duration = Duration::from_secs(1);

/// Counts what came in the current second.
#[derive(Debug)]
pub(crate) struct Limiter {
    since: Instant,
    records: u32,
    bytes: usize,
    dropped: u64,
}

impl Limiter {
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            records: 0,
            bytes: 0,
            dropped: 0,
        }
    }

    /// Counts one record. `Some` lets it pass, with the number of those that were dropped before it, to be reported once.
    pub(crate) fn admit(&mut self, now: Instant, bytes: usize) -> Option<u64> {
        if now.duration_since(self.since) >= WINDOW {
            self.since = now;
            self.records = 0;
            self.bytes = 0;
        }
        if self.records >= MAX_RECORDS || self.bytes + bytes > MAX_BYTES {
            self.dropped += 1;
            return None;
        }
        self.records += 1;
        self.bytes += bytes;
        Some(std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_the_limit_is_dropped_and_counted() {
        let mut limiter = Limiter::new();
        let now = Instant::now();
        for _ in 0..MAX_RECORDS {
            assert_eq!(limiter.admit(now, 10), Some(0));
        }
        assert_eq!(limiter.admit(now, 10), None);
        assert_eq!(limiter.admit(now, 10), None);
        let later = now + WINDOW * 2;
        assert_eq!(limiter.admit(later, MAX_BYTES), Some(2));
        assert_eq!(limiter.admit(later, 1), None);
    }
}
