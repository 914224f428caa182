//! Durations in buckets, as Prometheus has them: plain atomics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the buckets in microseconds: those that OpenTelemetry names for HTTP
/// (semantic conventions, `http.server.request.duration`). Above the last one comes another without a bound.
pub const BOUNDS: [u64; 14] = [
    5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000, 1_000_000, 2_500_000, 5_000_000, 7_500_000,
    10_000_000,
];

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// How many were not longer than each of [`BOUNDS`], and all of them at the end.
    pub cumulative: [u64; BOUNDS.len() + 1],
    /// All durations together, in microseconds.
    pub sum: u64,
}

impl Histogram {
    /// One more.
    pub fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.buckets.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was observed.
    #[must_use]
    pub fn read(&self) -> Observed {
        let mut total = 0;
        let cumulative = std::array::from_fn(|at| {
            total += self.buckets.get(at).map_or(0, |count| count.load(Ordering::Relaxed));
            total
        });
        Observed {
            cumulative,
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket_and_what_is_longer_than_all_to_the_last() {
        let histogram = Histogram::default();
        for micros in [1, 5_000, 5_001, 99_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let observed = histogram.read();
        assert_eq!(observed.cumulative[..3], [2, 3, 3]);
        assert_eq!(observed.cumulative[13..], [3, 4]);
        assert_eq!(observed.sum, 99_010_002);
    }
}
