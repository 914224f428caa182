//! The same list of what there is to render, for a server that runs: it can make it anew.

use super::run::{Failure, plan_all};
use super::targets::plan_not_found;
use crate::not_found_page;
use crate::shared::reason::Reason;
use crate::site::Site;
use std::time::Duration;

/// What is known to a build or a server without anybody asking for it.
#[derive(Debug, Default)]
pub struct Known {
    /// Paths with the patterns of their routes.
    pub paths: Vec<(String, String)>,
    /// Patterns of routes that are made for each request, and why.
    pub dynamic: Vec<(String, Reason)>,
    /// Patterns of routes whose parameters are not all listed.
    pub on_demand: Vec<String>,
    /// Routes whose `generateStaticParams` failed.
    pub failures: Vec<Failure>,
}

/// Asks every route for its parameters. `timeout`: for one route.
pub async fn known(site: &Site, timeout: Duration) -> Known {
    let mut known = Known::default();
    let routes = &site.deployment.manifest.routes;
    for (route, planned) in routes.iter().zip(plan_all(site, timeout).await) {
        let planned = match planned {
            Ok(planned) => planned,
            Err(failure) => {
                known.failures.push(failure);
                continue;
            }
        };
        let paths = planned.targets.into_iter().map(|target| (target.path, route.path.clone()));
        known.paths.extend(paths);
        if let Some(reason) = planned.dynamic.filter(|reason| *reason != Reason::File) {
            known.dynamic.push((route.path.clone(), reason));
        }
        if planned.on_demand {
            known.on_demand.push(route.path.clone());
        }
    }
    if let Some(planned) = plan_not_found(site) {
        let pattern = || not_found_page::PATH.to_owned();
        known
            .paths
            .extend(planned.targets.into_iter().map(|target| (target.path, pattern())));
        known.dynamic.extend(planned.dynamic.map(|reason| (pattern(), reason)));
    }
    known
}
