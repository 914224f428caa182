//! Carries out the redirects of `next.config`; the first rule that applies wins.

use crate::exchange::Exchange;
use crate::pipeline::Step;
use crate::response::Answer;
use crate::site::Site;
use http::StatusCode;

/// See the module's documentation.
pub fn run(exchange: &mut Exchange, site: &Site) -> Step {
    let asked = exchange.asked();
    let base_path = &site.deployment.manifest.config.base_path;
    let found = site
        .deployment
        .router
        .rules
        .redirects
        .iter()
        .find_map(|rule| rule.answer(&asked, base_path));
    match found {
        Some((StatusCode::PERMANENT_REDIRECT, location)) => Step::answer(Answer::moved(&location, "config_redirect")),
        Some((status, location)) => Step::answer(Answer::redirect(status, &location, "config_redirect")),
        None => Step::Continue,
    }
}
