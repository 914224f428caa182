//! Follows rewrites and finds what answers. See [`crate::router`].

use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::site::Site;
use crate::target::Target;

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    if let Some(external) = exchange.outside.take() {
        exchange.target = Target::Outside(Box::new(external));
        return Step::Continue;
    }
    let router = &site.deployment.router;
    match router.resolve(exchange.asked(), exchange.navigation.from.as_deref()) {
        Ok(resolved) => {
            exchange.notes.route = resolved
                .target
                .matched()
                .and_then(|matched| router.info(matched))
                .map(|info| info.path.clone());
            if resolved.rewritten.is_some() {
                exchange.rewritten = resolved.rewritten;
            }
            exchange.target = resolved.target;
            Step::Continue
        }
        Err(rejection) => Step::Reject(rejection),
    }
}
