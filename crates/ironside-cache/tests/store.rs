//! What every store behind memory has to do, and what the one on disk does when its medium fails.

use bytes::Bytes;
use ironside_cache::freshness::{DeadReason, Freshness};
use ironside_cache::invalidation_log::Durability;
use ironside_cache::store::Store;
use ironside_cache::store::disk::{DiskOptions, DiskStore, FolderError, FolderVolume, Volume, VolumeFile};
use ironside_cache::{
    Answer, Cache, CacheOptions, Commit, Content, Durable, Entry, Fill, Invalidation, Key, Lifetime, Lookup, Params, Place,
    ValueKind,
};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const BUILD: &str = "build-1";
/// A wall clock of 2026, for caches that are opened one after the other.
const NOW: u64 = 1_795_000_000_000;

fn params(slug: &str) -> Params {
    Arc::from([("slug".into(), Box::from([slug.into()]))])
}

fn page(build: &str, slug: &str) -> Key {
    Key::Page {
        deployment: build.into(),
        route: 1,
        params: params(slug),
        from: None,
    }
}

fn answer(body: &str) -> Content {
    let headers = vec![("x-kind".into(), Bytes::from_static(b"test"))];
    let payload = Bytes::from(format!("0:{body}"));
    Content::Answer(Box::new(Answer::new(
        200,
        headers,
        Bytes::from(body.to_owned()),
        Some(payload),
    )))
}

fn fill(body: &str, tags: &[&str]) -> Fill {
    Fill {
        content: answer(body),
        tags: tags.iter().map(|tag| (*tag).into()).collect(),
        lifetime: Lifetime::default(),
    }
}

fn options() -> DiskOptions {
    DiskOptions {
        pause_ms: 20,
        ..DiskOptions::new(BUILD.into())
    }
}

fn open(folder: &Path, now: u64) -> Cache {
    open_with(folder, options(), now)
}

fn open_with(folder: &Path, disk: DiskOptions, now: u64) -> Cache {
    let durable = Durable::open(folder, disk, Durability::Process, now).expect("the folder is free");
    Cache::new(CacheOptions {
        durable: Some(durable),
        ..CacheOptions::default()
    })
}

async fn store(cache: &Cache, key: &Key, fill: Fill) -> Arc<Entry> {
    let permit = match cache.find(key, &[]).await {
        Lookup::Miss { permit, .. } => permit,
        _ => cache.begin(key).expect("nobody else fills it"),
    };
    match permit.commit(fill) {
        Commit::Stored(entry) => entry,
        other => panic!("{other:?}"),
    }
}

fn body(entry: &Entry) -> String {
    let answer = entry.answer().expect("it is an answer");
    String::from_utf8(answer.body.identity().to_vec()).expect("text")
}

async fn found(cache: &Cache, key: &Key) -> Option<String> {
    match cache.find(key, &[]).await {
        Lookup::Fresh(entry) | Lookup::Stale { entry, .. } => Some(body(&entry)),
        Lookup::Miss { .. } | Lookup::Wait(_) => None,
    }
}

/// The suite that each implementation of [`Store`] has to pass.
async fn behaves_like_a_store(store: &dyn Store) {
    let cache = Cache::new(CacheOptions::default());
    let make = |key: &Key, text: &str| {
        let Lookup::Miss { permit, .. } = cache.lookup(key, &[]) else {
            panic!("it is new")
        };
        permit.commit(fill(text, &["t"])).entry().clone()
    };
    let (a, b) = (page(BUILD, "a"), page(BUILD, "b"));
    assert!(store.get(&a).await.expect("it works").is_none());
    let (first, other) = (make(&a, "first"), make(&b, "other"));
    store.put(&a, &first);
    store.put(&b, &other);
    store.flush().await.expect("it works");
    assert!(store.may_have(&a));
    let got = store.get(&a).await.expect("it works").expect("it is there");
    assert_eq!(body(&got), "first");
    assert_eq!(
        (got.started, got.committed, &got.tags),
        (first.started, first.committed, &first.tags)
    );
    assert_eq!(got.answer().map(|answer| answer.status), Some(200));
    cache.expire_tag("t");
    let second = make(&a, "second");
    store.put(&a, &second);
    store.flush().await.expect("it works");
    assert_eq!(body(&store.get(&a).await.expect("it works").expect("it is there")), "second");
    let mut listed = store.list().await.expect("it works");
    listed.sort_by_key(|summary| summary.started);
    assert_eq!(listed.iter().map(|summary| &summary.key).collect::<Vec<_>>(), [&b, &a]);
    assert_eq!((store.stats().entries, store.stats().is_paused), (2, false));
    store.put(&a, &first);
    store.remove(&a);
    store.flush().await.expect("it works");
    assert!(
        store.get(&a).await.expect("it works").is_none(),
        "an order is void once its key is removed"
    );
    store.clear().expect("it works");
    assert!(store.get(&b).await.expect("it works").is_none());
    assert_eq!(store.stats().entries, 0);
}

#[tokio::test]
async fn the_store_on_disk_behaves_like_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let volume = Arc::new(FolderVolume::open(folder.path()).expect("it is free"));
    let (disk, _) = DiskStore::open(volume, options()).expect("it is empty");
    behaves_like_a_store(&disk).await;
}

#[tokio::test]
async fn entries_and_invalidations_outlive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let (kept, expired, stale, old) = (
        page(BUILD, "kept"),
        page(BUILD, "expired"),
        page(BUILD, "stale"),
        page("build-0", "old"),
    );
    let value = Key::value(ValueKind::Function, "prices".into(), None);
    let cache = open(folder.path(), NOW);
    for (key, tag) in [(&kept, "k"), (&expired, "e"), (&stale, "s"), (&old, "o"), (&value, "v")] {
        store(&cache, key, fill(tag, &[tag])).await;
    }
    cache.flush().await;
    cache.expire_tag("e");
    cache.invalidate("s", Invalidation::Stale { expire: None });
    drop(cache);
    // The wall clock was put back by an hour between the two runs.
    let cache = open(folder.path(), NOW - 3_600_000);
    assert_eq!(found(&cache, &kept).await.as_deref(), Some("k"));
    assert_eq!(found(&cache, &expired).await, None);
    assert!(matches!(cache.find(&stale, &[]).await, Lookup::Stale { .. }));
    assert_eq!(found(&cache, &old).await, None, "of another build");
    assert_eq!(found(&cache, &value).await.as_deref(), Some("v"));
    // What was refreshed stays refreshed, and the log still knows what it knew after a third start.
    store(&cache, &expired, fill("again", &["e"])).await;
    cache.flush().await;
    drop(cache);
    let cache = open(folder.path(), NOW + 10);
    assert_eq!(found(&cache, &expired).await.as_deref(), Some("again"));
    assert!(matches!(cache.find(&stale, &[]).await, Lookup::Stale { .. }));
}

#[tokio::test]
async fn ages_go_on_through_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = page(BUILD, "aging");
    let lifetime = Lifetime {
        revalidate: Some(60),
        expire: Some(600),
        stale: None,
    };
    let cache = open(folder.path(), NOW);
    store(
        &cache,
        &key,
        Fill {
            lifetime,
            ..fill("x", &[])
        },
    )
    .await;
    drop(cache);
    let cache = open(folder.path(), NOW + 30_000);
    assert!(matches!(cache.find(&key, &[]).await, Lookup::Fresh(_)));
    drop(cache);
    let cache = open(folder.path(), NOW + 120_000);
    assert!(matches!(cache.find(&key, &[]).await, Lookup::Stale { .. }));
    drop(cache);
    let cache = open(folder.path(), NOW + 700_000);
    assert!(matches!(cache.find(&key, &[]).await, Lookup::Miss { .. }));
}

#[tokio::test]
async fn what_was_given_up_does_not_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = page(BUILD, "was-static");
    let cache = open(folder.path(), NOW);
    store(&cache, &key, fill("shared", &[])).await;
    cache.flush().await;
    cache.begin(&key).expect("idle").give_up("cookies");
    drop(cache);
    assert_eq!(found(&open(folder.path(), NOW + 1), &key).await, None);
}

#[tokio::test]
async fn everything_expires_with_its_fills_and_does_not_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tagged, plain, begun) = (page(BUILD, "tagged"), page(BUILD, "plain"), page(BUILD, "begun"));
    let cache = open(folder.path(), NOW);
    store(&cache, &tagged, fill("a", &["t"])).await;
    store(&cache, &plain, fill("b", &[])).await;
    // A tag of no letters is on no entry, whoever names it.
    cache.invalidate("", Invalidation::Expire);
    cache
        .invalidate_everywhere("", Invalidation::Expire)
        .await
        .expect("there is no bus");
    assert_eq!(found(&cache, &plain).await.as_deref(), Some("b"));
    let permit = cache.begin(&begun).expect("idle");
    cache.expire_everything().await.expect("there is no bus");
    assert!(matches!(permit.commit(fill("c", &[])), Commit::Died(..)));
    for key in [&tagged, &plain, &begun] {
        assert_eq!(found(&cache, key).await, None);
    }
    assert_eq!(
        (cache.entries(), cache.store_stats().map(|stats| stats.entries)),
        (0, Some(0))
    );
    store(&cache, &plain, fill("new", &[])).await;
    cache.flush().await;
    drop(cache);
    let cache = open(folder.path(), NOW + 1);
    assert_eq!(found(&cache, &tagged).await, None);
    assert_eq!(found(&cache, &plain).await.as_deref(), Some("new"));
}

#[test]
fn asking_for_numbers_while_entries_are_written_holds_nobody_up() {
    let (said, heard) = std::sync::mpsc::channel();
    // In threads that are left alone if they hold each other up.
    std::thread::spawn(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let cache = open(folder.path(), NOW);
            let (asking, is_over) = (cache.clone(), Arc::new(AtomicBool::new(false)));
            let told = is_over.clone();
            let numbers = std::thread::spawn(move || {
                while !told.load(Ordering::Relaxed) {
                    assert!(asking.store_stats().is_some());
                }
            });
            for number in 0..3_000 {
                store(&cache, &page(BUILD, &number.to_string()), fill("x", &[])).await;
            }
            cache.flush().await;
            is_over.store(true, Ordering::Relaxed);
            numbers.join().expect("numbers");
        });
        let _ = said.send(());
    });
    let ended = heard.recv_timeout(std::time::Duration::from_secs(60));
    assert!(ended.is_ok(), "whoever asks and whoever writes wait for each other");
}

#[tokio::test]
async fn looking_at_what_is_stored_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (kept, dead, none) = (page(BUILD, "kept"), page(BUILD, "dead"), page(BUILD, "none"));
    let cache = open(folder.path(), NOW);
    store(&cache, &kept, fill("kept", &["k"])).await;
    store(&cache, &dead, fill("dead", &["d"])).await;
    cache.flush().await;
    drop(cache);
    let cache = open(folder.path(), NOW + 5_000);
    cache.expire_tag("d");
    let counted: Vec<_> = cache.metrics().iter().collect();
    for _ in 0..2 {
        let inspected = cache.inspect(&kept).await.expect("it is on disk");
        assert_eq!(
            (inspected.places.as_slice(), &inspected.freshness),
            (&[Place::Disk][..], &Freshness::Fresh)
        );
        assert!(inspected.age_millis >= 4_000);
        let inspected = cache.inspect(&dead).await.expect("it is on disk");
        assert_eq!(inspected.freshness, Freshness::Dead(DeadReason::Tag("d".into())));
        assert!(cache.inspect(&none).await.is_none());
        assert_eq!(cache.inventory().await.len(), 2);
    }
    assert_eq!(cache.metrics().iter().collect::<Vec<_>>(), counted);
    assert_eq!(
        (cache.entries(), cache.fills(), cache.store_stats().map(|stats| stats.read)),
        (0, 0, Some(0))
    );
    assert_eq!(found(&cache, &kept).await.as_deref(), Some("kept"));
    let inspected = cache.inspect(&kept).await.expect("it is there");
    assert_eq!(inspected.places, [Place::Memory, Place::Disk]);
    assert_eq!(
        cache
            .inventory()
            .await
            .iter()
            .filter(|one| one.places == [Place::Memory, Place::Disk])
            .count(),
        1
    );
}

#[tokio::test]
async fn one_lookup_reads_from_disk_and_the_others_wait_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = page(BUILD, "shared");
    let cache = open(folder.path(), NOW);
    store(&cache, &key, fill("shared", &["t"])).await;
    drop(cache);
    let cache = open(folder.path(), NOW + 1);
    let asking = (0..50).map(|_| {
        let (cache, key) = (cache.clone(), key.clone());
        tokio::spawn(async move {
            match cache.find(&key, &[]).await {
                Lookup::Fresh(entry) => body(&entry),
                Lookup::Wait(ticket) => match ticket.wait(std::time::Duration::from_secs(5)).await {
                    ironside_cache::Landing::Entry(entry) => body(&entry),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            }
        })
    });
    for task in asking.collect::<Vec<_>>() {
        assert_eq!(task.await.expect("it ends"), "shared");
    }
    assert_eq!(cache.store_stats().map(|stats| stats.read), Some(1));
}

#[tokio::test]
async fn the_oldest_goes_first_and_what_is_read_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = DiskOptions {
        max_bytes: 1024 * 1024,
        ..options()
    };
    let durable = Durable::open(folder.path(), disk, Durability::Process, NOW).expect("free");
    // Memory holds next to nothing, so that lookups go to the disk.
    let cache = Cache::new(CacheOptions {
        max_bytes: 1,
        durable: Some(durable),
        ..CacheOptions::default()
    });
    let favourite = page(BUILD, "favourite");
    store(&cache, &favourite, fill("favourite", &[])).await;
    cache.flush().await;
    let large = "x".repeat(16 * 1024);
    for round in 0..200 {
        store(&cache, &page(BUILD, &round.to_string()), fill(&large, &[])).await;
        cache.flush().await;
        assert_eq!(found(&cache, &favourite).await.as_deref(), Some("favourite"), "round {round}");
    }
    let stats = cache.store_stats().expect("there is a store");
    assert!(stats.bytes <= 1024 * 1024 + 80 * 1024, "{stats:?}");
    assert_eq!(found(&cache, &page(BUILD, "0")).await, None);
    assert_eq!(found(&cache, &page(BUILD, "199")).await.as_deref(), Some(large.as_str()));
}

#[tokio::test]
async fn flipped_bits_on_disk_are_misses_and_never_wrong_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys: Vec<Key> = (0..20).map(|n| page(BUILD, &n.to_string())).collect();
    let cache = open(folder.path(), NOW);
    for (n, key) in keys.iter().enumerate() {
        store(&cache, key, fill(&format!("body {n} {}", "y".repeat(500)), &["t"])).await;
    }
    drop(cache);
    let segment = std::fs::read_dir(folder.path())
        .expect("it is there")
        .map(|item| item.expect("readable").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "segment"))
        .expect("something was written");
    let whole = std::fs::read(&segment).expect("readable");
    let mut misses = 0;
    for round in 0..60 {
        let mut damaged = whole.clone();
        let place = (round * 7919 + 13) % damaged.len();
        damaged[place] ^= 0x40;
        std::fs::write(&segment, &damaged).expect("writable");
        let cache = open(folder.path(), NOW + round as u64 + 1);
        for (n, key) in keys.iter().enumerate() {
            match found(&cache, key).await {
                Some(text) => assert!(text.starts_with(&format!("body {n} yyy"))),
                None => misses += 1,
            }
        }
        drop(cache);
        for item in std::fs::read_dir(folder.path()).expect("it is there") {
            std::fs::remove_file(item.expect("readable").path()).expect("writable");
        }
    }
    assert!(misses > 0, "the damage is noticed");
}

#[tokio::test]
async fn a_damaged_log_of_invalidations_empties_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = page(BUILD, "tagged");
    let cache = open(folder.path(), NOW);
    store(&cache, &key, fill("x", &["t"])).await;
    cache.flush().await;
    cache.expire_tag("other");
    drop(cache);
    let log = folder.path().join("invalidations.log");
    let mut bytes = std::fs::read(&log).expect("readable");
    bytes[20] ^= 1;
    std::fs::write(&log, bytes).expect("writable");
    assert_eq!(found(&open(folder.path(), NOW + 1), &key).await, None);
}

#[test]
fn a_folder_belongs_to_one_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = FolderVolume::open(folder.path()).expect("it is free");
    assert!(matches!(FolderVolume::open(folder.path()), Err(FolderError::InUse(_))));
    drop(first);
    assert!(FolderVolume::open(folder.path()).is_ok());
}

/// A folder whose writes can be made to fail, after a part of the bytes.
#[derive(Debug)]
struct Failing {
    inner: FolderVolume,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_full: AtomicBool,
    is_read_only: AtomicBool,
    refused: AtomicU64,
}

#[derive(Debug)]
struct FailingFile {
    inner: Arc<dyn VolumeFile>,
    state: Arc<State>,
}

impl State {
    fn check(&self) -> io::Result<()> {
        if self.is_read_only.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(())
    }
}

impl Failing {
    fn wrap(&self, inner: Arc<dyn VolumeFile>) -> Arc<dyn VolumeFile> {
        let state = self.state.clone();
        Arc::new(FailingFile { inner, state })
    }
}

impl Volume for Failing {
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn VolumeFile>> {
        self.state.check()?;
        Ok(self.wrap(self.inner.create(name)?))
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn VolumeFile>> {
        Ok(self.wrap(self.inner.open(name)?))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.state.check()?;
        self.inner.remove(name)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.state.check()?;
        self.inner.rename(from, to)
    }
}

impl VolumeFile for FailingFile {
    fn length(&self) -> io::Result<u64> {
        self.inner.length()
    }
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.state.check()?;
        if self.state.is_full.load(Ordering::SeqCst) {
            self.state.refused.fetch_add(1, Ordering::SeqCst);
            self.inner.write_all_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.write_all_at(bytes, offset)
    }
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(bytes, offset)
    }
    fn truncate(&self, length: u64) -> io::Result<()> {
        self.state.check()?;
        self.inner.truncate(length)
    }
    fn sync(&self) -> io::Result<()> {
        self.state.check()
    }
}

fn failing(folder: &Path) -> (Cache, Arc<State>) {
    let state = Arc::new(State::default());
    let volume = Arc::new(Failing {
        inner: FolderVolume::open(folder).expect("free"),
        state: state.clone(),
    });
    let durable = Durable::on(volume, options(), Durability::Process, NOW).expect("it works so far");
    let cache = Cache::new(CacheOptions {
        durable: Some(durable),
        ..CacheOptions::default()
    });
    (cache, state)
}

#[tokio::test]
async fn a_full_disk_is_served_without_and_used_again_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cache, state) = failing(folder.path());
    let (before, meanwhile, after) = (page(BUILD, "before"), page(BUILD, "meanwhile"), page(BUILD, "after"));
    store(&cache, &before, fill("before", &[])).await;
    cache.flush().await;
    state.is_full.store(true, Ordering::SeqCst);
    store(&cache, &meanwhile, fill("meanwhile", &[])).await;
    cache.flush().await;
    assert_eq!(
        found(&cache, &meanwhile).await.as_deref(),
        Some("meanwhile"),
        "memory serves it"
    );
    let stats = cache.store_stats().expect("there is a store");
    assert_eq!((stats.is_paused, stats.lost, stats.errors), (true, 1, 1));
    // Nothing is tried during the pause.
    store(&cache, &page(BUILD, "more"), fill("more", &[])).await;
    cache.flush().await;
    assert_eq!(state.refused.load(Ordering::SeqCst), 1);
    state.is_full.store(false, Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    store(&cache, &after, fill("after", &[])).await;
    cache.flush().await;
    assert_eq!(cache.store_stats().map(|stats| stats.is_paused), Some(false));
    drop(cache);
    let cache = open(folder.path(), NOW + 1);
    assert_eq!(found(&cache, &before).await.as_deref(), Some("before"));
    assert_eq!(found(&cache, &meanwhile).await, None);
    assert_eq!(found(&cache, &after).await.as_deref(), Some("after"));
}

#[tokio::test]
async fn what_can_not_be_written_down_empties_the_store_rather_than_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cache, state) = failing(folder.path());
    let key = page(BUILD, "tagged");
    store(&cache, &key, fill("outdated", &["t"])).await;
    cache.flush().await;
    state.is_full.store(true, Ordering::SeqCst);
    cache.expire_tag("t");
    assert_eq!(found(&cache, &key).await, None);
    drop(cache);
    assert_eq!(found(&open(folder.path(), NOW + 1), &key).await, None);
}

#[tokio::test]
async fn a_medium_that_turns_read_only_serves_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cache, state) = failing(folder.path());
    let (old, new) = (page(BUILD, "old"), page(BUILD, "new"));
    store(&cache, &old, fill("old", &[])).await;
    cache.flush().await;
    state.is_read_only.store(true, Ordering::SeqCst);
    store(&cache, &new, fill("new", &[])).await;
    cache.flush().await;
    assert_eq!(found(&cache, &old).await.as_deref(), Some("old"));
    assert_eq!(found(&cache, &new).await.as_deref(), Some("new"));
}
