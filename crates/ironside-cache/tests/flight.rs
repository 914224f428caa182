//! Waiting for a fill of somebody else: who gets what, in every way that it can end.

use bytes::Bytes;
use ironside_cache::metrics::Event;
use ironside_cache::{Cache, CacheOptions, Clock, Commit, Content, Fill, Key, Landing, Lookup, Permit, Tag, Ticket, ValueKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

fn key() -> Key {
    Key::value(ValueKind::Fetch, "k".into(), None)
}

fn miss(cache: &Cache) -> Permit {
    match cache.lookup(&key(), &[]) {
        Lookup::Miss { permit, .. } => permit,
        other => panic!("a permit was expected, not {other:?}"),
    }
}

fn wait(cache: &Cache) -> Ticket {
    match cache.lookup(&key(), &[]) {
        Lookup::Wait(ticket) => ticket,
        other => panic!("a ticket was expected, not {other:?}"),
    }
}

fn fill(value: &'static str, tags: &[&str]) -> Fill {
    Fill {
        tags: tags.iter().map(|tag| (*tag).into()).collect(),
        ..Fill::new(Content::Value(Bytes::from(value)))
    }
}

#[tokio::test]
async fn everybody_who_waits_gets_the_result_of_one_fill() {
    let cache = Cache::new(CacheOptions::default());
    let permit = miss(&cache);
    let waiting: Vec<_> = (0..50).map(|_| wait(&cache)).collect();
    permit.commit(fill("one", &[]));
    for ticket in waiting {
        assert!(matches!(ticket.wait(LONG).await, Landing::Entry(entry) if entry.value().is_some_and(|value| value == "one")));
    }
    assert_eq!(cache.fills(), 0);
    assert_eq!(cache.metrics().get(Event::Stored), 1);
}

#[tokio::test]
async fn a_dropped_permit_goes_to_the_first_who_still_waits() {
    let cache = Cache::new(CacheOptions::default());
    let permit = miss(&cache);
    let gone: Vec<_> = (0..1_000).map(|_| wait(&cache)).collect();
    let (first, second) = (wait(&cache), wait(&cache));
    drop(gone);
    drop(permit);
    let Landing::Permit(permit) = first.wait(LONG).await else {
        panic!("the first in the row gets it")
    };
    permit.commit(fill("two", &[]));
    assert!(matches!(second.wait(LONG).await, Landing::Entry(_)));
    assert_eq!(cache.fills(), 0);
}

#[tokio::test]
async fn who_arrived_after_an_invalidation_does_not_get_what_began_before_it() {
    let cache = Cache::new(CacheOptions::default());
    let permit = miss(&cache);
    let early = wait(&cache);
    cache.expire_tag("t");
    let late = wait(&cache);
    assert!(matches!(permit.commit(fill("old", &["t"])), Commit::Died(..)));
    assert!(matches!(early.wait(LONG).await, Landing::Entry(_)));
    assert!(matches!(late.wait(LONG).await, Landing::Again));
    drop(miss(&cache));
}

#[tokio::test]
async fn a_second_invalidation_does_not_hide_the_first_from_who_came_between_them() {
    let cache = Cache::new(CacheOptions::default());
    let permit = miss(&cache);
    cache.expire_tag("t");
    let between = wait(&cache);
    cache.expire_tag("t");
    assert!(matches!(permit.commit(fill("old", &["t"])), Commit::Died(..)));
    assert!(matches!(between.wait(LONG).await, Landing::Again));
}

#[tokio::test]
async fn who_asks_with_tags_of_his_own_does_not_get_what_began_before_they_were_invalidated() {
    let cache = Cache::new(CacheOptions::default());
    let permit = miss(&cache);
    let soft: [Tag; 1] = ["/page".into()];
    let ask = || match cache.lookup(&key(), &soft) {
        Lookup::Wait(ticket) => ticket,
        other => panic!("a ticket was expected, not {other:?}"),
    };
    let early = ask();
    cache.expire_tag("/page");
    let (late, other) = (ask(), wait(&cache));
    permit.commit(fill("old", &[]));
    assert!(matches!(early.wait(LONG).await, Landing::Entry(_)));
    assert!(matches!(late.wait(LONG).await, Landing::Again));
    assert!(matches!(other.wait(LONG).await, Landing::Entry(_)));
    assert!(matches!(cache.lookup(&key(), &soft), Lookup::Miss { .. }));
}

#[tokio::test]
async fn what_is_not_shared_and_what_failed_sends_everybody_to_work() {
    let cache = Cache::new(CacheOptions::default());
    let permit = miss(&cache);
    let ticket = wait(&cache);
    permit.give_up("cookies");
    assert!(matches!(ticket.wait(LONG).await, Landing::NotShared(reason) if &*reason == "cookies"));
    let permit = miss(&cache);
    let ticket = wait(&cache);
    permit.fail();
    assert!(matches!(ticket.wait(LONG).await, Landing::Failed));
    let _permit = miss(&cache);
    assert!(matches!(wait(&cache).wait(Duration::ZERO).await, Landing::TimedOut));
}

#[derive(Debug, Default)]
struct Hand(AtomicU64);
impl Clock for Hand {
    fn millis(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_permit_that_is_too_old_is_taken_away_and_its_commit_counts_for_nothing() {
    let clock = Arc::new(Hand::default());
    let cache = Cache::new(CacheOptions {
        clock: clock.clone(),
        permit_age: Duration::from_secs(10),
        ..CacheOptions::default()
    });
    let lost = miss(&cache);
    clock.0.store(10_001, Ordering::SeqCst);
    let permit = miss(&cache);
    assert!(matches!(lost.commit(fill("lost", &[])), Commit::Superseded(_)));
    assert!(matches!(cache.lookup(&key(), &[]), Lookup::Wait(_)));
    permit.commit(fill("kept", &[]));
    assert!(matches!(cache.lookup(&key(), &[]), Lookup::Fresh(entry) if entry.value().is_some_and(|value| value == "kept")));
}

#[test]
fn a_failed_renewal_keeps_the_entry_and_pauses_longer_each_time() {
    let clock = Arc::new(Hand::default());
    let cache = Cache::new(CacheOptions {
        clock: clock.clone(),
        ..CacheOptions::default()
    });
    let lifetime = ironside_cache::Lifetime {
        revalidate: Some(1),
        ..Default::default()
    };
    miss(&cache).commit(Fill {
        lifetime,
        ..fill("good", &[])
    });
    let mut at = 1_000;
    for pause in [1_000, 2_000, 4_000] {
        clock.0.store(at, Ordering::SeqCst);
        let Lookup::Stale {
            permit: Some(permit), ..
        } = cache.lookup(&key(), &[])
        else {
            panic!("time to renew")
        };
        permit.fail();
        clock.0.store(at + pause - 1, Ordering::SeqCst);
        assert!(
            matches!(cache.lookup(&key(), &[]), Lookup::Stale { permit: None, .. }),
            "pause of {pause} ms"
        );
        at += pause;
    }
}

#[test]
fn soft_tags_expire_a_value_for_the_asker_only() {
    let cache = Cache::new(CacheOptions::default());
    miss(&cache).commit(fill("v", &[]));
    cache.expire_tag("_N_T_/page");
    assert!(matches!(cache.lookup(&key(), &[]), Lookup::Fresh(_)));
    assert!(matches!(cache.lookup(&key(), &["_N_T_/page".into()]), Lookup::Miss { .. }));
    assert!(matches!(cache.lookup(&key(), &[]), Lookup::Fresh(_)));
}

#[test]
fn the_store_is_bounded_by_bytes() {
    let cache = Cache::new(CacheOptions {
        max_bytes: 1 << 20,
        ..CacheOptions::default()
    });
    for i in 0..200 {
        let key = Key::value(ValueKind::Directive, format!("k{i}").into(), None);
        let Lookup::Miss { permit, .. } = cache.lookup(&key, &[]) else {
            panic!("it is new")
        };
        permit.commit(Fill::new(Content::Value(vec![0; 32 * 1024].into())));
    }
    assert!(cache.bytes() <= 1 << 20, "{} bytes", cache.bytes());
    assert!(cache.entries() > 0);
}
