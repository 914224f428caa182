//! What a build has made beside what earlier ones left on disk: the newer one counts.

use bytes::Bytes;
use ironside_cache::invalidation_log::Durability;
use ironside_cache::store::Summary;
use ironside_cache::store::disk::DiskOptions;
use ironside_cache::{
    Cache, CacheOptions, Commit, Content, Durable, Entry, Fill, Key, Lifetime, Lookup, Place, Prerendered, Stamp, ValueKind,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wall clock of 2026.
const NOW: u64 = 1_795_000_000_000;
const HOUR: u64 = 3_600_000;

fn key() -> Key {
    Key::value(ValueKind::Fetch, Bytes::from_static(b"rates"), None)
}

fn fill(text: &str, tags: &[&str]) -> Fill {
    Fill {
        content: Content::Value(Bytes::from(text.to_owned())),
        tags: tags.iter().map(|tag| (*tag).into()).collect(),
        lifetime: Lifetime::default(),
    }
}

/// A build with one value.
#[derive(Debug)]
struct Built {
    at: u64,
    text: &'static str,
    tags: &'static [&'static str],
    retired: AtomicBool,
}

impl Built {
    fn new(at: u64, text: &'static str, tags: &'static [&'static str]) -> Arc<Self> {
        let retired = AtomicBool::new(false);
        Arc::new(Self { at, text, tags, retired })
    }
}

impl Prerendered for Built {
    fn load(&self, asked: &Key, now: Stamp) -> Option<Entry> {
        let at = Stamp::from_millis(self.at);
        (*asked == key() && !self.is_retired(asked)).then(|| Entry::restored(fill(self.text, self.tags), at, at, now))
    }

    fn describe(&self, key: &Key, now: Stamp) -> Option<Summary> {
        self.load(key, now).map(|entry| entry.summary(key))
    }

    fn list(&self, now: Stamp) -> Vec<Summary> {
        self.describe(&key(), now).into_iter().collect()
    }

    fn retire(&self, _: &Key) {
        self.retired.store(true, Ordering::Relaxed);
    }

    fn is_retired(&self, _: &Key) -> bool {
        self.retired.load(Ordering::Relaxed)
    }
}

/// A server of a build that starts at this moment.
fn open(folder: &Path, now: u64, build: Option<Arc<Built>>) -> Cache {
    let durable = Durable::open(folder, DiskOptions::new("any".into()), Durability::Process, now).expect("the folder is free");
    let options = CacheOptions {
        durable: Some(durable),
        ..CacheOptions::default()
    };
    match build {
        Some(build) => Cache::over(options, build),
        None => Cache::new(options),
    }
}

async fn found(cache: &Cache) -> Option<String> {
    match cache.find(&key(), &[]).await {
        Lookup::Fresh(entry) | Lookup::Stale { entry, .. } => {
            Some(String::from_utf8(entry.value().expect("a value").to_vec()).expect("text"))
        }
        Lookup::Miss { .. } | Lookup::Wait(_) => None,
    }
}

async fn store(cache: &Cache, text: &str, tags: &[&str]) {
    let permit = match cache.find(&key(), &[]).await {
        Lookup::Miss { permit, .. } => permit,
        _ => cache.begin(&key()).expect("nobody else fills it"),
    };
    assert!(matches!(permit.commit(fill(text, tags)), Commit::Stored(_)));
    cache.flush().await;
}

async fn places(cache: &Cache) -> Vec<Place> {
    let inspected = cache.inspect(&key()).await.expect("it is there");
    let listed = cache.inventory().await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].summary.started, inspected.summary.started);
    assert_eq!(listed[0].places, inspected.places);
    inspected.places
}

#[tokio::test]
async fn a_newer_build_counts_more_than_what_an_earlier_one_left_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path(), NOW, None);
    store(&first, "old", &["rates"]).await;
    drop(first);
    let second = open(
        folder.path(),
        NOW + 2 * HOUR,
        Some(Built::new(NOW + HOUR, "built", &["other"])),
    );
    assert_eq!(places(&second).await, [Place::Build]);
    assert_eq!(found(&second).await.as_deref(), Some("built"));
    // The old one does not come after it, though its own tag was never invalidated.
    second.expire_tag("other");
    assert_eq!(found(&second).await, None);
    second.flush().await;
    drop(second);
    let third = open(folder.path(), NOW + 3 * HOUR, None);
    assert_eq!(found(&third).await, None);
}

#[tokio::test]
async fn what_was_renewed_since_the_build_counts_more_than_the_build() {
    let folder = tempfile::tempdir().expect("a folder");
    let build = || Some(Built::new(NOW, "built", &[]));
    let first = open(folder.path(), NOW + HOUR, build());
    assert_eq!(found(&first).await.as_deref(), Some("built"));
    store(&first, "renewed", &[]).await;
    drop(first);
    for hours in 2..4 {
        let next = open(folder.path(), NOW + hours * HOUR, build());
        assert_eq!(places(&next).await, [Place::Disk]);
        assert_eq!(found(&next).await.as_deref(), Some("renewed"));
    }
}
