//! The cache in numbers.

use super::EntryView;
use crate::shared::reason::Reason;
use crate::site::Site;
use ironside_cache::{Inspected, Place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See the module's documentation. Counts are since the server's start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheStats {
    /// Entries by kind, wherever they are.
    pub entries: BTreeMap<String, usize>,
    /// In memory.
    pub memory: MemoryStats,
    /// On disk, if there is such a store.
    pub disk: Option<DiskStats>,
    /// Why there is none though there was to be one.
    pub disk_trouble: Option<String>,
    /// Entries that only the build has: they are loaded when they are asked for.
    pub build: usize,
    /// Requests for pages and handlers, by what came of looking for a shared answer, and why.
    pub requests: Vec<RequestCount>,
    /// What happened to entries, values of the application included.
    pub events: BTreeMap<String, u64>,
    /// Fills that are under way.
    pub filling: usize,
    /// URLs that turned out to be for one visitor each.
    pub known_dynamic: usize,
    /// Tags whose invalidation is remembered.
    pub tags: usize,
    /// The entry that was made first.
    pub oldest: Option<EntryView>,
}

/// Of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryStats {
    /// Entries.
    pub entries: usize,
    /// Bytes that they take.
    pub bytes: u64,
    /// Bytes that they may take.
    pub max_bytes: u64,
    /// Entries that had to leave for others.
    pub evictions: u64,
}

/// Of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskStats {
    /// Entries.
    pub entries: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Entries that were written.
    pub written: u64,
    /// Entries that were read.
    pub read: u64,
    /// Entries that could not be written, or not in time.
    pub lost: u64,
    /// Entries that were found damaged.
    pub damaged: u64,
    /// Errors.
    pub errors: u64,
    /// Whether it is left alone at the moment, after an error.
    pub paused: bool,
}

/// How often something came of looking for a shared answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCount {
    /// `hit`, `stale`, `miss` or `bypass`.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// How often.
    pub count: u64,
}

pub(super) async fn stats(site: &Site) -> CacheStats {
    let deployment = &site.deployment;
    let cache = &deployment.cache;
    let inventory = cache.inventory().await;
    let mut entries: BTreeMap<String, usize> = BTreeMap::new();
    for inspected in &inventory {
        let kind = super::entry_view::kind(&inspected.summary.key, &deployment.manifest);
        *entries.entry(kind.to_owned()).or_default() += 1;
    }
    let oldest = inventory.iter().max_by_key(|inspected| inspected.age_millis);
    let only_build = |inspected: &&Inspected| inspected.places == [Place::Build];
    CacheStats {
        entries,
        memory: MemoryStats {
            entries: cache.entries(),
            bytes: cache.bytes(),
            max_bytes: cache.max_bytes(),
            evictions: cache.evictions(),
        },
        disk: cache.store_stats().map(|store| DiskStats {
            entries: store.entries,
            bytes: store.bytes,
            written: store.written,
            read: store.read,
            lost: store.lost,
            damaged: store.damaged,
            errors: store.errors,
            paused: store.is_paused,
        }),
        disk_trouble: deployment.disk_trouble.clone(),
        build: inventory.iter().filter(only_build).count(),
        requests: requests(site),
        events: cache
            .metrics()
            .iter()
            .map(|(event, count)| (event.to_owned(), count))
            .collect(),
        filling: cache.fills(),
        known_dynamic: deployment.known_dynamic.len(),
        tags: cache.known_tags(),
        oldest: oldest.map(|inspected| EntryView::of(inspected, &deployment.manifest)),
    }
}

/// In the order of the reasons: hits first.
fn requests(site: &Site) -> Vec<RequestCount> {
    let counted = site.house.metrics.pages.snapshot();
    let count = |reason: &Reason| {
        let (_, count) = counted.iter().find(|(word, _)| *word == reason.word())?;
        Some(RequestCount {
            outcome: reason.outcome().word().to_owned(),
            reason: reason.word().to_owned(),
            count: *count,
        })
    };
    Reason::ALL.iter().filter_map(count).collect()
}
