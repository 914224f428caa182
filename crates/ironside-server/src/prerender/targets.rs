//! What a build has to render: every route whose answer may be shared, with the parameters that `generateStaticParams` gives.

use super::path::path_of;
use super::run::Failure;
use crate::not_found_page;
use crate::routes::Sharing;
use crate::shared::reason::Reason;
use crate::site::Site;
use crate::work::Done;
use ironside_model::manifest::{PatternPart, Route, RouteKind};
use ironside_model::route_table::{RouteId, RouteMatch};
use ironside_worker::wire::{JobKind, ParamKind};
use ironside_worker::{Job, JobBody, JobFailure, Param, Piece};
use serde::Deserialize;
use std::time::Duration;

/// The route's place in the manifest.
type Index = u32;

/// One answer that is to be made.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) route: Index,
    pub(super) kind: JobKind,
    pub(super) path: String,
    pub(super) matched: RouteMatch,
}

/// What is known of a route before anything is rendered.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) targets: Vec<Target>,
    /// Why nothing is rendered.
    pub(super) dynamic: Option<Reason>,
    /// Parameters are made on demand as well.
    pub(super) on_demand: bool,
    /// For routes that answer no others: values in the order of the pattern.
    pub(super) listed: Option<Vec<Vec<Vec<String>>>>,
}

/// What a worker answers.
#[derive(Debug, Deserialize)]
struct StaticParams {
    sets: Vec<Vec<WireParam>>,
}

#[derive(Debug, Deserialize)]
struct WireParam {
    name: String,
    values: Vec<String>,
    kind: String,
}

/// Whether a worker has to be asked for the route's parameters.
fn has_params(route: &Route) -> bool {
    route.pattern.iter().any(|part| !matches!(part, PatternPart::Static(_)))
}

/// Whether parameters that `generateStaticParams` does not list are 404. `dynamicParams = false` says so of a list: without one,
/// and without `force-static`, the route is dynamic and answers them all (Next behaviour 5.57).
fn answers_listed_only(route: &Route) -> bool {
    let may_have_list =
        route.static_params || route.kind == RouteKind::Metadata || route.config.dynamic.as_deref() == Some("force-static");
    may_have_list && has_params(route) && route.config.dynamic_params == Some(false) && route.intercepts_from.is_none()
}

/// Plans the not-found page; nothing if the application has none.
pub(super) fn plan_not_found(site: &Site) -> Option<Planned> {
    let page = site.deployment.router.not_found.as_ref()?;
    let target = Target {
        route: RouteId::NOT_FOUND.0,
        kind: JobKind::Page,
        path: not_found_page::PATH.to_owned(),
        matched: RouteMatch::NOT_FOUND,
    };
    Some(match page.info.sharing {
        Sharing::Never(reason) => Planned {
            dynamic: Some(reason),
            ..Planned::default()
        },
        Sharing::Candidate => Planned {
            targets: vec![target],
            ..Planned::default()
        },
    })
}

/// Plans one route.
pub(super) async fn plan(site: &Site, index: Index, route: &Route, timeout: Duration) -> Result<Planned, Failure> {
    let position = usize::try_from(index).unwrap_or(usize::MAX);
    let Some(info) = site.deployment.router.routes.get(position) else {
        return Ok(Planned::default());
    };
    let closed = answers_listed_only(route);
    let may_share = info.sharing == Sharing::Candidate;
    let mut planned = Planned {
        dynamic: match info.sharing {
            Sharing::Never(reason) => Some(reason),
            Sharing::Candidate => None,
        },
        ..Planned::default()
    };
    if !may_share && !closed {
        return Ok(planned);
    }
    let sets = if has_params(route) {
        planned.on_demand = !closed;
        // Where nothing lists parameters, all of them are made on demand.
        if !closed && !route.static_params && route.kind != RouteKind::Metadata {
            return Ok(planned);
        }
        let asked = tokio::time::timeout(timeout, static_params(site, index)).await;
        let timed_out = || {
            Failure::new(
                &route.path,
                format!("generateStaticParams took longer than {} s", timeout.as_secs()),
            )
        };
        asked
            .map_err(|_| timed_out())?
            .map_err(|failure| Failure::of_job(site, &route.path, "generateStaticParams", &failure))?
    } else {
        vec![Vec::new()]
    };
    let kind = match route.kind {
        RouteKind::Page => JobKind::Page,
        RouteKind::Metadata => JobKind::Metadata,
        _ => JobKind::Handler,
    };
    let router = &site.deployment.router;
    let targets = sets.iter().filter_map(|set| {
        let path = path_of(&route.pattern, set)?;
        // A path that another route answers is that route's: `/blog/new` beside `/blog/[slug]`.
        let matched = router.matching(&path).filter(|matched| matched.route.0 == index)?;
        Some(Target {
            route: index,
            kind,
            path,
            matched,
        })
    });
    let targets: Vec<Target> = targets.collect();
    if closed {
        let own = route.pattern.iter().filter(|part| part.param().is_some()).count();
        let values = |target: &Target| {
            let canonical = |value: &String| ironside_model::pattern::canonical_segment(value).into_owned();
            let own = target.matched.params.iter().take(own);
            own.map(|param| param.values.iter().map(canonical).collect()).collect()
        };
        planned.listed = Some(targets.iter().map(values).collect());
    }
    if may_share {
        planned.targets = targets;
    }
    Ok(planned)
}

async fn static_params(site: &Site, route: Index) -> Result<Vec<Vec<Param>>, JobFailure> {
    let mut job = Job::new(JobKind::Control);
    job.target = "static-params".to_owned();
    job.route = Some(route);
    job.request_id = "build".to_owned();
    let nothing = || JobFailure::Aborted;
    let Done::Response { mut body, .. } = site.workers.run(job, JobBody::Empty).await? else {
        return Err(nothing());
    };
    let mut text = body.take_complete().map(|bytes| bytes.to_vec()).unwrap_or_default();
    if text.is_empty() {
        while let Some(piece) = body.next().await {
            if let Piece::Body(bytes) = piece? {
                text.extend_from_slice(&bytes);
            }
        }
    }
    let found: StaticParams = serde_json::from_slice(&text).map_err(|_| nothing())?;
    let param = |param: WireParam| Param {
        name: param.name,
        values: param.values,
        kind: match param.kind.as_str() {
            "c" => ParamKind::CatchAll,
            "oc" => ParamKind::OptionalCatchAll,
            _ => ParamKind::Dynamic,
        },
    };
    Ok(found
        .sets
        .into_iter()
        .map(|set| set.into_iter().map(param).collect())
        .collect())
}
