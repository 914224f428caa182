//! Answers that are shared by everybody who asks: static pages, static route handlers, metadata files.
//!
//! Whether a page is static is not known before it has been rendered. So a candidate is rendered once for nobody in
//! particular ([`crate::job::for_everybody`]), and what comes out is stored if nothing of a request was asked for. All who
//! come meanwhile wait for that one render. If it turns out to read the request, the key is remembered as dynamic, and
//! everybody is rendered for from then on, streamed.
//!
//! The first visitor's answer is not streamed from the shared render: its `cache-control` has to be right, which only the
//! end of the render tells, and nobody's cookies may be near something that others will see.

pub mod candidate;
pub mod fill;
pub mod header;
pub mod known_dynamic;
pub mod reason;
pub mod seen;
pub mod serve;
pub mod verdict;

use crate::exchange::Exchange;
use crate::response::Answer;
use crate::site::Site;
use candidate::Storable;
use ironside_cache::{Entry, Key, Landing, Lookup, Permit, Tag};
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;
use reason::{Reason, Told};
use serve::Served;
use std::sync::Arc;
use std::time::Duration;

/// How long a visitor waits for a shared render before one of his own is begun.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a visitor waits: constant invalidation must not starve him.
const ROUNDS: usize = 2;

/// What there is for a visitor.
#[derive(Debug)]
pub enum Shared {
    /// An answer.
    Found {
        /// It.
        entry: Arc<Entry>,
        /// How it came about.
        state: State,
    },
    /// Nothing: do the work for this visitor.
    Nothing,
}

/// How a shared answer came about: the word in `x-nextjs-cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was there.
    Hit,
    /// It was made just now.
    Miss,
    /// It was there and is being renewed.
    Stale,
}

impl State {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Stale => "STALE",
        }
    }
}

/// A shared answer, how it came about and why so.
type Answered = (Arc<Entry>, State, Told);

/// Looks for a shared answer, and has it made if there may be one.
pub async fn find(exchange: &mut Exchange, site: &Site, matched: &RouteMatch, kind: JobKind) -> Shared {
    let found = match candidate::storable(exchange, &site.deployment, matched, kind) {
        Storable::Candidate(key) => look(exchange, site, matched, kind, &key).await,
        Storable::Bypass(reason) => Err(reason),
    };
    let (entry, told) = match found {
        Ok((entry, state, told)) => (Some((entry, state)), told),
        Err(reason) => (None, reason.into()),
    };
    tell(
        exchange,
        site,
        (matched, kind),
        told,
        entry.as_ref().map(|(entry, _)| &**entry),
    );
    match entry {
        Some((entry, state)) => Shared::Found { entry, state },
        None => Shared::Nothing,
    }
}

/// An answer from what is in memory and fresh, if `serve` can make it at once. If not, nothing has been begun or counted: [`find`]
/// does that.
pub fn hit(
    exchange: &mut Exchange,
    site: &Site,
    matched: &RouteMatch,
    kind: JobKind,
    serve: impl FnOnce(&Exchange, &Entry) -> Served,
) -> Option<Answer> {
    let Storable::Candidate(key) = candidate::storable(exchange, &site.deployment, matched, kind) else {
        return None;
    };
    let entry = site.deployment.cache.hit(&key)?;
    let Served::Answer(answer) = serve(exchange, &entry) else {
        return None;
    };
    tell(exchange, site, (matched, kind), Reason::Fresh.into(), Some(&entry));
    Some(answer)
}

/// The answer that `serve` makes of an entry, when the encoding that it takes has been made.
pub async fn served(entry: &Arc<Entry>, serve: impl Fn(&Entry) -> Served) -> Option<Answer> {
    let mut served = serve(entry);
    if let Served::Unencoded(part, encoding) = served {
        serve::encode(Arc::clone(entry), part, encoding).await;
        served = serve(entry);
    }
    match served {
        Served::Answer(answer) => Some(answer),
        Served::Unencoded(..) | Served::Nothing => None,
    }
}

/// Notes what came of looking, for the log, the metric and the header.
fn tell(exchange: &mut Exchange, site: &Site, (matched, kind): (&RouteMatch, JobKind), told: Told, entry: Option<&Entry>) {
    site.house.metrics.pages.count(told.reason.word());
    if site.deployment.tells_cache {
        let edit = header::telling(exchange, site, matched, kind, &told, entry);
        exchange.edits.push(edit);
    }
    exchange.notes.cache = Some(told);
}

async fn look(exchange: &Exchange, site: &Site, matched: &RouteMatch, kind: JobKind, key: &Key) -> Result<Answered, Reason> {
    for _ in 0..ROUNDS {
        let mut told = Told::from(Reason::Waited);
        let landing = match site.deployment.cache.find(key, &[]).await {
            Lookup::Fresh(entry) => return Ok((entry, State::Hit, Reason::Fresh.into())),
            Lookup::Stale { entry, permit, reason } => {
                renew(exchange, site, matched, kind, permit);
                return Ok((entry, State::Stale, reason.into()));
            }
            Lookup::Miss { permit, reason } => {
                told = reason.into();
                Box::pin(begin(exchange, site, matched, kind, permit)).await
            }
            Lookup::Wait(ticket) => Box::pin(ticket.wait(PATIENCE)).await,
        };
        let landing = match landing {
            Landing::Permit(permit) => Box::pin(begin(exchange, site, matched, kind, permit)).await,
            landing => landing,
        };
        match landing {
            Landing::Entry(entry) => return Ok((entry, State::Miss, told)),
            Landing::Again | Landing::Permit(_) => {}
            Landing::NotShared(word) => return Err(not_shared(&word)),
            Landing::Failed => return Err(Reason::FillFailed),
            Landing::TimedOut => return Err(Reason::FillSlow),
        }
    }
    Err(Reason::Invalidated)
}

/// The reason that a fill gave up with.
pub(crate) fn not_shared(word: &Tag) -> Reason {
    Reason::of(word).unwrap_or(Reason::Dynamic)
}

/// Does the work that a permit asks for, and waits for it. The work goes on if the visitor leaves: others may wait for it.
async fn begin(exchange: &Exchange, site: &Site, matched: &RouteMatch, kind: JobKind, permit: Permit) -> Landing {
    let filling = site.house.tasks.spawn(fill::fill(
        site.clone(),
        matched.clone(),
        kind,
        fill::Asked::by(exchange, matched),
        permit,
    ));
    match tokio::time::timeout(PATIENCE, filling).await {
        Ok(landing) => landing.unwrap_or(Landing::Failed),
        Err(_) => Landing::TimedOut,
    }
}

/// Renews in the background, if there is room for that.
fn renew(exchange: &Exchange, site: &Site, matched: &RouteMatch, kind: JobKind, permit: Option<Permit>) {
    let Some(permit) = permit else { return };
    let Ok(place) = site.house.renewals.clone().try_acquire_owned() else {
        return;
    };
    let filling = fill::fill(
        site.clone(),
        matched.clone(),
        kind,
        fill::Asked::by(exchange, matched),
        permit,
    );
    site.house.tasks.spawn(async move {
        let _ = filling.await;
        drop(place);
    });
}
