//! Where each key's newest record is. The index is in memory and made anew at each start; what is not in it is not read,
//! whatever the files hold.

use crate::clock::Stamp;
use rustc_hash::FxHashMap;

/// Place of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    /// Number of the segment.
    pub(crate) segment: u32,
    /// Where it begins.
    pub(crate) offset: u64,
    /// Its bytes.
    pub(crate) len: u64,
    /// Whether it was read since it was written there.
    pub(crate) was_used: bool,
    /// When the fill of what it holds began.
    pub(crate) started: Stamp,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Index {
    locations: FxHashMap<u128, Location>,
    /// Keys that wait to be written, with the number of the order. An order whose number isn't here any more is void.
    pending: FxHashMap<u128, u64>,
    /// Records of each segment that count.
    live: FxHashMap<u32, u64>,
}

impl Index {
    pub(crate) fn len(&self) -> usize {
        self.locations.len()
    }

    pub(crate) fn get(&self, key: u128) -> Option<Location> {
        self.locations.get(&key).copied()
    }

    /// Where a record is that is read now.
    pub(crate) fn touch(&mut self, key: u128) -> Option<Location> {
        let location = self.locations.get_mut(&key)?;
        location.was_used = true;
        Some(*location)
    }

    pub(crate) fn insert(&mut self, key: u128, location: Location) {
        *self.live.entry(location.segment).or_default() += 1;
        if let Some(old) = self.locations.insert(key, location) {
            self.uncount(old.segment);
        }
    }

    /// Forgets a key, written or waiting. Whether there was anything.
    pub(crate) fn remove(&mut self, key: u128) -> (Option<Location>, bool) {
        let was_pending = self.pending.remove(&key).is_some();
        let location = self.locations.remove(&key);
        if let Some(location) = location {
            self.uncount(location.segment);
        }
        (location, was_pending)
    }

    fn uncount(&mut self, segment: u32) {
        if let Some(count) = self.live.get_mut(&segment) {
            *count = count.saturating_sub(1);
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Records of a segment that count.
    pub(crate) fn live_in(&self, segment: u32) -> u64 {
        self.live.get(&segment).copied().unwrap_or_default()
    }

    /// Forgets all records of a segment. Those that were read since they were written there are returned.
    pub(crate) fn remove_segment(&mut self, segment: u32) -> Vec<(u128, Location)> {
        let mut used = Vec::new();
        self.locations.retain(|key, location| {
            let is_there = location.segment == segment;
            if is_there && location.was_used {
                used.push((*key, *location));
            }
            !is_there
        });
        self.live.remove(&segment);
        used
    }

    pub(crate) fn order(&mut self, key: u128, number: u64) {
        self.pending.insert(key, number);
    }

    pub(crate) fn is_ordered(&self, key: u128, number: u64) -> bool {
        self.pending.get(&key) == Some(&number)
    }

    pub(crate) fn is_pending(&self, key: u128) -> bool {
        self.pending.contains_key(&key)
    }

    /// An order is done or void.
    pub(crate) fn settle(&mut self, key: u128, number: u64) {
        if self.is_ordered(key, number) {
            self.pending.remove(&key);
        }
    }

    pub(crate) fn all(&self) -> Vec<Location> {
        self.locations.values().copied().collect()
    }
}
