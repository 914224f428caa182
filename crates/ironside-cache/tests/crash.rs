//! `kill -9` at random moments, in the middle of writing: what is found afterwards is whole, right, and not older than
//! what was acknowledged before the kill. 40 rounds, or 200 with `IRONSIDE_LONG=1`.

#![allow(
    clippy::disallowed_methods,
    reason = "the test starts itself as a child and tells it the folder by a variable"
)]

use bytes::Bytes;
use ironside_cache::invalidation_log::Durability;
use ironside_cache::store::disk::DiskOptions;
use ironside_cache::{Cache, CacheOptions, Content, Durable, Fill, Key, Lifetime, Lookup, ValueKind};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FOLDER: &str = "IRONSIDE_TEST_CACHE_FOLDER";
const KEYS: u64 = 24;

fn key(number: u64) -> Key {
    Key::value(ValueKind::Fetch, Bytes::from(number.to_string()), None)
}

/// A body that says which version it is, and whose every byte follows from that.
fn body(number: u64, version: u64) -> Bytes {
    let len = usize::try_from((number * 997 + version * 31) % 60_000).unwrap_or(0);
    let mut text = format!("{number}:{version}:").into_bytes();
    let seed = u8::try_from((number + version) % 251).unwrap_or(0);
    text.resize(text.len() + len, seed);
    text.into()
}

fn open(folder: &Path) -> Cache {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    let options = DiskOptions {
        max_bytes: 8 * 1024 * 1024,
        ..DiskOptions::new("build".into())
    };
    let durable = Durable::open(folder, options, Durability::Process, u64::try_from(now).unwrap_or(0)).expect("it opens");
    Cache::new(CacheOptions {
        durable: Some(durable),
        ..CacheOptions::default()
    })
}

/// Not a test of its own: what the other one starts and kills. It writes version after version, and tells which versions are
/// the oldest that anybody may still see.
#[tokio::test]
async fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let cache = open(Path::new(&folder));
    let mut out = std::io::stdout();
    let first = UNIX_EPOCH
        .elapsed()
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
        * 1000;
    for version in first.. {
        let number = version % KEYS;
        let tag = format!("t{number}");
        cache.expire_tag(&tag);
        writeln!(out, "\nacknowledged {number} {version}").expect("somebody reads");
        let Lookup::Miss { permit, .. } = cache.find(&key(number), &[]).await else {
            panic!("it was invalidated just now");
        };
        permit.commit(Fill {
            content: Content::Value(body(number, version)),
            tags: vec![tag.into()],
            lifetime: Lifetime::default(),
        });
    }
}

#[tokio::test]
async fn after_a_kill_nothing_is_torn_wrong_or_outdated() {
    let rounds = if std::env::var_os("IRONSIDE_LONG").is_some() {
        200
    } else {
        40
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (mut acknowledged, mut seen, mut slowest) = (BTreeMap::new(), 0, Duration::ZERO);
    for round in 0..rounds {
        let lines = run_and_kill(folder.path(), Duration::from_millis(5 + (round * 37) % 70));
        for (number, version) in lines {
            acknowledged.insert(number, version);
        }
        let opening = std::time::Instant::now();
        let cache = open(folder.path());
        slowest = slowest.max(opening.elapsed());
        for number in 0..KEYS {
            let Lookup::Fresh(entry) = cache.find(&key(number), &[]).await else {
                continue;
            };
            let found = entry.value().expect("it is a value").clone();
            let text = String::from_utf8_lossy(&found);
            let mut parts = text.split(':');
            assert_eq!(parts.next(), Some(number.to_string().as_str()), "round {round}");
            let version: u64 = parts.next().and_then(|version| version.parse().ok()).expect("a version");
            assert_eq!(found, body(number, version), "round {round}: torn");
            let oldest = acknowledged.get(&number).copied().unwrap_or(0);
            assert!(
                version >= oldest,
                "round {round}: {number} is at {version}, and {oldest} was acknowledged"
            );
            seen += 1;
        }
    }
    println!("{rounds} kills, {seen} entries found, slowest opening {slowest:?}");
    assert!(seen > 0, "something survives");
}

/// What the child acknowledged before it was killed.
fn run_and_kill(folder: &Path, after: Duration) -> Vec<(u64, u64)> {
    let mut child = Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", "writes_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    let mut lines = Vec::new();
    // The clock starts with the first sign of life.
    while !line.starts_with("acknowledged") {
        line.clear();
        assert_ne!(reader.read_line(&mut line).expect("it talks"), 0, "the child ended early");
    }
    lines.extend(parse(&line));
    let killer = std::thread::spawn(move || {
        std::thread::sleep(after);
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    });
    lines.extend(reader.lines().map_while(Result::ok).filter_map(|line| parse(&line)));
    killer.join().expect("it ends");
    lines
}

/// A line that the kill has cut in two says nothing.
fn parse(line: &str) -> Option<(u64, u64)> {
    let mut words = line.strip_prefix("acknowledged ")?.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let version: u64 = words.next()?.parse().ok()?;
    (version > 1_000_000_000_000_000).then_some((number, version))
}
