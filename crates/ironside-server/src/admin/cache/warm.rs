//! Making answers before visitors ask for them: which are known, and one of them.

use super::Refusal;
use super::explain::{self, Explanation, job_kind};
use crate::not_found_page;
use crate::pipeline::{self, Reached};
use crate::prerender;
use crate::shared::candidate::{self, Storable};
use crate::shared::fill::{self, Asked};
use crate::shared::{self, reason::Reason};
use crate::site::Site;
use crate::target::Target as Answering;
use ironside_cache::{Key, Landing, Lookup, Permit};
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// How long `generateStaticParams` of a route, or a fill that is under way, may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What can be made beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Targets {
    /// Static routes, and those of `generateStaticParams`.
    pub targets: Vec<Target>,
    /// Routes whose answers are for one visitor each.
    pub dynamic: Vec<DynamicRoute>,
    /// Routes whose parameters nobody lists: what is asked for is made and kept.
    pub on_demand: Vec<String>,
    /// Routes that could not be asked for their parameters.
    pub failures: Vec<Trouble>,
}

/// An answer that can be made beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its path, without `basePath`.
    pub path: String,
    /// The route's pattern.
    pub route: String,
}

/// A route that is dynamic as it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicRoute {
    /// The route's pattern.
    pub route: String,
    /// The word of the reason.
    pub reason: String,
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A path or a route.
    pub path: String,
    /// What happened.
    pub message: String,
}

/// What is to be made. One of both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fill {
    /// What a visitor would ask for.
    pub url: Option<String>,
    /// The path of a [`Target`].
    pub path: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// The URL or path.
    pub url: String,
    /// How it went.
    pub how: FilledHow,
    /// The word of the reason, where it has one.
    pub reason: Option<String>,
    /// What failed, or what it is that can't be made.
    pub message: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// How long it took.
    pub millis: u64,
}

/// How making an answer went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilledHow {
    /// It was made and stored.
    Filled,
    /// It was there.
    Present,
    /// It is for one visitor each.
    Dynamic,
    /// It failed.
    Failed,
    /// The URL is nothing that can be stored: a redirect, a file, nothing.
    Other,
}

pub(super) async fn targets(site: &Site) -> Targets {
    let known = prerender::known(site, PATIENCE).await;
    let dynamic = known.dynamic.into_iter().map(|(route, reason)| DynamicRoute {
        route,
        reason: reason.word().to_owned(),
    });
    let trouble = |failure: prerender::Failure| Trouble {
        path: failure.path,
        message: failure.message,
    };
    Targets {
        targets: known.paths.into_iter().map(|(path, route)| Target { path, route }).collect(),
        dynamic: dynamic.collect(),
        on_demand: known.on_demand,
        failures: known.failures.into_iter().map(trouble).collect(),
    }
}

/// What is to be made, found.
struct Found {
    matched: RouteMatch,
    kind: JobKind,
    key: Key,
    asked: Asked,
}

/// Why nothing is made.
enum Unfit {
    Dynamic(Reason),
    Other(String),
}

pub(super) async fn fill(site: &Site, asked: Fill) -> Result<Filled, Refusal> {
    let began = Instant::now();
    let (url, found) = match (asked.url, asked.path) {
        (Some(url), None) => {
            let found = by_url(site, &url)?;
            (url, found)
        }
        (None, Some(path)) => {
            let found = by_path(site, &path);
            (path, found)
        }
        _ => return Err(Refusal::new("it isn't said what is to be made").hint("give a url or a path")),
    };
    let mut filled = Filled {
        url,
        how: FilledHow::Other,
        reason: None,
        message: None,
        status: None,
        millis: 0,
    };
    match found {
        Ok(found) => make(site, found, &mut filled).await,
        Err(Unfit::Dynamic(reason)) => filled.is_dynamic(reason),
        Err(Unfit::Other(about)) => filled.message = Some(about),
    }
    filled.millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(filled)
}

impl Filled {
    fn is_dynamic(&mut self, reason: Reason) {
        self.how = FilledHow::Dynamic;
        self.reason = Some(reason.word().to_owned());
        self.message = Some(reason.about().to_owned());
    }

    fn is_there(&mut self, how: FilledHow, entry: &ironside_cache::Entry) {
        self.how = how;
        self.status = entry.answer().map(|answer| answer.status);
    }

    fn has_failed(&mut self, message: impl Into<String>) {
        self.how = FilledHow::Failed;
        self.message = Some(message.into());
    }
}

fn by_path(site: &Site, path: &str) -> Result<Found, Unfit> {
    let matched = match path {
        not_found_page::PATH => Some(RouteMatch::NOT_FOUND),
        path => site.deployment.router.matching(path),
    };
    let Some(matched) = matched else {
        return Err(Unfit::Other("no route answers it".to_owned()));
    };
    let Some(info) = site.deployment.router.info(&matched) else {
        return Err(Unfit::Other("no route answers it".to_owned()));
    };
    if let crate::routes::Sharing::Never(reason) = info.sharing {
        return Err(Unfit::Dynamic(reason));
    }
    let kind = job_kind(info);
    let key = candidate::key(&site.deployment, &matched, kind);
    // What is known to be dynamic is not tried: it has been.
    if let Some(reason) = site.deployment.known_dynamic.why(&key) {
        return Err(Unfit::Dynamic(reason));
    }
    Ok(Found {
        asked: Asked::by_operator(path),
        matched,
        kind,
        key,
    })
}

fn by_url(site: &Site, url: &str) -> Result<Result<Found, Unfit>, Refusal> {
    let asked = Explanation {
        url: url.to_owned(),
        ..Explanation::default()
    };
    let mut exchange = explain::request(site, &asked)?;
    let other = |about: &str| Ok(Err(Unfit::Other(about.to_owned())));
    match pipeline::reach(&mut exchange, site).0 {
        Reached::Answered(_, answer) if answer.response.status().is_redirection() => return other("it is a redirect"),
        Reached::Answered(..) | Reached::Refused(..) => return other("the server refuses it"),
        Reached::Target => {}
    }
    let matched = match exchange.target.clone() {
        Answering::Page(matched) | Answering::Handler(matched) | Answering::Metadata(matched) => matched,
        Answering::MetadataFile(_) | Answering::PublicFile(_) | Answering::Asset { .. } => return other("it is a file"),
        Answering::Outside(_) => return other("another site answers it"),
        Answering::NotFound | Answering::MissingAsset => return other("nothing answers it"),
    };
    let Some(info) = site.deployment.router.info(&matched) else {
        return other("no route answers it");
    };
    if site.deployment.listed.excludes(&matched) {
        return other("dynamicParams = false, and generateStaticParams does not list it");
    }
    let kind = job_kind(info);
    Ok(match candidate::storable(&exchange, &site.deployment, &matched, kind) {
        Storable::Bypass(reason) => Err(Unfit::Dynamic(reason)),
        Storable::Candidate(key) => Ok(Found {
            asked: Asked::by(&exchange, &matched),
            matched,
            kind,
            key,
        }),
    })
}

async fn make(site: &Site, found: Found, filled: &mut Filled) {
    let landing = match site.deployment.cache.find(&found.key, &[]).await {
        Lookup::Fresh(entry) => return filled.is_there(FilledHow::Present, &entry),
        Lookup::Stale { entry, permit: None, .. } => return filled.is_there(FilledHow::Present, &entry),
        Lookup::Stale {
            permit: Some(permit), ..
        }
        | Lookup::Miss { permit, .. } => return run(site, found, permit, filled).await,
        Lookup::Wait(ticket) => ticket.wait(PATIENCE).await,
    };
    match landing {
        Landing::Entry(entry) => filled.is_there(FilledHow::Filled, &entry),
        Landing::Permit(permit) => run(site, found, permit, filled).await,
        Landing::NotShared(word) => filled.is_dynamic(shared::not_shared(&word)),
        Landing::Again => filled.has_failed("it was invalidated while it was made"),
        Landing::Failed => filled.has_failed("the render of a visitor who asked for it at the same time failed"),
        Landing::TimedOut => filled.has_failed("it took too long"),
    }
}

async fn run(site: &Site, found: Found, permit: Permit, filled: &mut Filled) {
    // On its own, so that it ends in order if whoever asked is gone: others may wait for it.
    let making = fill::make(site.clone(), found.matched, found.kind, found.asked, permit);
    let Ok(made) = site.house.tasks.spawn(making).await else {
        return filled.has_failed("it broke off");
    };
    match (made.landing, made.trouble) {
        (Landing::Entry(entry), _) => filled.is_there(FilledHow::Filled, &entry),
        (Landing::NotShared(word), _) => filled.is_dynamic(shared::not_shared(&word)),
        (_, Some(trouble)) => filled.has_failed(trouble.to_string()),
        (_, None) => filled.has_failed("it ended without an answer"),
    }
}
