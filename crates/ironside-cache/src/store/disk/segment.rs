//! A segment: a file that records are appended to until it is full, and that is removed as a whole.

use super::index::{Index, Location};
use super::volume::{VolumeFile, read_exact, read_up_to};
use crate::clock::Stamp;
use crate::key::Key;
use crate::store::record::{Description, HEAD_LEN, RecordHead, RecordKind};
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Read at once while scanning: enough for head and description of nearly every record.
const SCAN_STEP: usize = 4096;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) file: Arc<dyn VolumeFile>,
    pub(crate) len: AtomicU64,
}

/// How a scan ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ScanEnd {
    /// At the end of the file, or in a record that was never finished.
    Clean,
    /// In front of bytes that are no record. What came after them is unknown, so nothing that is older can be trusted to
    /// be the newest of its key.
    Damaged,
}

impl Segment {
    pub(crate) fn new(number: u32, file: Arc<dyn VolumeFile>, len: u64) -> Self {
        Self {
            number,
            file,
            len: AtomicU64::new(len),
        }
    }

    pub(crate) fn name(number: u32) -> String {
        format!("{number:08}.segment")
    }

    /// The number in a file's name.
    pub(crate) fn number_of(name: &str) -> Option<u32> {
        name.strip_suffix(".segment")?.parse().ok()
    }

    pub(crate) fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    /// Notes in the index what the segment holds for a deployment, and the latest stamp of it.
    pub(crate) fn scan(&self, deployment: &str, index: &mut Index, latest: &mut Stamp) -> io::Result<ScanEnd> {
        let (mut offset, len) = (0, self.len());
        let mut buffer = vec![0; SCAN_STEP];
        while offset < len {
            let read = read_up_to(self.file.as_ref(), offset, &mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| bytes.len() >= HEAD_LEN) else {
                return Ok(ScanEnd::Clean);
            };
            let Some(head) = RecordHead::read(bytes) else {
                return Ok(ScanEnd::Damaged);
            };
            if offset + head.record_len() > len {
                return Ok(ScanEnd::Clean);
            }
            let end = HEAD_LEN + head.description_len as usize;
            let longer = if end > read {
                read_exact(self.file.as_ref(), offset, end)?
            } else {
                None
            };
            let whole = longer.as_deref().unwrap_or(bytes);
            let description = whole.get(HEAD_LEN..end).unwrap_or_default();
            if !head.covers(whole, description) {
                return Ok(ScanEnd::Damaged);
            }
            let location = Location {
                segment: self.number,
                offset,
                len: head.record_len(),
                was_used: false,
                started: Stamp::default(),
            };
            if !note(&head, description, location, deployment, index, latest) {
                return Ok(ScanEnd::Damaged);
            }
            offset += head.record_len();
        }
        Ok(ScanEnd::Clean)
    }

    /// Reads one record: `None` if it is damaged.
    pub(crate) fn read(&self, location: Location) -> io::Result<Option<(Description, Bytes)>> {
        let len = usize::try_from(location.len).unwrap_or(usize::MAX);
        let Some(record) = read_exact(self.file.as_ref(), location.offset, len)? else {
            return Ok(None);
        };
        let parsed = parse(&record);
        Ok(parsed.map(|(description, bodies)| (description, Bytes::from(record).slice(bodies..))))
    }

    /// Reads the description of a record and not its bodies.
    pub(crate) fn describe(&self, location: Location) -> io::Result<Option<Description>> {
        let len = usize::try_from(location.len).unwrap_or(usize::MAX);
        let Some(head) = read_exact(self.file.as_ref(), location.offset, HEAD_LEN.min(len))? else {
            return Ok(None);
        };
        let Some(parsed) = RecordHead::read(&head) else {
            return Ok(None);
        };
        let end = HEAD_LEN + parsed.description_len as usize;
        let record = read_exact(self.file.as_ref(), location.offset, end.min(len))?;
        Ok(record.and_then(|record| parse(&record)).map(|(description, _)| description))
    }
}

/// The description, and where the bodies begin.
fn parse(record: &[u8]) -> Option<(Description, usize)> {
    let head = RecordHead::read(record)?;
    let bodies = HEAD_LEN + head.description_len as usize;
    let description = record.get(HEAD_LEN..bodies)?;
    if !head.covers(record, description) {
        return None;
    }
    Some((Description::read(&head, description)?, bodies))
}

/// Whether the record could be understood.
fn note(
    head: &RecordHead,
    description: &[u8],
    location: Location,
    deployment: &str,
    index: &mut Index,
    latest: &mut Stamp,
) -> bool {
    if head.kind == RecordKind::Removal {
        index.remove(head.key);
        return true;
    }
    let Some(description) = Description::read(head, description) else {
        return false;
    };
    *latest = (*latest).max(description.summary.committed);
    if belongs_to(&description.summary.key, deployment) {
        let started = description.summary.started;
        index.insert(head.key, Location { started, ..location });
    }
    true
}

/// What other builds made is of no use to this one, and only values outlive their build.
fn belongs_to(key: &Key, live: &str) -> bool {
    match key {
        Key::Page { deployment, .. } | Key::Handler { deployment, .. } => &**deployment == live,
        Key::Value { deployment, .. } => deployment.as_deref().is_none_or(|deployment| deployment == live),
    }
}
