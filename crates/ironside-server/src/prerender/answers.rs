//! Reading what a build has prerendered: the index at start, the bytes when they are asked for.

use super::index::{AnswerRecord, FORMAT, Index, Lengths, Life, Span, ValueRecord};
use super::listed::ListedParams;
use crate::shared::reason::Reason;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ironside_cache::store::Summary;
use ironside_cache::{Answer, Content, EncodedBody, Entry, Fill, Key, Prerendered, Stamp};
use ironside_model::manifest::{Manifest, PrerenderedFiles};
use rustc_hash::FxHashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// Why the files can't be used.
#[derive(Debug, Error)]
pub enum PrerenderedError {
    /// A file can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The index isn't the one that the manifest names.
    #[error("{} is damaged, or belongs to another build", path.display())]
    Damaged {
        /// Which one.
        path: PathBuf,
    },
}

/// What is behind the index.
#[derive(Debug)]
pub struct Found {
    /// For the cache.
    pub answers: PrerenderedAnswers,
    /// Keys that turned out to be dynamic, and why.
    pub dynamic: Vec<(Key, Reason)>,
    /// Parameters of routes that answer no others.
    pub listed: ListedParams,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct PrerenderedAnswers {
    pack: File,
    records: FxHashMap<Key, Slot>,
}

#[derive(Debug)]
struct Slot {
    record: Record,
    retired: AtomicBool,
}

#[derive(Debug)]
enum Record {
    Answer(Box<AnswerRecord>),
    Value(Box<ValueRecord>),
}

impl Record {
    fn life(&self) -> &Life {
        match self {
            Self::Answer(record) => &record.life,
            Self::Value(record) => &record.life,
        }
    }

    /// What [`PrerenderedAnswers::load`] would make of it, without its bytes.
    fn summary(&self, key: &Key, now: Stamp) -> Summary {
        let (status, span) = match self {
            Self::Answer(record) => (Some(record.status), record.span),
            Self::Value(record) => (None, record.span),
        };
        let (started, committed) = self.life().stamps();
        Summary {
            key: key.clone(),
            started: started.min(now),
            committed: committed.min(now),
            tags: self.life().tags.iter().map(|tag| tag.as_str().into()).collect(),
            lifetime: self.life().lifetime(),
            status,
            bytes: span.length as u64,
        }
    }
}

impl PrerenderedAnswers {
    /// Opens the files of a build. `id`: what its keys begin with.
    ///
    /// # Errors
    /// When one is missing, or the index is damaged. A damaged stretch of the pack is noticed when it is asked for, and is a miss.
    pub fn open(
        build_dir: &Path,
        files: &PrerenderedFiles,
        manifest: &Manifest,
        id: &Arc<str>,
    ) -> Result<Found, PrerenderedError> {
        let (path, pack) = (build_dir.join(&files.index), build_dir.join(&files.pack));
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| PrerenderedError::Unreadable { path, source }
        };
        let text = fs::read(&path).map_err(unreadable(&path))?;
        let pack = File::open(&pack).map_err(unreadable(&pack))?;
        let damaged = || PrerenderedError::Damaged { path: path.clone() };
        if format!("{:016x}", xxh3_64(&text)) != files.index_hash {
            return Err(damaged());
        }
        let index: Index = serde_json::from_slice(&text).map_err(|_| damaged())?;
        if index.format != FORMAT || index.build != manifest.build {
            return Err(damaged());
        }
        let slot = |record| Slot {
            record,
            retired: AtomicBool::new(false),
        };
        let mut records = FxHashMap::default();
        for record in index.answers {
            records.insert(record.place.key(id), slot(Record::Answer(Box::new(record))));
        }
        for record in index.values {
            let name = STANDARD.decode(&record.name).map_err(|_| damaged())?;
            let key = Key::value(record.kind.into(), name.into(), record.of_build.then(|| id.clone()));
            records.insert(key, slot(Record::Value(Box::new(record))));
        }
        Ok(Found {
            answers: Self { pack, records },
            dynamic: index
                .dynamic
                .iter()
                .map(|record| (record.place.key(id), Reason::of(&record.reason).unwrap_or(Reason::Dynamic)))
                .collect(),
            listed: ListedParams::new(index.listed),
        })
    }

    /// A stretch of the pack; nothing if it is not what was written.
    fn read(&self, span: Span) -> Option<Bytes> {
        let mut bytes = vec![0; span.length];
        let problem = match self.pack.read_exact_at(&mut bytes, span.at) {
            Ok(()) if xxh3_64(&bytes) == span.hash => return Some(bytes.into()),
            Ok(()) => "its bytes are not those that were written".to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::error!(
            at = span.at,
            length = span.length,
            "a prerendered answer can't be used and is made anew: {problem}"
        );
        None
    }

    fn content(&self, record: &Record) -> Option<Fill> {
        let (content, life) = match record {
            Record::Answer(record) => (Content::Answer(Box::new(self.answer(record)?)), &record.life),
            Record::Value(record) => (Content::Value(self.read(record.span)?), &record.life),
        };
        Some(Fill {
            content,
            tags: life.tags.iter().map(|tag| tag.as_str().into()).collect(),
            lifetime: life.lifetime(),
        })
    }

    fn answer(&self, record: &AnswerRecord) -> Option<Answer> {
        let mut bytes = self.read(record.span)?;
        let body = take_body(&mut bytes, record.body)?;
        let payload = match record.payload {
            Some(lengths) => Some(take_body(&mut bytes, lengths)?),
            None => None,
        };
        let latin = |text: &str| text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<u8>>>();
        let headers = record
            .headers
            .iter()
            .map(|(name, value)| Some((name.as_str().into(), latin(value)?.into())))
            .collect::<Option<_>>()?;
        Some(Answer::restored(
            record.status,
            headers,
            body,
            payload,
            record.etag.as_str().into(),
        ))
    }
}

fn take_body(bytes: &mut Bytes, lengths: Lengths) -> Option<EncodedBody> {
    let mut take = |length: usize| (length <= bytes.len()).then(|| bytes.split_to(length));
    let identity = take(lengths.identity)?;
    let mut encodings = Vec::new();
    for (encoding, length) in lengths.encodings() {
        if length > 0 {
            encodings.push((encoding, take(length)?));
        }
    }
    Some(EncodedBody::with_encodings(identity, encodings))
}

impl Prerendered for PrerenderedAnswers {
    fn load(&self, key: &Key, now: Stamp) -> Option<Entry> {
        let slot = self.records.get(key)?;
        if slot.retired.load(Ordering::Acquire) {
            return None;
        }
        let Some(fill) = self.content(&slot.record) else {
            slot.retired.store(true, Ordering::Release);
            return None;
        };
        let (started, committed) = slot.record.life().stamps();
        Some(Entry::restored(fill, started, committed, now))
    }

    fn describe(&self, key: &Key, now: Stamp) -> Option<Summary> {
        let slot = self.records.get(key)?;
        (!slot.retired.load(Ordering::Acquire)).then(|| slot.record.summary(key, now))
    }

    fn list(&self, now: Stamp) -> Vec<Summary> {
        let slots = self.records.iter().filter(|(_, slot)| !slot.retired.load(Ordering::Acquire));
        slots.map(|(key, slot)| slot.record.summary(key, now)).collect()
    }

    fn retire(&self, key: &Key) {
        if let Some(slot) = self.records.get(key) {
            slot.retired.store(true, Ordering::Release);
        }
    }

    fn is_retired(&self, key: &Key) -> bool {
        self.records.get(key).is_some_and(|slot| slot.retired.load(Ordering::Acquire))
    }
}
