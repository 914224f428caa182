//! Reads the body of an action's request to its end and lets [`ironside_flight`] look at it, before a worker is given a byte
//! of it. What passes goes on as it came. See `docs/design/flight-firewall.md`.

use crate::exchange::{ActionCall, Exchange};
use crate::phase::action;
use crate::pipeline::Step;
use crate::received_body::ReceivedBody;
use crate::rejection::Rejection;
use crate::site::Site;
use bytes::Bytes;
use http::header;
use ironside_flight::{Admitted, Boundary, Firewall, Marker, Refusal};

/// Bodies up to this size are looked at in a fraction of a millisecond.
const SMALL: u64 = 64 * 1024;

/// See the module's documentation.
pub async fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let Some(call) = exchange.action.clone() else {
        return Step::Continue;
    };
    match check(exchange, site, &call).await {
        Ok(()) => Step::Continue,
        Err(rejection) => Step::Reject(rejection),
    }
}

/// The body is read, looked at, and put back.
async fn check(exchange: &mut Exchange, site: &Site, call: &ActionCall) -> Result<(), Rejection> {
    if exchange.body.is_lost() {
        return Err(Rejection::ProxyBodyTooLarge);
    }
    let mut firewall = firewall(exchange, site, call)?;
    let limits = &site.house.limits;
    let mut kept = ReceivedBody::new(action::body_limit(&site.deployment, call), site.house.action_room.clone());
    let reading = read(exchange, &mut firewall, &mut kept);
    tokio::time::timeout(limits.action_upload, reading)
        .await
        .map_err(|_| Rejection::UploadTooSlow)?
        .map_err(|rejection| named(rejection, site, call))?;
    let length = kept.length();
    let (pieces, room) = kept.into_pieces();
    let (admitted, pieces) = finish(firewall, pieces, length).await?;
    check_ids(exchange, site, &admitted, length)?;
    exchange.body.give_back(pieces, room);
    Ok(())
}

/// Takes milliseconds for the largest bodies, which must not hold up the requests of others.
async fn finish(firewall: Firewall, pieces: Vec<Bytes>, length: u64) -> Result<(Admitted, Vec<Bytes>), Rejection> {
    let look = move || firewall.finish(&pieces).map(|admitted| (admitted, pieces));
    let looked = if length <= SMALL {
        look()
    } else {
        let looking = tokio::task::spawn_blocking(look);
        // It ends only with the server.
        looking.await.map_err(|_| Rejection::Flight(Refusal::Truncated))?
    };
    looked.map_err(Rejection::Flight)
}

/// A body that is too large is refused in the form that its caller understands.
fn named(rejection: Rejection, site: &Site, call: &ActionCall) -> Rejection {
    match rejection {
        Rejection::BodyTooLarge { limit } => Rejection::action_too_large(&site.deployment.manifest, call, limit),
        other => other,
    }
}

fn firewall(exchange: &Exchange, site: &Site, call: &ActionCall) -> Result<Firewall, Rejection> {
    let mut types = exchange.headers.get_all(header::CONTENT_TYPE).iter();
    let content_type = match types.next() {
        Some(value) => value.to_str().map_err(|_| Rejection::Flight(Refusal::Boundary))?,
        None => "",
    };
    if types.next().is_some() {
        return Err(Rejection::Flight(Refusal::Boundary));
    }
    let budget = site.house.limits.flight.clone();
    let boundary = Boundary::of(content_type).map_err(Rejection::Flight)?;
    Ok(match (call, boundary) {
        (ActionCall::Form, Some(boundary)) => Firewall::form(&boundary, budget),
        (ActionCall::Form, None) => return Err(Rejection::Flight(Refusal::Boundary)),
        (ActionCall::Fetch { .. }, Some(boundary)) => Firewall::reply(&boundary, budget),
        (ActionCall::Fetch { .. }, None) => Firewall::text(budget),
    })
}

async fn read(exchange: &mut Exchange, firewall: &mut Firewall, kept: &mut ReceivedBody) -> Result<(), Rejection> {
    loop {
        match exchange.body.next().await {
            None => return Ok(()),
            Some(Ok(bytes)) => {
                firewall.feed(&bytes).map_err(Rejection::Flight)?;
                kept.push(bytes)?;
            }
            Some(Err(_)) => return Err(Rejection::Flight(Refusal::Truncated)),
        }
    }
}

/// Ids in the body, by the same list as the one in the header.
fn check_ids(exchange: &mut Exchange, site: &Site, admitted: &Admitted, length: u64) -> Result<(), Rejection> {
    let manifest = &site.deployment.manifest;
    let mut unknown = None;
    for id in &admitted.named {
        match action::check_id(id, manifest) {
            Err(Rejection::BadActionId) => return Err(Rejection::BadActionId),
            Err(rejection) => unknown = Some(rejection),
            Ok(()) => {}
        }
    }
    if let Some(rejection) = unknown {
        return Err(rejection);
    }
    if let Some(Marker::Id(id) | Marker::Described(id)) = &admitted.marker {
        exchange.notes.action = manifest.actions.get(id).map(|action| action.name.clone());
        exchange.notes.action_id = Some(id.clone());
    }
    if admitted.functions.iter().any(|id| action::check_id(id, manifest).is_err()) {
        return Err(Rejection::Flight(Refusal::UnknownFunction));
    }
    if let Some(Marker::Id(id) | Marker::Described(id)) = &admitted.marker {
        let limit = manifest.action_body_limit(Some(id));
        if length > limit {
            return Err(Rejection::FormTooLarge { limit });
        }
    }
    Ok(())
}
