//! The form of an entry as bytes. A record has a head of fixed size, its description (key, times, tags, headers) and its
//! bodies. Head and description are covered by one checksum and the bodies by another, so that a scan over many records
//! need not read the bodies, and nothing damaged is ever taken for an entry.
//!
//! All numbers are little-endian. Whoever changes the form changes [`MAGIC`], so that older files are not misread.

use crate::clock::Stamp;
use crate::entry::{Answer, Content, Entry, Fill, Lifetime};
use crate::key::{Key, Params, ValueKind};
use crate::store::Summary;
use crate::tag_clock::Tag;
use bytes::Bytes;
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The first bytes of each record.
pub const MAGIC: u32 = u32::from_le_bytes(*b"ISC1");
/// Bytes of the head.
pub const HEAD_LEN: usize = 36;
/// The longest description that is believed.
const MAX_DESCRIPTION: u32 = 1 << 20;
/// The largest bodies that are believed.
const MAX_BODY: u32 = 64 << 20;

/// What a record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// It is an entry.
    Entry,
    /// It says that the entry of its key is gone.
    Removal,
}

/// The head of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHead {
    /// What it does.
    pub kind: RecordKind,
    /// Bytes of the description.
    pub description_len: u32,
    /// Bytes of the bodies.
    pub body_len: u32,
    /// Hash of the key.
    pub key: u128,
    checksum: u64,
}

impl RecordHead {
    /// Bytes of the whole record.
    #[must_use]
    pub fn record_len(&self) -> u64 {
        HEAD_LEN as u64 + u64::from(self.description_len) + u64::from(self.body_len)
    }

    /// Reads a head; `None` if these bytes are none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        if cursor.u32()? != MAGIC {
            return None;
        }
        let description = cursor.u32()?;
        let kind = match description >> 31 {
            0 => RecordKind::Entry,
            _ => RecordKind::Removal,
        };
        let head = Self {
            kind,
            description_len: description & !REMOVAL,
            body_len: cursor.u32()?,
            key: cursor.u128()?,
            checksum: cursor.u64()?,
        };
        (head.description_len <= MAX_DESCRIPTION && head.body_len <= MAX_BODY).then_some(head)
    }

    /// Whether head and description belong together and are undamaged.
    #[must_use]
    pub fn covers(&self, head: &[u8], description: &[u8]) -> bool {
        head.get(..HEAD_LEN - 8)
            .is_some_and(|head| checksum(head, description) == self.checksum)
    }
}

const REMOVAL: u32 = 1 << 31;

fn checksum(head: &[u8], description: &[u8]) -> u64 {
    xxh3_64(description) ^ xxh3_64(head).rotate_left(17)
}

/// The hash by which stores find a key.
#[must_use]
pub fn key_hash(key: &Key) -> u128 {
    let mut bytes = Vec::with_capacity(128);
    write_key(&mut bytes, key);
    xxh3_128(&bytes)
}

/// An entry as a record; `None` if it is too large for one.
#[must_use]
pub fn encode(key: &Key, entry: &Entry) -> Option<Vec<u8>> {
    let mut description = Vec::with_capacity(512);
    write_key(&mut description, key);
    put_u64(&mut description, entry.started.to_bits());
    put_u64(&mut description, entry.committed.to_bits());
    for seconds in [entry.lifetime.revalidate, entry.lifetime.expire, entry.lifetime.stale] {
        put_option(&mut description, seconds);
    }
    put_u32(&mut description, u32::try_from(entry.tags.len()).ok()?);
    for tag in &entry.tags {
        put_bytes(&mut description, tag.as_bytes());
    }
    let (first, second) = match &entry.content {
        Content::Value(value) => {
            description.push(0);
            (value.as_ref(), None)
        }
        Content::Answer(answer) => {
            description.push(1);
            write_answer(&mut description, answer)?;
            let payload = answer.payload.as_ref().map(|payload| payload.identity().as_ref());
            (answer.body.identity().as_ref(), payload)
        }
    };
    put_u32(&mut description, u32::try_from(first.len()).ok()?);
    put_u64(&mut description, xxh3_64(first));
    put_u64(&mut description, xxh3_64(second.unwrap_or_default()));
    let body_len = first.len().checked_add(second.map_or(0, <[u8]>::len))?;
    let mut record = head(RecordKind::Entry, key_hash(key), &description, u32::try_from(body_len).ok()?)?;
    record.extend_from_slice(&description);
    record.extend_from_slice(first);
    record.extend_from_slice(second.unwrap_or_default());
    Some(record)
}

/// The record that removes a key.
#[must_use]
pub fn removal(key: u128) -> Vec<u8> {
    head(RecordKind::Removal, key, &[], 0).unwrap_or_default()
}

fn head(kind: RecordKind, key: u128, description: &[u8], body_len: u32) -> Option<Vec<u8>> {
    let len = u32::try_from(description.len()).ok()?;
    if len > MAX_DESCRIPTION || body_len > MAX_BODY {
        return None;
    }
    let flag = match kind {
        RecordKind::Entry => 0,
        RecordKind::Removal => REMOVAL,
    };
    let mut bytes = Vec::with_capacity(HEAD_LEN + description.len() + body_len as usize);
    put_u32(&mut bytes, MAGIC);
    put_u32(&mut bytes, len | flag);
    put_u32(&mut bytes, body_len);
    bytes.extend_from_slice(&key.to_le_bytes());
    let sum = checksum(&bytes, description);
    put_u64(&mut bytes, sum);
    Some(bytes)
}

/// What a description says.
#[derive(Debug)]
pub struct Description {
    /// The entry without its content.
    pub summary: Summary,
    answer: Option<AnswerParts>,
    first_len: u32,
    first_sum: u64,
    second_sum: u64,
}

#[derive(Debug)]
struct AnswerParts {
    status: u16,
    headers: Vec<(Box<str>, Bytes)>,
    etag: Box<str>,
    has_payload: bool,
}

impl Description {
    /// Reads a description whose checksum was right. `None` if it is none after all.
    #[must_use]
    pub fn read(head: &RecordHead, bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let key = read_key(&mut cursor)?;
        let started = Stamp::from_bits(cursor.u64()?);
        let committed = Stamp::from_bits(cursor.u64()?);
        let lifetime = Lifetime {
            revalidate: cursor.option()?,
            expire: cursor.option()?,
            stale: cursor.option()?,
        };
        let tags: Option<Box<[Tag]>> = (0..cursor.u32()?).map(|_| cursor.text().map(Arc::from)).collect();
        let answer = match cursor.u8()? {
            0 => None,
            _ => Some(read_answer(&mut cursor)?),
        };
        let summary = Summary {
            key,
            started,
            committed,
            tags: tags?,
            lifetime,
            status: answer.as_ref().map(|answer| answer.status),
            bytes: head.record_len(),
        };
        let description = Self {
            summary,
            answer,
            first_len: cursor.u32()?,
            first_sum: cursor.u64()?,
            second_sum: cursor.u64()?,
        };
        (description.first_len <= head.body_len).then_some(description)
    }

    /// The entry with its bodies. `None` if they are damaged.
    #[must_use]
    pub fn entry(self, bodies: &Bytes) -> Option<Entry> {
        let split = self.first_len as usize;
        if split > bodies.len() {
            return None;
        }
        let (first, second) = (bodies.slice(..split), bodies.slice(split..));
        if xxh3_64(&first) != self.first_sum || xxh3_64(&second) != self.second_sum {
            return None;
        }
        let content = match self.answer {
            None => Content::Value(first),
            Some(parts) => {
                let payload = parts.has_payload.then_some(second);
                let mut answer = Answer::new(parts.status, parts.headers, first, payload);
                answer.etag = parts.etag;
                Content::Answer(Box::new(answer))
            }
        };
        let Summary {
            started,
            committed,
            tags,
            lifetime,
            ..
        } = self.summary;
        let fill = Fill {
            content,
            tags: tags.into_vec(),
            lifetime,
        };
        Some(Entry::new(fill, started, committed))
    }
}

fn write_answer(bytes: &mut Vec<u8>, answer: &Answer) -> Option<()> {
    bytes.extend_from_slice(&answer.status.to_le_bytes());
    bytes.push(u8::from(answer.payload.is_some()));
    put_bytes(bytes, answer.etag.as_bytes());
    put_u32(bytes, u32::try_from(answer.headers.len()).ok()?);
    for (name, value) in &answer.headers {
        put_bytes(bytes, name.as_bytes());
        put_bytes(bytes, value);
    }
    Some(())
}

fn read_answer(cursor: &mut Cursor<'_>) -> Option<AnswerParts> {
    let status = u16::from_le_bytes([cursor.u8()?, cursor.u8()?]);
    let has_payload = cursor.u8()? == 1;
    let etag = cursor.text()?.into();
    let count = cursor.u32()?;
    let headers: Option<Vec<_>> = (0..count)
        .map(|_| Some((cursor.text()?.into(), Bytes::copy_from_slice(cursor.bytes()?))))
        .collect();
    Some(AnswerParts {
        status,
        headers: headers?,
        etag,
        has_payload,
    })
}

fn write_key(bytes: &mut Vec<u8>, key: &Key) {
    match key {
        Key::Page {
            deployment,
            route,
            params,
            from,
        } => {
            bytes.push(0);
            put_bytes(bytes, deployment.as_bytes());
            put_u32(bytes, *route);
            put_option(bytes, from.map(u64::from));
            write_params(bytes, params);
        }
        Key::Handler {
            deployment,
            route,
            params,
        } => {
            bytes.push(1);
            put_bytes(bytes, deployment.as_bytes());
            put_u32(bytes, *route);
            write_params(bytes, params);
        }
        Key::Value { kind, name, deployment } => {
            bytes.push(match kind {
                ValueKind::Fetch => 2,
                ValueKind::Function => 3,
                ValueKind::Directive => 4,
            });
            put_bytes(bytes, name);
            bytes.push(u8::from(deployment.is_some()));
            put_bytes(bytes, deployment.as_deref().unwrap_or_default().as_bytes());
        }
    }
}

fn write_params(bytes: &mut Vec<u8>, params: &Params) {
    put_len(bytes, params.len());
    for (name, values) in params.iter() {
        put_bytes(bytes, name.as_bytes());
        put_len(bytes, values.len());
        for value in values {
            put_bytes(bytes, value.as_bytes());
        }
    }
}

fn read_key(cursor: &mut Cursor<'_>) -> Option<Key> {
    let kind = match cursor.u8()? {
        0 => {
            return Some(Key::Page {
                deployment: cursor.text()?.into(),
                route: cursor.u32()?,
                from: match cursor.option()? {
                    Some(from) => Some(u32::try_from(from).ok()?),
                    None => None,
                },
                params: read_params(cursor)?,
            });
        }
        1 => {
            return Some(Key::Handler {
                deployment: cursor.text()?.into(),
                route: cursor.u32()?,
                params: read_params(cursor)?,
            });
        }
        2 => ValueKind::Fetch,
        3 => ValueKind::Function,
        4 => ValueKind::Directive,
        _ => return None,
    };
    let name = Bytes::copy_from_slice(cursor.bytes()?);
    let has_deployment = cursor.u8()? == 1;
    let deployment: Arc<str> = cursor.text()?.into();
    Some(Key::Value {
        kind,
        name,
        deployment: has_deployment.then_some(deployment),
    })
}

fn read_params(cursor: &mut Cursor<'_>) -> Option<Params> {
    let count = cursor.u32()?;
    (0..count)
        .map(|_| {
            let name = cursor.text()?.into();
            let values = cursor.u32()?;
            let values: Option<Box<[Box<str>]>> = (0..values).map(|_| cursor.text().map(Into::into)).collect();
            Some((name, values?))
        })
        .collect()
}

fn put_u32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

fn put_u64(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

/// A length in front of what it counts. What is longer than a record may be is cut off by the record's own bound.
fn put_len(bytes: &mut Vec<u8>, len: usize) {
    put_u32(bytes, u32::try_from(len).unwrap_or(u32::MAX));
}

fn put_bytes(bytes: &mut Vec<u8>, value: &[u8]) {
    put_len(bytes, value.len());
    bytes.extend_from_slice(value);
}

fn put_option(bytes: &mut Vec<u8>, value: Option<u64>) {
    bytes.push(u8::from(value.is_some()));
    put_u64(bytes, value.unwrap_or_default());
}

/// Reads what the functions above wrote.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn u128(&mut self) -> Option<u128> {
        self.take(16)?.try_into().ok().map(u128::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()?;
        self.take(len as usize)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// `None` at the end of the bytes; `Some(None)` for no value.
    fn option(&mut self) -> Option<Option<u64>> {
        let is_some = self.u8()? == 1;
        let value = self.u64()?;
        Some(is_some.then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> (Key, Entry) {
        let key = Key::Page {
            deployment: "build".into(),
            route: 7,
            params: Arc::from([("slug".into(), Box::from(["a".into(), "b%2F".into()]))]),
            from: Some(3),
        };
        let headers = vec![("x-one".into(), Bytes::from_static(b"\xffraw"))];
        let answer = Answer::new(404, headers, Bytes::from_static(b"<html>"), Some(Bytes::from_static(b"0:[]")));
        let fill = Fill {
            content: Content::Answer(Box::new(answer)),
            tags: vec!["b".into(), "a".into()],
            lifetime: Lifetime {
                revalidate: Some(60),
                expire: None,
                stale: Some(5),
            },
        };
        (key, Entry::new(fill, Stamp::from_bits(9), Stamp::from_bits(u64::MAX >> 1)))
    }

    fn decode(record: &[u8]) -> Option<(Key, Entry)> {
        let head = RecordHead::read(record)?;
        let end = HEAD_LEN + head.description_len as usize;
        let description = record.get(HEAD_LEN..end)?;
        if !head.covers(record, description) || record.len() as u64 != head.record_len() {
            return None;
        }
        let description = Description::read(&head, description)?;
        let key = description.summary.key.clone();
        Some((key, description.entry(&Bytes::copy_from_slice(record.get(end..)?))?))
    }

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let (key, entry) = page();
        let record = encode(&key, &entry).expect("it is small");
        assert_eq!(RecordHead::read(&record).map(|head| head.key), Some(key_hash(&key)));
        let (other_key, other) = decode(&record).expect("it is whole");
        assert_eq!(key, other_key);
        assert_eq!(
            (entry.started, entry.committed, entry.lifetime),
            (other.started, other.committed, other.lifetime)
        );
        assert_eq!(entry.tags, other.tags);
        let (a, b) = (entry.answer().expect("page"), other.answer().expect("page"));
        assert_eq!((a.status, &a.headers, &a.etag), (b.status, &b.headers, &b.etag));
        assert_eq!(a.body.identity(), b.body.identity());
        assert_eq!(
            a.payload.as_ref().map(|p| p.identity().clone()),
            b.payload.as_ref().map(|p| p.identity().clone())
        );
    }

    #[test]
    fn a_record_with_any_flipped_bit_or_cut_anywhere_is_refused() {
        let (key, entry) = page();
        let record = encode(&key, &entry).expect("it is small");
        for byte in 0..record.len() {
            for bit in 0..8 {
                let mut damaged = record.clone();
                damaged[byte] ^= 1 << bit;
                assert!(decode(&damaged).is_none(), "byte {byte}, bit {bit}");
            }
            assert!(decode(&record[..byte]).is_none(), "cut at {byte}");
        }
    }

    #[test]
    fn keys_of_different_things_have_different_hashes() {
        let value = |kind, deployment: Option<&str>| Key::value(kind, "x".into(), deployment.map(Into::into));
        let keys = [
            value(ValueKind::Fetch, None),
            value(ValueKind::Function, None),
            value(ValueKind::Directive, None),
            value(ValueKind::Directive, Some("")),
            value(ValueKind::Directive, Some("b")),
            page().0,
        ];
        let hashes: std::collections::BTreeSet<u128> = keys.iter().map(key_hash).collect();
        assert_eq!(hashes.len(), keys.len());
    }
}
