//! Refuses what another site posts, where an action could run. The decision itself is [`crate::csrf::verify`].

use super::action;
use crate::csrf;
use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::rejection::Rejection;
use crate::site::Site;

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    if !action::may_be_one(exchange) {
        return Step::Continue;
    }
    // What the proxy adds or takes away says nothing about where the request comes from.
    let sent = exchange.client_headers.as_deref().unwrap_or(&exchange.headers);
    match csrf::verify(sent, &exchange.client.authority, &site.deployment.origins) {
        Ok(_) => Step::Continue,
        Err(refused) => Step::Reject(Rejection::Csrf(refused)),
    }
}
