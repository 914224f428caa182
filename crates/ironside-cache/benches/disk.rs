//! What the store on disk costs: filling it with 100,000 pages of 8 KB, opening it again, reading from it. Prints figures;
//! nothing is asserted. `cargo bench -p ironside-cache --bench disk [-- COUNT]`

#![allow(clippy::print_stdout, reason = "it is a program that prints figures")]

use bytes::Bytes;
use ironside_cache::invalidation_log::Durability;
use ironside_cache::store::disk::DiskOptions;
use ironside_cache::{Answer, Cache, CacheOptions, Content, Durable, Fill, Key, Lookup};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

fn open(folder: &Path) -> Cache {
    let options = DiskOptions::new("build".into());
    let durable = Durable::open(folder, options, Durability::Process, 1_795_000_000_000).expect("the folder is free");
    Cache::new(CacheOptions {
        // Next to nothing in memory: every lookup goes to the disk.
        max_bytes: 1 << 16,
        durable: Some(durable),
        ..CacheOptions::default()
    })
}

fn key(number: u32) -> Key {
    Key::Page {
        deployment: "build".into(),
        route: 1,
        params: Arc::from([("slug".into(), Box::from([number.to_string().into()]))]),
        from: None,
    }
}

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[tokio::main]
async fn main() {
    let count: u32 = std::env::args()
        .filter_map(|word| word.parse().ok())
        .next()
        .unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let cache = open(folder.path());
    let began = Instant::now();
    for number in 0..count {
        let Lookup::Miss { permit, .. } = cache.find(&key(number), &[]).await else {
            continue;
        };
        let body = Bytes::from(vec![u8::try_from(number % 251).unwrap_or(0); 6 * 1024]);
        let payload = Bytes::from(vec![b'0'; 2 * 1024]);
        permit.commit(Fill {
            tags: vec!["all".into(), format!("page-{number}").into()],
            ..Fill::new(Content::Answer(Box::new(Answer::new(200, Vec::new(), body, Some(payload)))))
        });
        if number % 500 == 0 {
            cache.flush().await;
        }
    }
    cache.flush().await;
    println!("filled {count} in {:?}: {:?}", began.elapsed(), cache.store_stats());
    drop(cache);
    let before = resident_kilobytes();
    let began = Instant::now();
    let cache = open(folder.path());
    let opened = began.elapsed();
    let grown = resident_kilobytes().saturating_sub(before);
    println!(
        "opened in {opened:?}, {grown} KB more resident: {} bytes an entry",
        grown * 1024 / u64::from(count.max(1))
    );
    let began = Instant::now();
    let mut found = 0;
    for number in (0..count).step_by(10) {
        found += u32::from(matches!(cache.find(&key(number), &[]).await, Lookup::Fresh(_)));
    }
    println!(
        "{found} reads, one after the other: {:?} each",
        began.elapsed() / found.max(1)
    );
}
