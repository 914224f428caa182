//! Admits calls of Server Actions: the id has to be one that this build lets clients call, and the body must not be larger
//! than allowed, as far as its announced length tells; the phase after this one counts it while it comes. An unknown id
//! never reaches a worker.

use crate::deployment::Deployment;
use crate::exchange::{ActionCall, Exchange, Variant};
use crate::pipeline::Step;
use crate::rejection::Rejection;
use crate::site::Site;
use http::{HeaderName, Method, header};
use ironside_model::manifest::Manifest;
use std::time::Instant;

/// Names the action that a client calls.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("next-action");
/// Hex digits of an id.
const ID_LENGTH: usize = 42;

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    if !may_be_one(exchange) {
        return Step::Continue;
    }
    let manifest = &site.deployment.manifest;
    match admit(exchange, &site.deployment) {
        Ok(call) => {
            if let ActionCall::Fetch { id } = &call {
                exchange.notes.action = manifest.actions.get(id).map(|action| action.name.clone());
            }
            exchange.action = Some(call);
            exchange.called_at = Some(Instant::now());
            Step::Continue
        }
        Err(rejection) => Step::Reject(rejection),
    }
}

/// Whether a request could run an action: a post to a page with the header of a call, or with the body of a form that
/// carries fields of React's. One that asks for a payload as well is none (Next behaviour 1.7).
#[must_use]
pub fn may_be_one(exchange: &Exchange) -> bool {
    exchange.method == Method::POST
        && exchange.navigation.variant == Variant::Html
        && exchange.target.takes_actions()
        && (exchange.headers.contains_key(HEADER) || is_multipart(exchange))
}

fn is_multipart(exchange: &Exchange) -> bool {
    content_type(exchange).is_some_and(|value| {
        value
            .get(..19)
            .is_some_and(|start| start.eq_ignore_ascii_case("multipart/form-data"))
    })
}

fn content_type(exchange: &Exchange) -> Option<&str> {
    exchange
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
}

fn admit(exchange: &Exchange, deployment: &Deployment) -> Result<ActionCall, Rejection> {
    let call = match exchange.headers.get(HEADER) {
        Some(id) => {
            let id = id.to_str().map_err(|_| Rejection::BadActionId)?;
            check_id(id, &deployment.manifest)?;
            ActionCall::Fetch { id: id.to_owned() }
        }
        None => ActionCall::Form,
    };
    let urlencoded = content_type(exchange).is_some_and(|value| value.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if urlencoded {
        return Err(Rejection::UrlencodedAction);
    }
    let limit = body_limit(deployment, &call);
    let announced = exchange
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Rejection::action_too_large(&deployment.manifest, &call, limit));
    }
    Ok(call)
}

/// Whether an id is one that clients may call, wherever in a request it stands.
///
/// # Errors
/// [`Rejection::BadActionId`], [`Rejection::UnknownAction`].
pub(super) fn check_id(id: &str, manifest: &Manifest) -> Result<(), Rejection> {
    if id.len() != ID_LENGTH {
        return Err(Rejection::BadActionId);
    }
    match manifest.actions.get(id) {
        Some(action) if !action.reach.is_empty() => Ok(()),
        _ => Err(Rejection::UnknownAction),
    }
}

/// Most bytes of the body. Which action a form calls is in its body, so there the largest limit of all holds until that is
/// known.
pub(super) fn body_limit(deployment: &Deployment, call: &ActionCall) -> u64 {
    match call {
        ActionCall::Fetch { id } => deployment.manifest.action_body_limit(Some(id)),
        ActionCall::Form => deployment.largest_action_body,
    }
}
