//! `x-ironside-cache`: the header that tells a developer what the cache made of a request, in the words of [`super::reason`]:
//!
//! ```text
//! x-ironside-cache: hit; reason=fresh; age=12; revalidate=48; tags=posts,url%20/blog
//! x-ironside-cache: bypass; reason=development; start=dynamic:cookies
//! x-ironside-cache: bypass; reason=development; start=shared; unless=dynamic:searchParams; revalidate=300; tags=posts
//! ```
//!
//! In development nothing is stored, so there it tells what `ironside start` would do, as far as it is known. In production it is
//! sent only where the settings ask for it: tags and reasons are nothing for visitors.

use super::candidate::{self, Storable};
use super::reason::{Reason, Told, shown_tag};
use super::verdict::Verdict;
use crate::exchange::{Edit, Exchange};
use crate::site::Site;
use http::{HeaderName, HeaderValue};
use ironside_cache::{Entry, Lifetime};
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::fmt::Write as _;

const NAME: HeaderName = HeaderName::from_static("x-ironside-cache");
/// What would end a tag in the list, or can't stand in a header.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b',').add(b';').add(b'%').add(b'"');
/// Bytes of tags that are told.
const MOST: usize = 2_000;

/// The header of an answer.
#[must_use]
pub fn telling(
    exchange: &Exchange,
    site: &Site,
    matched: &RouteMatch,
    kind: JobKind,
    told: &Told,
    entry: Option<&Entry>,
) -> Edit {
    let mut text = format!("{}; reason={}", told.reason.outcome().word(), escaped(&told.to_string()));
    if site.deployment.development {
        in_production(&mut text, exchange, site, matched, kind);
    }
    if let Some(entry) = entry {
        about(
            &mut text,
            entry,
            site.deployment.cache.now().millis_since(entry.committed) / 1000,
        );
    }
    Edit {
        name: NAME,
        value: HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("untold")),
        append: false,
    }
}

/// What `ironside start` would do: the reason for a bypass; `shared` where the last render has shown that it would be stored, and
/// for how long; `candidate` where nothing speaks against it, and no render has shown it yet.
fn in_production(text: &mut String, exchange: &Exchange, site: &Site, matched: &RouteMatch, kind: JobKind) {
    let key = match candidate::in_production(exchange, &site.deployment, matched, kind) {
        Storable::Bypass(reason) => {
            let _ = write!(text, "; start={}", reason.word());
            return;
        }
        Storable::Candidate(key) => key,
    };
    let shown = site.deployment.seen.of(&key);
    let word = match shown.as_ref().map(|shown| shown.verdict) {
        None => "candidate",
        Some(Verdict::Store(_)) => "shared",
        Some(Verdict::NotShared(reason)) => reason.word(),
        Some(Verdict::Failed) => "failed",
    };
    let _ = write!(text, "; start={word}");
    let Some(shown) = shown else { return };
    if let Verdict::Store(life) = shown.verdict {
        if shown.perhaps_search {
            let _ = write!(text, "; unless={}", Reason::SearchParams.word());
        }
        lifetime(text, life, 0);
        list(text, shown.tags.iter().map(String::as_str));
    }
}

fn about(text: &mut String, entry: &Entry, age: u64) {
    let _ = write!(text, "; age={age}");
    lifetime(text, entry.lifetime, age);
    list(text, entry.tags.iter().map(|tag| &**tag));
}

/// Seconds that are left.
fn lifetime(text: &mut String, lifetime: Lifetime, age: u64) {
    for (name, at) in [("revalidate", lifetime.revalidate), ("expire", lifetime.expire)] {
        if let Some(at) = at {
            let _ = write!(text, "; {name}={}", at.saturating_sub(age));
        }
    }
}

fn list<'a>(text: &mut String, all: impl Iterator<Item = &'a str>) {
    let mut tags = String::new();
    for tag in all {
        let tag = escaped(&shown_tag(tag));
        if tags.len() + tag.len() > MOST {
            tags.push_str(",...");
            break;
        }
        let comma = if tags.is_empty() { "" } else { "," };
        let _ = write!(tags, "{comma}{tag}");
    }
    if !tags.is_empty() {
        let _ = write!(text, "; tags={tags}");
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}
