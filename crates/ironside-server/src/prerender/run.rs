//! A build's rendering: plans every route, makes all answers at once as far as there are workers, and writes them down.

use super::index::ListedRecord;
use super::pack::{PackWriter, Packed};
use super::targets::{self, Planned, Target};
use crate::deployment::Deployment;
use crate::shared::fill::{self, Asked, Trouble};
use crate::shared::reason::Reason;
use crate::shared::{self, candidate};
use crate::site::Site;
use crate::work::Workers;
use ironside_cache::{Entry, Key, Landing, Lookup};
use ironside_model::manifest::PrerenderedFiles;
use ironside_model::route_table::RouteId;
use ironside_worker::{ErrorInfo, JobFailure};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How a build renders.
pub struct PrerenderOptions {
    /// The build folder, which gets the files.
    pub build_dir: PathBuf,
    /// Answers that are made at once.
    pub concurrency: usize,
    /// How long one may take.
    pub timeout: Duration,
    /// Told how many of how many are done.
    pub progress: Arc<dyn Fn(usize, usize) + Send + Sync>,
}

impl fmt::Debug for PrerenderOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PrerenderOptions")
            .field("build_dir", &self.build_dir)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Why nothing could be written.
#[derive(Debug, Error)]
#[error("prerendered answers can't be written")]
pub struct PrerenderError(#[from] io::Error);

/// What came of it.
#[derive(Debug)]
pub struct Prerendered {
    /// In the order of the manifest.
    pub routes: Vec<RouteReport>,
    /// The page for URLs that nothing answers, if there is one.
    pub not_found: Option<RouteReport>,
    /// What could not be made; the build has failed if there is anything.
    pub failures: Vec<Failure>,
    /// What was written.
    pub files: PrerenderedFiles,
    /// The size of the pack.
    pub bytes: u64,
    /// Values of `fetch` and the like that are part of it.
    pub values: usize,
}

/// How a route answers.
#[derive(Debug, Default, Clone)]
pub struct RouteReport {
    /// What was made, sorted by path.
    pub made: Vec<Made>,
    /// Why it, or some of it, is made for each request.
    pub dynamic: Option<Reason>,
    /// Parameters that were not listed are made on demand, and kept.
    pub on_demand: bool,
}

/// One answer that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its path.
    pub path: String,
    /// Its status.
    pub status: u16,
    /// Seconds until it is renewed.
    pub revalidate: Option<u64>,
    /// Seconds until it may not be served any more.
    pub expire: Option<u64>,
    /// Plain bytes of the body.
    pub bytes: usize,
}

/// Something that could not be made.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The path, or the route's pattern.
    pub path: String,
    /// What happened.
    pub message: String,
    /// What the server would tell a visitor of it; empty if there is none.
    pub digest: String,
    /// Where in the sources, innermost first; may be empty.
    pub stack: String,
}

impl Failure {
    pub(super) fn new(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            message: message.into(),
            digest: String::new(),
            stack: String::new(),
        }
    }

    fn thrown(site: &Site, path: &str, error: &ErrorInfo) -> Self {
        let places = &site.deployment.stack_places;
        Self {
            path: path.to_owned(),
            message: places.translated(&error.message).into_owned(),
            digest: error.digest.clone(),
            stack: places.translated(&error.stack).into_owned(),
        }
    }

    pub(super) fn of_job(site: &Site, path: &str, what: &str, failure: &JobFailure) -> Self {
        match failure {
            JobFailure::Thrown(error) => Self::thrown(site, path, error),
            other => Self::new(path, format!("{what}: {other}")),
        }
    }
}

/// What one target came to.
enum End {
    Made(Key, Arc<Entry>, Packed),
    Dynamic(Key, Reason),
    Failed(Failure),
}

/// See the module's documentation. The deployment's cache ends up with what was read.
///
/// # Errors
/// When the files can't be written. What fails in the application is part of the result.
pub async fn prerender(
    deployment: Arc<Deployment>,
    workers: impl Workers,
    options: PrerenderOptions,
) -> Result<Prerendered, PrerenderError> {
    let site = Site {
        workers: Arc::new(workers),
        ..Site::unattended(deployment)?
    };
    let mut pack = PackWriter::create(&options.build_dir, &site.deployment.id)?;
    let mut failures = Vec::new();
    let mut routes = Vec::new();
    let mut targets = Vec::new();
    for (index, planned) in plan_all(&site, options.timeout).await.into_iter().enumerate() {
        let planned = planned.unwrap_or_else(|failure| {
            failures.push(failure);
            Planned::default()
        });
        if let Some(sets) = planned.listed {
            let route = u32::try_from(index).unwrap_or(u32::MAX);
            pack.listed(ListedRecord { route, sets });
        }
        targets.extend(planned.targets);
        routes.push(RouteReport {
            made: Vec::new(),
            dynamic: planned.dynamic,
            on_demand: planned.on_demand,
        });
    }
    let mut not_found = targets::plan_not_found(&site).map(|planned| {
        targets.extend(planned.targets);
        RouteReport {
            dynamic: planned.dynamic,
            ..RouteReport::default()
        }
    });
    let (total, mut done) = (targets.len(), 0);
    (options.progress)(done, total);
    let mut running = start(&site, targets, &options);
    while let Some(ended) = running.join_next().await {
        let (route, end) = ended.map_err(io::Error::other)?;
        done += 1;
        (options.progress)(done, total);
        let report = if route == RouteId::NOT_FOUND.0 {
            not_found.as_mut()
        } else {
            usize::try_from(route).ok().and_then(|route| routes.get_mut(route))
        };
        match end {
            (_, End::Failed(failure)) => failures.push(failure),
            (_, End::Dynamic(key, reason)) => {
                pack.dynamic(&key, reason);
                if let Some(report) = report {
                    report.dynamic.get_or_insert(reason);
                }
            }
            (path, End::Made(key, entry, packed)) => {
                pack.answer(&key, &entry, &packed)?;
                if let (Some(report), Some(answer)) = (report, entry.answer()) {
                    report.made.push(Made {
                        path,
                        status: answer.status,
                        revalidate: entry.lifetime.revalidate,
                        expire: entry.lifetime.expire,
                        bytes: answer.body.identity().len(),
                    });
                }
            }
        }
    }
    for report in &mut routes {
        report.made.sort_by(|a, b| a.path.cmp(&b.path));
    }
    failures.sort_by(|a, b| a.path.cmp(&b.path));
    let mut values = 0;
    for (key, entry) in site.deployment.cache.stored_entries() {
        if entry.value().is_some() {
            pack.value(&key, &entry)?;
            values += 1;
        }
    }
    let bytes = pack.bytes();
    let files = pack.finish()?;
    Ok(Prerendered {
        routes,
        not_found,
        failures,
        files,
        bytes,
        values,
    })
}

/// Plans all routes at once; in their order.
pub(super) async fn plan_all(site: &Site, timeout: Duration) -> Vec<Result<Planned, Failure>> {
    let manifest = site.deployment.manifest.clone();
    let plans = manifest.routes.iter().enumerate().map(|(index, route)| async move {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        targets::plan(site, index, route, timeout).await
    });
    futures_util::future::join_all(plans).await
}

type Ended = (u32, (String, End));

fn start(site: &Site, targets: Vec<Target>, options: &PrerenderOptions) -> JoinSet<Ended> {
    let places = Arc::new(Semaphore::new(options.concurrency.max(1)));
    let mut running = JoinSet::new();
    for target in targets {
        let (site, places, timeout) = (site.clone(), places.clone(), options.timeout);
        running.spawn(async move {
            let place = places.acquire_owned().await;
            let (route, path) = (target.route, target.path.clone());
            let made = tokio::time::timeout(timeout, make(&site, &target)).await;
            drop(place);
            let end = match made {
                Ok(end) => end,
                Err(_) => End::Failed(Failure::new(&path, format!("it took longer than {} s", timeout.as_secs()))),
            };
            (route, (path, end))
        });
    }
    running
}

async fn make(site: &Site, target: &Target) -> End {
    let key = candidate::key(&site.deployment, &target.matched, target.kind);
    let Lookup::Miss { permit, .. } = site.deployment.cache.lookup(&key, &[]) else {
        return End::Failed(Failure::new(&target.path, "it is made twice"));
    };
    let asked = Asked::by_build(&target.path);
    let filled = fill::make(site.clone(), target.matched.clone(), target.kind, asked, permit).await;
    match (filled.landing, filled.trouble) {
        (Landing::Entry(entry), _) => {
            let (compressed, packing) = (site.deployment.manifest.config.compress, entry.clone());
            let packed = tokio::task::spawn_blocking(move || packing.answer().map(|answer| Packed::new(answer, compressed)));
            match packed.await {
                Ok(Some(packed)) => End::Made(key, entry, packed),
                _ => End::Failed(Failure::new(&target.path, "its answer could not be packed")),
            }
        }
        (_, Some(Trouble::Thrown(error))) => End::Failed(Failure::thrown(site, &target.path, &error)),
        (_, Some(Trouble::Job(failure))) => End::Failed(Failure::of_job(site, &target.path, "its job failed", &failure)),
        (_, Some(trouble)) => End::Failed(Failure::new(&target.path, trouble.to_string())),
        (Landing::NotShared(reason), None) => End::Dynamic(key, shared::not_shared(&reason)),
        (_, None) => End::Failed(Failure::new(&target.path, "it ended without an answer")),
    }
}
