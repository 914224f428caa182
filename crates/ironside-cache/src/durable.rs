//! What makes a cache outlive its process: a folder with the entries and the invalidations.

use crate::clock::{MonotonicClock, Stamp};
use crate::invalidation_log::{Durability, InvalidationLog, Replay};
use crate::store::Store;
use crate::store::disk::{DiskOptions, DiskStore, FolderError, FolderVolume, Volume};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// An opened folder, ready to be given to a cache.
#[derive(Debug, Clone)]
pub struct Durable {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) log: Arc<InvalidationLog>,
    pub(crate) replay: Arc<Replay>,
    pub(crate) clock: Arc<MonotonicClock>,
}

/// Why a folder can't be opened. A server goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum DurableError {
    /// The folder itself.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What is in it.
    #[error("the cache in it can't be read")]
    Read(#[from] io::Error),
}

impl Durable {
    /// Opens a folder of the file system, which is made if it isn't there. `now_millis`: wall time since 1970.
    ///
    /// # Errors
    /// If another process has it, it can't be written to, or it can't be read.
    pub fn open(folder: &Path, options: DiskOptions, durability: Durability, now_millis: u64) -> Result<Self, DurableError> {
        let volume = Arc::new(FolderVolume::open(folder)?);
        Ok(Self::on(volume, options, durability, now_millis)?)
    }

    /// The same on any medium.
    ///
    /// # Errors
    /// The medium's.
    pub fn on(volume: Arc<dyn Volume>, options: DiskOptions, durability: Durability, now_millis: u64) -> io::Result<Self> {
        let (log, replay) = InvalidationLog::open(volume.clone(), durability)?;
        let (store, latest) = DiskStore::open(volume, options)?;
        let clock = MonotonicClock::showing(now_millis.max(latest.max(replay.latest).millis() + 1));
        if replay.is_damaged {
            tracing::warn!("the log of invalidations is damaged: what was cached before is not used");
        }
        Ok(Self {
            store: Arc::new(store),
            log: Arc::new(log),
            replay: Arc::new(replay),
            clock: Arc::new(clock),
        })
    }

    /// The latest moment that an earlier process noted.
    #[must_use]
    pub fn latest(&self) -> Stamp {
        self.replay.latest
    }
}
