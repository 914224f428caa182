//! Values that workers store: answers of `fetch`, results of `unstable_cache` and `use cache`. Workers that miss the same
//! key at once wait for the one that makes it.

use crate::deployment::Deployment;
use crate::url;
use bytes::Bytes;
use ironside_cache::{Content, Entry, Fill, Key, Landing, Lifetime, Lookup, ValueKind};
use ironside_model::route_table::{RouteId, RouteMatch};
use ironside_model::tag::check_tag;
use ironside_worker::wire::{CacheKind, JobKind};
use ironside_worker::{JobInfo, Reply};
use std::sync::Arc;
use std::time::Duration;

/// How long a worker waits for another one. Two jobs may wait for each other's values; this ends it.
fn patience(kind: CacheKind) -> Duration {
    match kind {
        CacheKind::Fetch | CacheKind::Function => Duration::from_secs(2),
        // Whole components, which may take their time.
        CacheKind::Directive => Duration::from_secs(10),
    }
}

const ROUNDS: usize = 2;

/// Answers `cache_get`.
pub(super) async fn get(deployment: &Deployment, job: &JobInfo, kind: CacheKind, key: Bytes, tags: Vec<String>) -> Reply {
    let patience = patience(kind);
    let key = key_of(deployment, kind, key);
    let soft_tags = soft_tags(deployment, job, tags);
    for _ in 0..ROUNDS {
        let landing = match deployment.cache.find(&key, &soft_tags).await {
            Lookup::Fresh(entry) => return fresh(&entry),
            Lookup::Stale { entry, permit, .. } => {
                let value = entry.value().cloned().unwrap_or_default();
                return Reply::Stale {
                    permit: permit.map(|permit| deployment.permits.keep(job, permit)),
                    value,
                };
            }
            Lookup::Miss { permit, .. } => {
                return Reply::Miss {
                    permit: Some(deployment.permits.keep(job, permit)),
                };
            }
            Lookup::Wait(ticket) => ticket.wait(patience).await,
        };
        match landing {
            Landing::Entry(entry) => return fresh(&entry),
            Landing::Permit(permit) => {
                return Reply::Miss {
                    permit: Some(deployment.permits.keep(job, permit)),
                };
            }
            Landing::Again => {}
            Landing::NotShared(_) | Landing::Failed | Landing::TimedOut => break,
        }
    }
    Reply::Miss { permit: None }
}

fn fresh(entry: &Arc<Entry>) -> Reply {
    match entry.value() {
        Some(value) => Reply::Fresh { value: value.clone() },
        None => Reply::Miss { permit: None },
    }
}

/// Answers `cache_set`. Without a permit nothing is stored: nobody could say what was invalidated while it was made. A permit
/// that is gone ended with its job, whose visitor has left: no fault of the worker's, which didn't know it yet.
pub(super) fn set(
    deployment: &Deployment,
    job: &JobInfo,
    permit: Option<u64>,
    (kind, key): (CacheKind, Bytes),
    tags: Vec<String>,
    lifetime: Lifetime,
    value: Bytes,
) -> Reply {
    let refused = |reason: &str| Reply::Refused {
        reason: reason.to_owned(),
    };
    let Some(number) = permit else {
        return refused("a value is stored with a permit only");
    };
    let Some(permit) = deployment.permits.take(job, number) else {
        return Reply::Done;
    };
    if *permit.key() != key_of(deployment, kind, key) {
        return refused("the permit is for another key");
    }
    if let Some(error) = tags.iter().find_map(|tag| check_tag(tag).err()) {
        return refused(&error.to_string());
    }
    // A copy of its own: the value is a part of a read buffer that would otherwise live as long.
    let content = Content::Value(Bytes::copy_from_slice(&value));
    permit.commit(Fill {
        content,
        tags: tags.into_iter().map(Into::into).collect(),
        lifetime,
    });
    Reply::Done
}

/// Results of `use cache` end with their build; those of `fetch` and `unstable_cache` don't.
fn key_of(deployment: &Deployment, kind: CacheKind, name: Bytes) -> Key {
    match kind {
        CacheKind::Fetch => Key::value(ValueKind::Fetch, name, None),
        CacheKind::Function => Key::value(ValueKind::Function, name, None),
        CacheKind::Directive => Key::value(ValueKind::Directive, name, Some(deployment.id.clone())),
    }
}

/// Tags of the page that asks, so that revalidating its path renews what it has fetched.
fn soft_tags(deployment: &Deployment, job: &JobInfo, tags: Vec<String>) -> Vec<Arc<str>> {
    // Of what is no route's there is the not-found page only.
    let route = match job.job.kind {
        JobKind::Proxy | JobKind::Control => None,
        _ => Some(job.job.route.map_or(RouteId::NOT_FOUND, RouteId)),
    };
    let matched = route.map(|route| RouteMatch {
        route,
        params: Vec::new(),
    });
    let router = &deployment.router;
    let implicit = matched.and_then(|matched| router.route_of(&matched).zip(router.info(&matched)));
    let implicit = implicit
        .map(|(route, info)| info.tags(route, &url::decoded(&job.job.path)))
        .unwrap_or_default();
    tags.into_iter().chain(implicit).map(Into::into).collect()
}
