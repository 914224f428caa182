//! What is stored: an answer (a page or a handler's response) or a value, with what is needed to judge it later.

use crate::clock::Stamp;
use crate::tag_clock::{Tag, Untouched};
use bytes::Bytes;
use std::any::Any;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How long an entry is good for, in seconds from the moment when it was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lifetime {
    /// After this it is served once more while it is renewed. `None`: for ever.
    pub revalidate: Option<u64>,
    /// After this it is not served any more. `None`: never.
    pub expire: Option<u64>,
    /// For how long a browser may use it without asking.
    pub stale: Option<u64>,
}

/// An encoding that is kept beside the plain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `gzip`
    Gzip,
    /// `br`
    Brotli,
    /// `zstd`
    Zstd,
}

/// Bytes, and the encodings of them that have been asked for so far. Each is made once, by whoever asks first.
#[derive(Debug, Default)]
pub struct EncodedBody {
    identity: Bytes,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
}

impl EncodedBody {
    /// Plain bytes.
    #[must_use]
    pub fn new(identity: Bytes) -> Self {
        Self {
            identity,
            ..Self::default()
        }
    }

    /// Plain bytes with encodings of them that are known already.
    #[must_use]
    pub fn with_encodings(identity: Bytes, encodings: impl IntoIterator<Item = (Encoding, Bytes)>) -> Self {
        let body = Self::new(identity);
        for (encoding, bytes) in encodings {
            // What is set already came first in the list, and means the same.
            let _ = body.slot(encoding).set(bytes);
        }
        body
    }

    /// An encoding, if it has been made.
    #[must_use]
    pub fn known(&self, encoding: Encoding) -> Option<&Bytes> {
        self.slot(encoding).get()
    }

    fn slot(&self, encoding: Encoding) -> &OnceLock<Bytes> {
        match encoding {
            Encoding::Gzip => &self.gzip,
            Encoding::Brotli => &self.brotli,
            Encoding::Zstd => &self.zstd,
        }
    }

    /// The plain bytes.
    #[must_use]
    pub fn identity(&self) -> &Bytes {
        &self.identity
    }

    /// The bytes in an encoding, which `make` computes from the plain ones if nobody has asked before.
    pub fn encoded(&self, encoding: Encoding, make: impl FnOnce(&[u8]) -> Bytes) -> Bytes {
        self.slot(encoding).get_or_init(|| make(&self.identity)).clone()
    }
}

/// A whole HTTP answer. A page's HTML and payload come from one render, so that they can't disagree.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its own headers in order, names in lower case; none that the server adds itself.
    pub headers: Vec<(Box<str>, Bytes)>,
    /// HTML of a page, or a handler's body.
    pub body: EncodedBody,
    /// A page's Flight payload.
    pub payload: Option<EncodedBody>,
    /// Hash of `body`, as it stands in `ETag` without quotes.
    pub etag: Box<str>,
}

impl Answer {
    /// An answer with an ETag of its body.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(Box<str>, Bytes)>, body: Bytes, payload: Option<Bytes>) -> Self {
        let etag = format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&body)).into();
        Self {
            status,
            headers,
            body: EncodedBody::new(body),
            payload: payload.map(EncodedBody::new),
            etag,
        }
    }

    /// An answer that was kept elsewhere, with the ETag that it had.
    #[must_use]
    pub fn restored(
        status: u16,
        headers: Vec<(Box<str>, Bytes)>,
        body: EncodedBody,
        payload: Option<EncodedBody>,
        etag: Box<str>,
    ) -> Self {
        Self {
            status,
            headers,
            body,
            payload,
            etag,
        }
    }

    fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
        let bodies = self.body.identity.len() + self.payload.as_ref().map_or(0, |payload| payload.identity.len());
        // Encodings come later and are not weighed again; text shrinks to a quarter in each of them, and few are asked for.
        headers + bodies + bodies / 2
    }
}

/// What an entry holds.
#[derive(Debug)]
pub enum Content {
    /// Of a page, a handler or a metadata route.
    Answer(Box<Answer>),
    /// Of a worker; opaque to the front.
    Value(Bytes),
}

/// Work that was done with a permit.
#[derive(Debug)]
pub struct Fill {
    /// What is to be stored.
    pub content: Content,
    /// Tags of everything that was read for it.
    pub tags: Vec<Tag>,
    /// The shortest lifetime of everything that was read for it.
    pub lifetime: Lifetime,
}

impl Fill {
    /// Content without tags that lives for ever.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self {
            content,
            tags: Vec::new(),
            lifetime: Lifetime::default(),
        }
    }
}

/// Something stored.
#[derive(Debug)]
pub struct Entry {
    /// When its fill began. Data may have been read at any moment after that, so invalidations are compared with it.
    pub started: Stamp,
    /// When it was stored; ages are counted from here.
    pub committed: Stamp,
    /// See [`Lifetime`].
    pub lifetime: Lifetime,
    /// Sorted, without repeats.
    pub tags: Box<[Tag]>,
    /// What it holds.
    pub content: Content,
    /// By the clock of the cache that it is in.
    pub(crate) untouched: Untouched,
    ready: ReadyForm,
    retry_at: AtomicU64,
    failures: AtomicU32,
}

/// What somebody made of an entry. The cache doesn't know what it is.
#[derive(Default)]
struct ReadyForm(OnceLock<Box<dyn Any + Send + Sync>>);

impl fmt::Debug for ReadyForm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.get().is_some() { "made" } else { "not made" })
    }
}

impl Entry {
    /// An entry that another process made. A stamp that lies after `now` is taken for `now`: what the clock of another machine
    /// says must not outlive an invalidation of this one.
    #[must_use]
    pub fn restored(fill: Fill, started: Stamp, committed: Stamp, now: Stamp) -> Self {
        Self::new(fill, started.min(now), committed.min(now))
    }

    pub(crate) fn new(fill: Fill, started: Stamp, committed: Stamp) -> Self {
        let mut tags = fill.tags;
        tags.sort_unstable();
        tags.dedup();
        Self {
            started,
            committed,
            lifetime: fill.lifetime,
            tags: tags.into(),
            content: fill.content,
            untouched: Untouched::default(),
            ready: ReadyForm::default(),
            retry_at: AtomicU64::new(0),
            failures: AtomicU32::new(0),
        }
    }

    /// The answer, if it is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match &self.content {
            Content::Answer(answer) => Some(answer),
            Content::Value(_) => None,
        }
    }

    /// The value, if it is one.
    #[must_use]
    pub fn value(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Value(value) => Some(value),
            Content::Answer(_) => None,
        }
    }

    /// The form in which an entry is handed out, kept with it and made by whoever asks first: ready headers, for instance. It is
    /// as long-lived as the entry and should be small, since it is not weighed. `None` if a form of another type is kept.
    pub fn ready<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.ready.0.get_or_init(|| Box::new(make())).downcast_ref()
    }

    /// The entry without its content.
    #[must_use]
    pub fn summary(&self, key: &crate::key::Key) -> crate::store::Summary {
        crate::store::Summary {
            key: key.clone(),
            started: self.started,
            committed: self.committed,
            tags: self.tags.clone(),
            lifetime: self.lifetime,
            status: self.answer().map(|answer| answer.status),
            bytes: self.weight() as u64,
        }
    }

    /// Bytes that it takes, roughly.
    pub(crate) fn weight(&self) -> usize {
        let content = match &self.content {
            Content::Answer(answer) => answer.weight(),
            Content::Value(value) => value.len(),
        };
        content + self.tags.iter().map(|tag| tag.len() + 16).sum::<usize>() + 128
    }

    /// Notes that a renewal failed: the entry is kept, and the next attempt waits 1, 2, 4 … 32 seconds.
    pub(crate) fn note_failure(&self, now: Stamp) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).min(5);
        self.retry_at.store(now.millis() + (1_000 << failures), Ordering::Relaxed);
    }

    pub(crate) fn may_renew(&self, now: Stamp) -> bool {
        now.millis() >= self.retry_at.load(Ordering::Relaxed)
    }
}
