//! In development nothing is stored, but each render shows what would be: its outcome says what it has read. It is remembered for
//! the header that tells a developer what `ironside start` would do ([`super::header`]).

use super::candidate::{self, Storable};
use super::verdict::{self, Verdict};
use crate::deployment::Deployment;
use crate::exchange::Exchange;
use crate::routes::RouteInfo;
use crate::site::Site;
use crate::work::{PieceSource, Pieces};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use ironside_cache::Key;
use ironside_model::manifest::RouteKind;
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::{DynamicReason, JobKind};
use ironside_worker::{Head, JobFailure, Outcome, Piece};
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::task::{Context, Poll};

const KEYS: usize = 1_000;

/// What renders have shown, by the key that would be stored under.
#[derive(Debug)]
pub struct Seen(Cache<Key, Shown>);

/// What one has shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What `ironside start` would do with it.
    pub verdict: Verdict,
    /// The tags of what it has read.
    pub tags: Arc<[String]>,
    /// The query may have been read. React's development build reads all props of a page, `searchParams` too, so that nobody can tell.
    pub perhaps_search: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self(Cache::new(KEYS))
    }
}

impl Seen {
    /// What the last one has shown.
    #[must_use]
    pub fn of(&self, key: &Key) -> Option<Shown> {
        self.0.get(key)
    }
}

/// A render that is to be watched.
#[derive(Debug)]
pub struct Watch {
    deployment: Arc<Deployment>,
    matched: RouteMatch,
    key: Key,
}

impl Watch {
    /// Of a render that is about to begin, where it may show something.
    #[must_use]
    pub fn begin(exchange: &Exchange, site: &Site, matched: &RouteMatch, kind: JobKind) -> Option<Self> {
        if !site.deployment.development || !exchange.reads() {
            return None;
        }
        match candidate::in_production(exchange, &site.deployment, matched, kind) {
            Storable::Bypass(_) => None,
            Storable::Candidate(key) => Some(Self {
                deployment: site.deployment.clone(),
                matched: matched.clone(),
                key,
            }),
        }
    }

    /// Watches its answer.
    #[must_use]
    pub fn over(self, head: &Head, body: Pieces) -> Pieces {
        let mut headers = head.headers.clone();
        if matches!(self.key, Key::Page { .. }) {
            // A page has none of its own; this one says that it was made for one visitor.
            headers.remove(header::CACHE_CONTROL);
        }
        Pieces::new(Watched {
            watch: Some(self),
            status: head.status,
            headers,
            body,
        })
    }
}

/// An answer that is watched to its end.
struct Watched {
    watch: Option<Watch>,
    status: StatusCode,
    headers: HeaderMap,
    body: Pieces,
}

impl Watched {
    fn note(&mut self) {
        let (Some(watch), Some(mut outcome)) = (self.watch.take(), self.body.outcome()) else {
            return;
        };
        let deployment = &watch.deployment;
        let Some(info): Option<&RouteInfo> = deployment.router.info(&watch.matched) else {
            return;
        };
        let perhaps_search = outcome.dynamic == Some(DynamicReason::SearchParams) && info.kind == RouteKind::Page;
        if perhaps_search {
            outcome.dynamic = None;
        }
        let verdict = verdict::judge(
            self.status,
            &self.headers,
            &outcome,
            info,
            deployment.manifest.config.expire_time,
        );
        let shown = Shown {
            verdict,
            tags: outcome.tags.into(),
            perhaps_search,
        };
        deployment.seen.0.insert(watch.key, shown);
    }
}

impl PieceSource for Watched {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Piece, JobFailure>>> {
        let next = self.body.poll_next(context);
        if matches!(next, Poll::Ready(None)) {
            self.note();
        }
        next
    }

    fn take_complete(&mut self) -> Option<Bytes> {
        let complete = self.body.take_complete();
        if complete.is_some() {
            self.note();
        }
        complete
    }

    fn outcome(&self) -> Option<Outcome> {
        self.body.outcome()
    }
}
