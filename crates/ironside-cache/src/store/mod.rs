//! Where entries live. The memory of the process is asked first, without waiting ([`memory`]); behind it there may be a
//! slower [`Store`] that is larger or outlives the process ([`disk`]).
//!
//! A store has no policy: what is fresh, who may fill, what must not be served are decided by the cache, which judges
//! whatever a store gives back like any other entry. A store may lose entries at any moment. It must never give back
//! something that was removed or replaced, also not after a crash.

pub mod disk;
pub(crate) mod memory;
pub mod record;

use crate::clock::Stamp;
use crate::entry::Entry;
use crate::key::Key;
use crate::tag_clock::Tag;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a store's slow calls return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place for entries that is slower than memory.
pub trait Store: Send + Sync + Debug {
    /// Whether it's worth to ask. Doesn't wait; may be wrong in both directions.
    fn may_have(&self, key: &Key) -> bool;

    /// When the fill of what it has began. Doesn't wait; `None` if it has nothing, or can't tell.
    fn started(&self, key: &Key) -> Option<Stamp>;

    /// The entry of a key, as it was stored.
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Entry>>>;

    /// The same without its content, and without counting as a use of it.
    fn describe<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Summary>>;

    /// Takes an entry to be stored. Doesn't wait: it is written later, or lost if there is no room.
    fn put(&self, key: &Key, entry: &Arc<Entry>);

    /// Removes what it has of a key, and what waits to be written. Holds when it returns.
    fn remove(&self, key: &Key);

    /// What it has, in no order.
    fn list(&self) -> StoreFuture<'_, Vec<Summary>>;

    /// Waits until everything that was put so far is written or lost.
    fn flush(&self) -> StoreFuture<'_, ()>;

    /// Removes everything, for good.
    ///
    /// # Errors
    /// If something could not be removed. It is not served by this process any more, but the next one would find it.
    fn clear(&self) -> Result<(), StoreError>;

    /// Its numbers.
    fn stats(&self) -> StoreStats;
}

/// An entry without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What it is found by.
    pub key: Key,
    /// When its fill began.
    pub started: Stamp,
    /// When it was stored.
    pub committed: Stamp,
    /// Its tags.
    pub tags: Box<[Tag]>,
    /// Its lifetime.
    pub lifetime: crate::entry::Lifetime,
    /// The status, if it is an answer.
    pub status: Option<u16>,
    /// Bytes that it takes where it is.
    pub bytes: u64,
}

/// Numbers of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Entries.
    pub entries: u64,
    /// Bytes, what is replaced and not yet removed included.
    pub bytes: u64,
    /// Entries that were written.
    pub written: u64,
    /// Entries that were read.
    pub read: u64,
    /// Entries that were lost because more came than could be written, or because of an error.
    pub lost: u64,
    /// Entries that were found damaged and removed.
    pub damaged: u64,
    /// Failed operations.
    pub errors: u64,
    /// Whether it is out of service at the moment, after an error.
    pub is_paused: bool,
}

/// Why a store couldn't do what it was asked for. To the cache each is a miss.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The medium failed.
    #[error("{what} failed")]
    Medium {
        /// What was done.
        what: String,
        /// Its error.
        #[source]
        source: std::io::Error,
    },
    /// It took too long.
    #[error("the store did not answer in time")]
    TimedOut,
    /// The task that worked on it is gone.
    #[error("the store's task ended early")]
    Gone,
}
