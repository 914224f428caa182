//! The cache against a naive reference: a list of everything that happened, which is searched anew for each lookup.
//! Random histories of lookups, commits, dropped permits, invalidations and time (forwards and backwards).

use ironside_cache::{Cache, CacheOptions, Clock, Content, Fill, Invalidation, Key, Lifetime, Lookup, Permit, ValueKind};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn millis(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Lookup(usize),
    Commit {
        key: usize,
        tags: Vec<usize>,
        revalidate: Option<u64>,
        expire: Option<u64>,
    },
    Drop(usize),
    GiveUp(usize),
    Expire(usize),
    MarkStale(usize, Option<u64>),
    Advance(u64),
    BackInTime(u64),
}

const KEYS: usize = 2;
const TAGS: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let tags = proptest::collection::vec(0..TAGS, 0..3);
    prop_oneof![
        6 => (0..KEYS).prop_map(Step::Lookup),
        4 => (0..KEYS, tags, proptest::option::of(1..5u64), proptest::option::of(4..9u64))
            .prop_map(|(key, tags, revalidate, expire)| Step::Commit { key, tags, revalidate, expire }),
        1 => (0..KEYS).prop_map(Step::Drop),
        1 => (0..KEYS).prop_map(Step::GiveUp),
        2 => (0..TAGS).prop_map(Step::Expire),
        2 => (0..TAGS, proptest::option::of(0..6u64)).prop_map(|(tag, expire)| Step::MarkStale(tag, expire)),
        3 => (0..4_000u64).prop_map(Step::Advance),
        1 => (0..4_000u64).prop_map(Step::BackInTime),
    ]
}

/// An entry as the reference knows it: `started` is a position in the history.
#[derive(Debug, Clone)]
struct Known {
    version: u64,
    started: usize,
    committed_ms: u64,
    tags: Vec<usize>,
    revalidate: Option<u64>,
    expire: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    Nothing,
    Stale(u64),
    Fresh(u64),
}

/// `(position in the history, tag, when it kills: now, never, or at a moment)`
type Invalidated = (usize, usize, Death);

#[derive(Debug, Clone, Copy)]
enum Death {
    AtOnce,
    Never,
    At(u64),
}

#[derive(Debug, Default)]
struct Reference {
    position: usize,
    /// Time never runs backwards for the cache.
    now_ms: u64,
    entries: [Option<Known>; KEYS],
    started: [Option<usize>; KEYS],
    invalidated: Vec<Invalidated>,
}

impl Reference {
    fn worth(&self, key: usize) -> Worth {
        let Some(entry) = &self.entries[key] else {
            return Worth::Nothing;
        };
        let mut stale = false;
        for (position, tag, death) in &self.invalidated {
            if *position < entry.started || !entry.tags.contains(tag) {
                continue;
            }
            match death {
                Death::AtOnce => return Worth::Nothing,
                Death::At(ms) if *ms <= self.now_ms => return Worth::Nothing,
                Death::At(_) | Death::Never => stale = true,
            }
        }
        let age = self.now_ms - entry.committed_ms;
        let older = |seconds: Option<u64>| seconds.is_some_and(|seconds| age >= seconds * 1000);
        if older(entry.expire) {
            return Worth::Nothing;
        }
        if stale || older(entry.revalidate) {
            Worth::Stale(entry.version)
        } else {
            Worth::Fresh(entry.version)
        }
    }
}

struct World {
    clock: Arc<Hand>,
    cache: Cache,
    permits: [Option<Permit>; KEYS],
    reference: Reference,
    versions: u64,
}

fn key(index: usize) -> Key {
    Key::value(ValueKind::Directive, format!("key{index}").into(), None)
}

fn version_of(entry: &ironside_cache::Entry) -> u64 {
    String::from_utf8_lossy(entry.value().expect("only values are stored"))
        .parse()
        .expect("a version")
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(Hand::default());
        let cache = Cache::new(CacheOptions {
            clock: clock.clone(),
            permit_age: std::time::Duration::MAX,
            ..CacheOptions::default()
        });
        Self {
            clock,
            cache,
            permits: [None, None],
            reference: Reference::default(),
            versions: 0,
        }
    }

    fn run(&mut self, step: &Step) {
        self.reference.position += 1;
        match step {
            Step::Lookup(index) => self.lookup(*index),
            Step::Commit {
                key,
                tags,
                revalidate,
                expire,
            } => self.commit(*key, tags, *revalidate, *expire),
            Step::Drop(index) => {
                self.permits[*index] = None;
                self.reference.started[*index] = None;
            }
            Step::GiveUp(index) => {
                if let Some(permit) = self.permits[*index].take() {
                    permit.give_up("cookies");
                    self.reference.entries[*index] = None;
                    self.reference.started[*index] = None;
                }
            }
            Step::Expire(tag) => {
                self.cache.expire_tag(&format!("t{tag}"));
                self.reference
                    .invalidated
                    .push((self.reference.position, *tag, Death::AtOnce));
            }
            Step::MarkStale(tag, expire) => {
                self.cache
                    .invalidate(&format!("t{tag}"), Invalidation::Stale { expire: *expire });
                let death = expire.map_or(Death::Never, |seconds| Death::At(self.reference.now_ms + seconds * 1000));
                self.reference.invalidated.push((self.reference.position, *tag, death));
            }
            Step::Advance(ms) => self.turn(self.clock.millis() + ms),
            Step::BackInTime(ms) => self.turn(self.clock.millis().saturating_sub(*ms)),
        }
    }

    fn turn(&mut self, ms: u64) {
        self.clock.0.store(ms, Ordering::SeqCst);
        self.reference.now_ms = self.reference.now_ms.max(ms);
        // The cache has to have seen a moment to know that a later one is a step back.
        let _ = self.cache.begin(&Key::value(ValueKind::Directive, "another".into(), None));
    }

    fn lookup(&mut self, index: usize) {
        let expected = self.reference.worth(index);
        let waiting = self.permits[index].is_some();
        match self.cache.lookup(&key(index), &[]) {
            Lookup::Fresh(entry) => assert_eq!(Worth::Fresh(version_of(&entry)), expected),
            Lookup::Stale { entry, permit, .. } => {
                assert_eq!(Worth::Stale(version_of(&entry)), expected);
                assert_eq!(permit.is_none(), waiting, "one fill at a time");
                self.take(index, permit);
            }
            Lookup::Miss { permit, .. } => {
                assert_eq!(Worth::Nothing, expected);
                assert!(!waiting, "one fill at a time");
                self.take(index, Some(permit));
            }
            Lookup::Wait(_) => {
                assert_eq!(Worth::Nothing, expected);
                assert!(waiting, "somebody waits for nobody");
            }
        }
    }

    fn take(&mut self, index: usize, permit: Option<Permit>) {
        if let Some(permit) = permit {
            self.permits[index] = Some(permit);
            self.reference.started[index] = Some(self.reference.position);
        }
    }

    fn commit(&mut self, index: usize, tags: &[usize], revalidate: Option<u64>, expire: Option<u64>) {
        let Some(permit) = self.permits[index].take() else { return };
        self.versions += 1;
        let started = self.reference.started[index]
            .take()
            .expect("the reference knows every permit");
        let known = Known {
            version: self.versions,
            started,
            committed_ms: self.reference.now_ms,
            tags: tags.to_vec(),
            revalidate,
            expire,
        };
        let before = self.reference.entries[index].replace(known);
        // What died before it was committed is not stored; the older entry stands, if it is worth anything.
        if self.reference.worth(index) == Worth::Nothing {
            self.reference.entries[index] = before;
        }
        permit.commit(Fill {
            content: Content::Value(self.versions.to_string().into()),
            tags: tags.iter().map(|tag| format!("t{tag}").into()).collect(),
            lifetime: Lifetime {
                revalidate,
                expire,
                stale: None,
            },
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_lookup_answers_as_the_whole_history_demands(steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
        }
        let held = world.permits.iter().filter(|permit| permit.is_some()).count();
        prop_assert_eq!(world.cache.fills(), held, "a permit was lost or forgotten");
    }
}
