//! Invalidations that outlive the process. Each is appended to a file before it is acknowledged: without that, an entry on
//! disk would come back to life with the next start. After `kill -9` nothing of it is lost, since what was written is the
//! system's by then; a power cut is covered by [`Durability::Power`].

use crate::clock::Stamp;
use crate::store::disk::{Volume, VolumeFile, read_up_to};
use crate::tag_clock::{Invalidation, Tag};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

const NAME: &str = "invalidations.log";
const NEW_NAME: &str = "invalidations.new";
/// Length, its complement, checksum. A length that was damaged must not look like a record that was never finished.
const HEAD_LEN: usize = 16;
/// Kind, stamp, seconds.
const FIXED_LEN: usize = 17;
/// The kind of the record that says up to where tags were forgotten.
const FLOOR: u8 = 3;
/// Beyond this the file is written anew while it is in use.
const LARGE: u64 = 32 * 1024 * 1024;

/// What an acknowledged invalidation survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the process in any way.
    #[default]
    Process,
    /// A power cut as well: each invalidation waits for the disk.
    Power,
}

/// One invalidation as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidated {
    /// What was invalidated.
    pub tag: Tag,
    /// How.
    pub invalidation: Invalidation,
    /// When.
    pub stamp: Stamp,
}

/// What an earlier process left.
#[derive(Debug, Default)]
pub struct Replay {
    /// In the order of the file.
    pub items: Vec<Invalidated>,
    /// The latest moment in it.
    pub latest: Stamp,
    /// Up to here the earlier process had forgotten what was invalidated; see [`crate::TagClock`].
    pub floor: Stamp,
    /// Whether a part could not be read: then nobody knows what else was invalidated, and no older entry with a tag may be
    /// served.
    pub is_damaged: bool,
}

#[derive(Debug)]
struct Tail {
    file: Arc<dyn VolumeFile>,
    len: u64,
    /// Bytes right after the last rewriting.
    compact_len: u64,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct InvalidationLog {
    volume: Arc<dyn Volume>,
    durability: Durability,
    tail: Mutex<Tail>,
}

impl InvalidationLog {
    /// Opens the log and reads it.
    ///
    /// # Errors
    /// If it can't be read or made.
    pub fn open(volume: Arc<dyn Volume>, durability: Durability) -> io::Result<(Self, Replay)> {
        let (file, replay, len) = match volume.open(NAME) {
            Ok(file) => {
                let mut bytes = vec![0; usize::try_from(file.length()?).unwrap_or(usize::MAX)];
                let read = read_up_to(file.as_ref(), 0, &mut bytes)?;
                let (replay, len) = replay(bytes.get(..read).unwrap_or_default());
                // An unfinished record at the end was never acknowledged.
                file.truncate(len)?;
                (file, replay, len)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (volume.create(NAME)?, Replay::default(), 0),
            Err(error) => return Err(error),
        };
        let tail = Mutex::new(Tail {
            file,
            len,
            compact_len: len,
        });
        Ok((
            Self {
                volume,
                durability,
                tail,
            },
            replay,
        ))
    }

    /// Appends an invalidation. It may be acknowledged when this has returned.
    ///
    /// # Errors
    /// If it couldn't be written; then it isn't in the log.
    pub fn append(&self, item: &Invalidated) -> io::Result<()> {
        let mut record = Vec::with_capacity(HEAD_LEN + FIXED_LEN + item.tag.len());
        write(&mut record, item);
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = tail.file.write_all_at(&record, tail.len) {
            let _ = tail.file.truncate(tail.len);
            return Err(error);
        }
        tail.len += record.len() as u64;
        if self.durability == Durability::Power {
            tail.file.sync()?;
        }
        Ok(())
    }

    /// Whether it is worth to write it anew.
    #[must_use]
    pub fn is_large(&self) -> bool {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.len > LARGE && tail.len / 4 > tail.compact_len
    }

    /// Replaces all that is in it. `snapshot` is called while nothing can be appended; it gives the floor and the items.
    ///
    /// # Errors
    /// If the new file couldn't be written; then the old one stays.
    pub fn rewrite(&self, snapshot: impl FnOnce() -> (Stamp, Vec<Invalidated>)) -> io::Result<()> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        let (floor, items) = snapshot();
        if floor > Stamp::ZERO {
            put(&mut bytes, FLOOR, floor, 0, "");
        }
        for item in items {
            write(&mut bytes, &item);
        }
        let file = self.volume.create(NEW_NAME)?;
        file.write_all_at(&bytes, 0)?;
        file.sync()?;
        self.volume.rename(NEW_NAME, NAME)?;
        let len = bytes.len() as u64;
        *tail = Tail {
            file,
            len,
            compact_len: len,
        };
        Ok(())
    }
}

fn write(bytes: &mut Vec<u8>, item: &Invalidated) {
    let (kind, seconds) = match item.invalidation {
        Invalidation::Expire => (0, 0),
        Invalidation::Stale { expire: None } => (1, 0),
        Invalidation::Stale { expire: Some(seconds) } => (2, seconds),
    };
    put(bytes, kind, item.stamp, seconds, &item.tag);
}

fn put(bytes: &mut Vec<u8>, kind: u8, stamp: Stamp, seconds: u64, tag: &str) {
    let mut content = Vec::with_capacity(FIXED_LEN + tag.len());
    content.push(kind);
    content.extend_from_slice(&stamp.to_bits().to_le_bytes());
    content.extend_from_slice(&u64::to_le_bytes(seconds));
    content.extend_from_slice(tag.as_bytes());
    let len = u32::try_from(content.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(&(!len).to_le_bytes());
    bytes.extend_from_slice(&xxh3_64(&content).to_le_bytes());
    bytes.extend_from_slice(&content);
}

/// What the bytes say, and up to where they can be understood.
fn replay(bytes: &[u8]) -> (Replay, u64) {
    let mut replay = Replay::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((content, after)) = split(rest) else { break };
        match read(content) {
            Some((FLOOR, item)) => {
                replay.latest = replay.latest.max(item.stamp);
                replay.floor = replay.floor.max(item.stamp);
            }
            Some((_, item)) => {
                replay.latest = replay.latest.max(item.stamp);
                replay.items.push(item);
            }
            None => {
                replay.is_damaged = true;
                break;
            }
        }
        rest = after;
    }
    (replay, (bytes.len() - rest.len()) as u64)
}

/// The first record's content; `None` if it was never finished. What fails its checksum comes back empty.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD_LEN)?;
    let (len, more) = head.split_at_checked(4)?;
    let (complement, sum) = more.split_at_checked(4)?;
    let len = u32::from_le_bytes(len.try_into().ok()?);
    if len != !u32::from_le_bytes(complement.try_into().ok()?) {
        return Some((&[], &[]));
    }
    let sum = u64::from_le_bytes(sum.try_into().ok()?);
    let (content, after) = rest.split_at_checked(len as usize)?;
    Some(if xxh3_64(content) == sum {
        (content, after)
    } else {
        (&[], after)
    })
}

/// The kind of a record, and what it says.
fn read(content: &[u8]) -> Option<(u8, Invalidated)> {
    let (fixed, tag) = content.split_at_checked(FIXED_LEN)?;
    let (kind, numbers) = fixed.split_first()?;
    let (stamp, seconds) = numbers.split_at_checked(8)?;
    let stamp = Stamp::from_bits(u64::from_le_bytes(stamp.try_into().ok()?));
    let seconds = u64::from_le_bytes(seconds.try_into().ok()?);
    let invalidation = match kind {
        0 | &FLOOR => Invalidation::Expire,
        1 => Invalidation::Stale { expire: None },
        2 => Invalidation::Stale { expire: Some(seconds) },
        _ => return None,
    };
    let tag = std::str::from_utf8(tag).ok()?.into();
    let item = Invalidated {
        tag,
        invalidation,
        stamp,
    };
    Some((*kind, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> Vec<Invalidated> {
        let item = |tag: &str, invalidation, stamp| Invalidated {
            tag: tag.into(),
            invalidation,
            stamp: Stamp::from_bits(stamp),
        };
        vec![
            item("a", Invalidation::Expire, 5),
            item("ü", Invalidation::Stale { expire: None }, 9),
            item("", Invalidation::Stale { expire: Some(60) }, 7),
        ]
    }

    fn bytes() -> Vec<u8> {
        let mut bytes = Vec::new();
        for item in items() {
            write(&mut bytes, &item);
        }
        bytes
    }

    #[test]
    fn what_was_written_is_read_in_order() {
        let (replay, len) = replay(&bytes());
        assert_eq!(replay.items, items());
        assert_eq!((replay.latest, replay.is_damaged), (Stamp::from_bits(9), false));
        assert_eq!(len, bytes().len() as u64);
    }

    #[test]
    fn a_cut_loses_only_what_was_not_finished_and_a_flipped_bit_is_noticed() {
        let whole = bytes();
        for cut in 0..whole.len() {
            let (replay, len) = replay(&whole[..cut]);
            assert!(!replay.is_damaged);
            assert!(len <= cut as u64);
            assert_eq!(replay.items, items()[..replay.items.len()]);
        }
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(replay(&damaged).0.is_damaged, "bit {bit}");
        }
    }
}
