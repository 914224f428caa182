//! Whether the answer to a request may be shared, as far as it can be told before the work: a pure decision.

use super::reason::Reason;
use crate::deployment::Deployment;
use crate::draft;
use crate::exchange::Exchange;
use crate::routes::Sharing;
use ironside_cache::{Key, Params};
use ironside_model::route_table::RouteMatch;
use ironside_worker::wire::JobKind;
use std::sync::Arc;

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storable {
    /// It may be, under this key.
    Candidate(Key),
    /// It may not, and why.
    Bypass(Reason),
}

/// Decides.
#[must_use]
pub fn storable(exchange: &Exchange, deployment: &Deployment, matched: &RouteMatch, kind: JobKind) -> Storable {
    if deployment.development {
        return Storable::Bypass(Reason::Development);
    }
    in_production(exchange, deployment, matched, kind)
}

/// What [`storable`] says where answers are shared.
#[must_use]
pub fn in_production(exchange: &Exchange, deployment: &Deployment, matched: &RouteMatch, kind: JobKind) -> Storable {
    let Some(info) = deployment.router.info(matched) else {
        return Storable::Bypass(Reason::NoRoute);
    };
    if let Sharing::Never(reason) = info.sharing {
        return Storable::Bypass(reason);
    }
    if draft::is_on(&exchange.headers, deployment.draft_id.as_deref()) {
        return Storable::Bypass(Reason::Draft);
    }
    let key = key(deployment, matched, kind);
    match deployment.known_dynamic.why(&key) {
        Some(reason) => Storable::Bypass(reason),
        None => Storable::Candidate(key),
    }
}

/// The key of a matched route's answer.
#[must_use]
pub fn key(deployment: &Deployment, matched: &RouteMatch, kind: JobKind) -> Key {
    let params = if matched.params.is_empty() {
        // All of these share one.
        Arc::default()
    } else {
        params(matched)
    };
    let (deployment, route) = (deployment.id.clone(), matched.route.0);
    if kind == JobKind::Page {
        Key::Page {
            deployment,
            route,
            params,
            from: None,
        }
    } else {
        Key::Handler {
            deployment,
            route,
            params,
        }
    }
}

fn params(matched: &RouteMatch) -> Params {
    let values = matched.params.iter().map(|param| {
        let values = param.values.iter().map(|value| canonical(value)).collect();
        (param.name.as_str().into(), values)
    });
    values.collect()
}

/// Parameters come from a canonical path, but those of a place that was navigated from come from a header.
fn canonical(value: &str) -> Box<str> {
    ironside_model::pattern::canonical_segment(value).as_ref().into()
}
