//! What an entry is worth at a moment: a pure function of the entry, the tag clock and the time.

use crate::clock::Stamp;
use crate::entry::{Entry, Lifetime};
use crate::store::Summary;
use crate::tag_clock::{Tag, TagClock, TagVerdict};

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// It may be served.
    Fresh,
    /// It may be served while it is renewed.
    Stale(StaleReason),
    /// It may not be served.
    Dead(DeadReason),
}

/// Why an entry is stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaleReason {
    /// Its time to revalidate has come.
    Age,
    /// A tag was marked stale.
    Tag(Tag),
}

/// Why an entry is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeadReason {
    /// It is older than its lifetime.
    Age,
    /// A tag was invalidated after its fill began.
    Tag(Tag),
}

/// Judges an entry. `soft_tags` are tags that the asker has and the entry lacks: the paths of the page that asks for a
/// stored fetch. They expire it for this asker only.
#[must_use]
pub fn judge(entry: &Entry, soft_tags: &[Tag], tags: &TagClock, now: Stamp) -> Freshness {
    let tags = if soft_tags.is_empty() {
        tags.judge_again(&entry.untouched, entry.tags.iter(), entry.started, now)
    } else {
        tags.judge(entry.tags.iter().chain(soft_tags), entry.started, now)
    };
    by_verdict(tags, entry.committed, entry.lifetime, now)
}

/// Whether an entry is known to be fresh whatever the time is: it lives for ever, and nothing has been invalidated since it was found
/// untouched. Most pages of most sites are so, and need no look at the clock.
#[must_use]
pub(crate) fn is_timeless(entry: &Entry, tags: &TagClock) -> bool {
    entry.lifetime.revalidate.is_none() && entry.lifetime.expire.is_none() && tags.knows(&entry.untouched)
}

/// The same as [`judge`] for an entry whose content is elsewhere.
#[must_use]
pub fn judge_summary(summary: &Summary, tags: &TagClock, now: Stamp) -> Freshness {
    let tags = tags.judge(summary.tags.iter(), summary.started, now);
    by_verdict(tags, summary.committed, summary.lifetime, now)
}

fn by_verdict(verdict: TagVerdict, committed: Stamp, lifetime: Lifetime, now: Stamp) -> Freshness {
    if let TagVerdict::Dead(tag, _) = verdict {
        return Freshness::Dead(DeadReason::Tag(tag));
    }
    let age = now.millis_since(committed);
    let older_than = |seconds: Option<u64>| seconds.is_some_and(|seconds| age >= seconds.saturating_mul(1000));
    if older_than(lifetime.expire) {
        return Freshness::Dead(DeadReason::Age);
    }
    match verdict {
        TagVerdict::Stale(tag) => Freshness::Stale(StaleReason::Tag(tag)),
        _ if older_than(lifetime.revalidate) => Freshness::Stale(StaleReason::Age),
        _ => Freshness::Fresh,
    }
}
